// SPDX-License-Identifier: MIT
// What holds for every page: it can be read and used by everybody, in both colour schemes and on a phone.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";
import { axeSource } from "./support/packages.js";
import { isShown, pagesOf } from "./support/pages.js";
import { jobText } from "./support/scene.js";
import { countdown } from "../../src/dashboard/schedule_text.js";

const nightly = jobText("nightly", ["dev-0001"], { schedule: { cron: "30 2 * * mon-fri", zone: "Europe/Berlin" } });
const faults = { latency: { constant_ms: 30 }, bad_devices: { share: 0.003 } };
const claim = browserTests({ faults, jobs: { "nightly.json": nightly } });

const forms = [
  { name: "light", options: { colorScheme: "light" } },
  { name: "dark", options: { colorScheme: "dark" } },
  { name: "phone", options: { colorScheme: "light", viewport: { width: 390, height: 844 } } },
  { name: "phone-dark", options: { colorScheme: "dark", viewport: { width: 390, height: 844 } } },
];

/** A run in the middle of its second stage, some of its devices failed. */
async function aRun(scene) {
  const known = (await scene.get("runs?limit=1")).items[0];
  if (known) return known.run;
  const id = await scene.submit("fw-2.14-rollout", 20_000, {
    stages: [
      { name: "canary", devices: 20, soak: "1s", gate: { failed: 20 } },
      { name: "all", percent: 100 },
    ],
    abort: { failed: { max: "50%", min_sample: 100 } },
  });
  await scene.untilRun(id, (run) => run.devices.failed > 0 && run.devices.accepted > 500);
  return id;
}

/** Lets the page come to rest: its first figures are there. */
const settle = (page) => page.waitForTimeout(400);

const findingsOf = async (page) => {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
};

for (const form of forms) {
  // The checker is put into the page as a script, which the page's own policy refuses, as it should.
  claim(
    `pages: no serious finding of axe, ${form.name}`,
    { ...form.options, bypassCSP: true },
    async (watched, scene) => {
      const pages = pagesOf(await aRun(scene));
      for (const each of pages) {
        await watched.go(each.address);
        await isShown(watched.page, each);
        await settle(watched.page);
        await watched.picture(`${each.name}-${form.name}`);
        assert.deepEqual(await findingsOf(watched.page), [], each.name);
      }
    },
  );
}

/** What comes up by a press: [name, address, what is pressed and waited for]. */
const opened = [
  [
    "a question",
    "",
    async (page) => {
      await page.getByRole("button", { name: "Stop everything" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
  [
    "what is wrong with a job",
    "plan",
    async (page) => {
      await page.getByRole("textbox", { name: "Job file (JSON)" }).fill('{"name": 5}');
      await page.getByRole("button", { name: "Job 1:10" }).waitFor();
    },
  ],
  [
    "what would come of a job",
    "plan",
    async (page) => {
      await page.getByRole("textbox", { name: "Job file (JSON)" }).fill(jobText("fw", ["dev-0001"]));
      await page.getByRole("button", { name: "Send it …" }).waitFor();
    },
  ],
  [
    "the attempts of a chunk",
    "runs/1",
    async (page) => {
      await page.getByRole("application", { name: /^Map of \d/ }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("region", { name: "Chunk", exact: true }).waitFor();
    },
  ],
  [
    "one schedule",
    "schedules/nightly",
    (page) => page.getByRole("region", { name: "Next 10 ticks" }).locator("tbody tr").nth(9).waitFor(),
  ],
];

// Each scheme and each width once.
for (const form of forms.filter(({ name }) => name === "dark" || name === "phone")) {
  claim(
    `pages: no serious finding of axe in what comes up, ${form.name}`,
    { ...form.options, bypassCSP: true },
    async (watched, scene) => {
      watched.permit(/422/);
      await aRun(scene);
      for (const [name, address, open] of opened) {
        await watched.go("nothing");
        await watched.go(address);
        await open(watched.page);
        await watched.picture(`${name.replaceAll(" ", "-")}-${form.name}`);
        assert.deepEqual(await findingsOf(watched.page), [], name);
        await watched.page.keyboard.press("Escape");
      }
    },
  );
}

/** The tables that are wider than their place, which nobody sees on a phone. */
const tooWide = (page) =>
  page.locator("main table:visible").evaluateAll((tables) => {
    const isWide = (table) => table.scrollWidth > table.parentElement.clientWidth;
    return tables.filter(isWide).map((table) => table.innerText.slice(0, 80));
  });

claim(
  "pages: at 360 px none of them scrolls sideways, nor does a table in one",
  { viewport: { width: 360, height: 740 } },
  async (watched, scene) => {
    const aSchedule = { name: "schedule", address: "schedules/nightly", shows: "Schedules" };
    for (const each of [...pagesOf(await aRun(scene)), aSchedule]) {
      await watched.go(each.address);
      await isShown(watched.page, each);
      await settle(watched.page);
      const { scrollWidth, clientWidth } = await watched.page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      assert.ok(scrollWidth <= clientWidth, `${each.name}: ${scrollWidth} in ${clientWidth} px`);
      assert.deepEqual(await tooWide(watched.page), [], each.name);
      await watched.picture(`${each.name}-360`);
      assert.ok(await watched.page.getByRole("button", { name: "Stop everything" }).isVisible());
    }
  },
);

claim("pages: the keyboard reaches the stop button, and Escape leaves its question", {}, async (watched) => {
  const { page } = watched;
  await isShown(page, pagesOf(1)[0]);
  const focused = () => page.evaluate(() => document.activeElement.textContent);

  for (let press = 0; press < 15 && (await focused()) !== "Stop everything"; ++press) await page.keyboard.press("Tab");
  assert.equal(await focused(), "Stop everything");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await focused(), "Stop everything");
});

claim("pages: an address of none is said to be none", { address: "nothing/here" }, async (watched) => {
  await watched.sees("There is no such page.");
  assert.equal(await watched.page.title(), "No such page – sluice");
});

claim("pages: a run that does not exist is said not to, and is asked for no more", {}, async (watched) => {
  const { page } = watched;
  watched.permit(/404/);
  await watched.go("runs/4711");
  await page.getByRole("heading", { level: 1, name: "There is no run 4711" }).waitFor();

  let requests = 0;
  page.on("request", (request) => request.url().includes("4711") && ++requests);
  await page.waitForTimeout(1500);
  assert.equal(requests, 0);
  await page.getByRole("main").getByRole("link", { name: "Overview" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
});

const zone = "Asia/Kolkata";

/** A time in that zone, "2026-11-28 16:45:59". */
const zoned = (iso) =>
  new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone }).format(new Date(iso));

/** Opens all pages to come on a machine whose clock is three hours ahead. */
const setAhead = (page) =>
  page.addInitScript(() => {
    const [Right, ahead] = [Date, 3 * 3600_000];
    globalThis.Date = class extends Right {
      constructor(...parts) {
        super(...(parts.length > 0 ? parts : [Right.now() + ahead]));
      }
      static now = () => Right.now() + ahead;
    };
  });

claim(
  "pages: where the clock is three hours ahead, countdowns are the daemon's, and times those of the zone",
  { timezoneId: zone },
  async (watched, scene) => {
    const { page } = watched;
    const run = await scene.get(`runs/${await aRun(scene)}`);
    const [tick] = (await scene.get("schedules/nightly/next?limit=1")).ticks;
    await setAhead(page);
    await page.reload();

    const shown = page.locator(".ticks li", { hasText: "nightly" }).first();
    await shown.waitFor();
    const left = await shown.locator(".number").innerText();
    // The daemon tells whole seconds, and the answer was under way.
    const possible = [-3, -2, -1, 0, 1, 2, 3].map((seconds) => countdown(tick.due_at, Date.now() + 1000 * seconds));
    assert.ok(possible.includes(left), `${left}, not ${possible}`);
    const time = shown.locator("time");
    assert.equal(await time.getAttribute("title"), tick.due_at);
    assert.ok((await time.innerText()).includes(zoned(tick.due_at).slice(11, 16)));
    // That of today, by the daemon's clock: without its day.
    const submitted = page.locator(".runs tbody tr", { hasText: run.job }).locator(".time");
    assert.equal(await submitted.innerText(), zoned(run.created_at).slice(11));

    await watched.go(`runs/${run.run}`);
    const fact = page.locator(".run-facts div", { hasText: "Submitted" }).locator("dd");
    await page.waitForFunction((node) => node.textContent !== "", await fact.elementHandle());
    assert.equal(await fact.getAttribute("title"), run.created_at);
    assert.equal(await fact.innerText(), `${zoned(run.created_at)} by admin`);
    const event = page.getByRole("row", { name: /run submitted/ }).locator("time");
    assert.equal(await event.innerText(), zoned(await event.getAttribute("title")));
  },
);
