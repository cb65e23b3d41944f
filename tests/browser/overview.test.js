// SPDX-License-Identifier: MIT
// The overview, and the button that stops everything.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";
import { deviceNames } from "./support/scene.js";

const claim = browserTests();

/** Devices that no other run of this file has: one that is in an unfinished run is refused. */
let taken = 50_000;
const devices = (count) => deviceNames(count, (taken += count) - count);

claim("overview: it is there without a token where reading needs none", {}, async ({ page }) => {
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();

  assert.equal(await page.title(), "Overview – sluice");
  assert.equal(await page.getByRole("button", { name: "Stop everything" }).isVisible(), true);
});

claim("stop: one press and a yes pause every run of every tenant", {}, async (watched, scene) => {
  const north = await scene.submit("long-north", 20_000);
  const south = await scene.submit("long-south", 20_000, { tenant: "south" });
  await scene.untilRun(north, (run) => run.devices.accepted > 0);
  await watched.giveToken();

  const said = await watched.pressAndConfirm("Stop everything", { reason: "smoke in the field" });
  await watched.page.locator("#notice", { hasText: "✓" }).waitFor();

  assert.match(said, /^sluice stop$/m);
  for (const id of [north, south]) {
    const run = await scene.untilRun(id, (each) => each.status === "paused");
    assert.match(JSON.stringify(run), /smoke in the field/);
  }
});

claim(
  "stop: the answer says how many runs are paused and how many devices are not sent",
  {},
  async (watched, scene) => {
    const run = await scene.submit("many-more", devices(20_000));
    await scene.untilRun(run, (each) => each.devices.accepted > 0);
    await watched.giveToken();

    await watched.pressAndConfirm("Stop everything");

    const said = watched.page.locator("#notice", { hasText: "✓" });
    await said.waitFor();
    assert.match(await said.innerText(), /✓ 1 run is paused \(2 were paused before\); [\d,]+ devices not sent/);
  },
);

claim(
  "stop: the button is there at the width of a phone, and nothing has to be scrolled sideways",
  {
    viewport: { width: 360, height: 640 },
  },
  async ({ page }) => {
    await page.getByRole("heading", { name: "Tenants" }).waitFor();

    const box = await page.getByRole("button", { name: "Stop everything" }).boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  },
);

claim("overview: a tenant that sends shows its rate against its limit", {}, async ({ page }, scene) => {
  const run = await scene.submit("steady", devices(20_000), { tenant: "south" });
  const row = page.locator(".tenants tbody tr", { hasText: "south" });

  await row.getByText(`→ sends run ${run}`).waitFor();
  await row.getByText(/^[1-9][\d.]*\/s$/).waitFor();
  assert.match(await row.innerText(), /of 10\/s/);
  await scene.post(`runs/${run}:cancel`);
});

claim("overview: a long range of the time left stays within its column", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("for-hours", devices(2000), { rate: 0.5 });
  const eta_seconds = { low: 47 * 3600 + 600, high: 47 * 3600 + 3540 };
  await page.route(`**/api/v1/runs/${run}`, async (route) =>
    route.fulfill({ json: { ...(await (await route.fetch()).json()), eta_seconds } }),
  );
  const left = page.locator(".runs tbody tr", { hasText: "for-hours" }).locator("[data-head='Time left']");
  await left.getByText("47 h 10 min – 47 h 59 min").waitFor();

  for (const width of [1280, 900, 360]) {
    await page.setViewportSize({ width, height: 800 });
    const [inner, outer] = await left.evaluate((node) => [node.scrollWidth, node.clientWidth]);
    assert.ok(inner <= outer, `${inner} in ${outer} px of a window of ${width}`);
    await watched.picture(`time-left-${width}`);
  }
  await scene.post(`runs/${run}:cancel`);
});

claim("overview: a finished run's counts add up, and the filters find it", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("small", devices(3));
  await scene.untilRun(run, (each) => each.status === "succeeded");
  const row = page.locator(".runs tbody tr", { hasText: "small" });
  await row.getByText("3 accepted").waitFor();

  await page.getByLabel("Status").selectOption("paused");
  await row.waitFor({ state: "detached" });
  await page.locator(".runs tbody tr", { hasText: "many-more" }).waitFor();

  await page.getByLabel("Status").selectOption("");
  await page.getByRole("combobox", { name: "Tenant" }).selectOption("south");
  await row.waitFor({ state: "detached" });
  await page.locator(".runs tbody tr", { hasText: "steady" }).waitFor();
  await page.getByRole("combobox", { name: "Job" }).fill("small");
  await page.getByRole("combobox", { name: "Job" }).press("Enter");
  await watched.sees("No run like that.");
  await page.getByRole("combobox", { name: "Tenant" }).selectOption("north");
  await row.waitFor();
});

claim("overview: of many tenants those are shown whose name has what is typed", {}, async ({ page }) => {
  const live = (tenants) =>
    tenants.flatMap((each) => [1, 2, 3, 4, 5, 6].map((n) => ({ ...each, tenant: `${each.tenant}-${n}` })));
  await page.route("**/api/v1/live*", async (route) => {
    const answer = await (await route.fetch()).json();
    await route.fulfill({ json: { ...answer, tenants: live(answer.tenants) } });
  });
  const rows = page.locator(".tenants tbody tr");
  await rows.nth(11).waitFor();

  await page.getByLabel("Show tenants whose name has").fill("OUTH-");
  await rows.nth(6).waitFor({ state: "detached" });
  assert.equal(await rows.count(), 6);
  await page.getByText("12 tenants, 6 shown").waitFor();
});

claim("overview: of more runs than fit, the older ones are a press away", {}, async ({ page }, scene) => {
  const oldest = await scene.submit("first-of-many", devices(1));
  let newest = 0;
  for (let more = 0; more < 26; more += 1) newest = await scene.submit("many", devices(1));
  // What is older than a page is known when the page shows the newest.
  await page.locator(".runs th", { hasText: new RegExp(`^${newest}$`) }).waitFor();

  // Whoever presses twice before the page is there goes no further than who presses once.
  const older = page.getByRole("button", { name: "Older runs" });
  await older.focus();
  await older.evaluate((button) => (button.click(), button.click()));
  await page.locator(".runs th", { hasText: new RegExp(`^${oldest}$`) }).waitFor();
  await page.waitForFunction(() => document.activeElement.textContent === "Newer runs");
  await page.getByRole("button", { name: "Newer runs" }).click();
  await page.getByRole("button", { name: "Newer runs" }).waitFor({ state: "hidden" });
});

claim("overview: what was wrong with an answer is said no more once there is a good one", {}, async (watched) => {
  const { page } = watched;
  watched.permit(/503/);
  const problem = { status: 503, detail: "too many questions are waiting", hint: "Ask again." };
  await page.route("**/api/v1/runs?*", (route) => route.fulfill({ status: 503, json: problem }));
  await watched.sees("✗ too many questions are waiting. Ask again.");

  await page.unroute("**/api/v1/runs?*");

  await page.getByText("too many questions are waiting").waitFor({ state: "detached" });
});

claim("overview: the day of a run is told once it is not today's any more", {}, async (watched, scene) => {
  const { page } = watched;
  await scene.submit("before-midnight", devices(1));
  const when = page.locator(".runs tbody tr", { hasText: "before-midnight" }).locator(".time");
  await when.getByText(/^\d\d:\d\d:\d\d$/).waitFor();

  const aDay = 24 * 3600 * 1000;
  await page.route(/\/api\/v1\/(?!events)/, async (route) => {
    const answer = await route.fetch();
    const date = new Date(Date.parse(answer.headers().date) + aDay).toUTCString();
    await route.fulfill({ response: answer, headers: { ...answer.headers(), date } });
  });

  await when.getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d$/).waitFor();
});
