// SPDX-License-Identifier: MIT
// The schedules: what comes, what became of it, and the buttons.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";
import { deviceNames, jobText } from "./support/scene.js";

const claim = browserTests();

const addSchedule = (scene, name, schedule, devices = 3) =>
  scene.post("schedules", { job: jobText(name, deviceNames(devices), { schedule }), name });

const detail = (page) => page.locator(".schedule-detail");

claim("schedules: all are listed, and one shows its next ten ticks", {}, async ({ page }, scene) => {
  await addSchedule(scene, "nightly", { cron: "30 2 * * *", zone: "Asia/Shanghai" });
  await page.goto(`${scene.address}/#/schedules`);
  await page.getByRole("link", { name: "nightly" }).click();
  await detail(page).getByText("Next 10 ticks").waitFor();

  const rows = detail(page).getByRole("region", { name: "Next 10 ticks" }).locator("tbody tr");
  await rows.nth(9).waitFor();
  assert.equal(await rows.count(), 10);
  // Shanghai is eight hours ahead of UTC all year.
  assert.match(await rows.first().innerText(), /02:30:00 \+08:00[\s\S]*T18:30:00Z/);
});

claim("schedules: a tick behind a change of the clock is marked", {}, async ({ page }, scene) => {
  await addSchedule(scene, "last sunday's", { cron: "30 2 28 3 *", zone: "Europe/Berlin" });
  await page.goto(`${scene.address}/#/schedules/${encodeURIComponent("last sunday's")}`);

  // Berlin's clocks change on the last Sundays of March and October, at one o'clock UTC.
  const change = detail(page).locator(".clock-change", { hasText: "⚠" }).first();
  assert.match(await change.innerText(), /^⚠ clock goes (back|forward) by 1 hour at \d{4}-(03|10)-\d\dT01:00:00Z$/);
});

claim("schedules: pause and resume do what they say", {}, async (watched, scene) => {
  await addSchedule(scene, "two words", { cron: "0 4 * * *" });
  await watched.giveToken();
  await watched.go("schedules/two%20words");

  const said = await watched.pressAndConfirm("Pause", { reason: "holidays" });
  await watched.sees("✓ Schedule two words is paused.");
  assert.match(said, /sluice schedule pause 'two words'/);
  assert.equal((await scene.get("schedules/two%20words")).schedule.state, "paused");

  await watched.pressAndConfirm("Resume");
  await watched.sees("✓ Schedule two words is active again.");
  assert.equal((await scene.get("schedules/two%20words")).schedule.state, "active");
});

claim(
  "schedules: a trigger runs the job, and says what the overlap rule makes of the next",
  {},
  async (watched, scene) => {
    await addSchedule(scene, "sweep", { cron: "0 4 * * *", overlap: "skip" }, 5000);
    await watched.giveToken();
    await watched.go("schedules/sweep");

    assert.match(await watched.pressAndConfirm("Run now"), /A run begins at once\. It has not run yet/);
    await watched.page.locator("#notice", { hasText: "has begun" }).waitFor();
    const [run] = (await scene.get("runs?schedule=sweep")).items;
    assert.equal(run.devices.total, 5000);

    assert.match(await watched.pressAndConfirm("Run now"), /Nothing begins, because run \d+ is unfinished/);
    await watched.page.locator("#notice", { hasText: "Nothing began" }).waitFor();
    assert.equal((await scene.get("runs?schedule=sweep")).items.length, 1);
    await detail(watched.page).getByText("– skipped").waitFor();
  },
);

claim("schedules: of one that does not exist that is said, and nothing can be pressed", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/404/);
  await addSchedule(scene, "short-lived", { cron: "0 4 * * *" });
  await watched.go("schedules/short-lived");
  await detail(page).getByRole("button", { name: "Run now" }).waitFor();

  await scene.ask("DELETE", "schedules/short-lived");

  await detail(page).getByText("There is no such schedule.").waitFor();
  assert.equal(await detail(page).getByRole("button").count(), 0);
  assert.equal(await detail(page).getByText("Next 10 ticks").isVisible(), false);
  await addSchedule(scene, "short-lived", { cron: "0 4 * * *" });
  await detail(page).getByRole("button", { name: "Run now" }).waitFor();
});

claim("schedules: one that cannot be read says so, and hides none of the others", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/422/);
  await addSchedule(scene, "readable", { cron: "0 5 * * *" });
  const error = "schedule old:1:2: nome: unknown key";
  const unreadable = { schedule: "aaa-old", state: "active", revision: 1, job_file: "", error };
  await page.route("**/api/v1/schedules?limit=1000", async (route) => {
    const answer = await (await route.fetch()).json();
    await route.fulfill({ json: { ...answer, items: [unreadable, ...answer.items] } });
  });
  await page.route("**/api/v1/schedules/aaa-old**", (route) =>
    route.fulfill({ status: 422, json: { status: 422, detail: error } }),
  );
  await watched.go("");
  await page.reload();
  await page.getByRole("region", { name: "Next ticks" }).getByRole("link").first().waitFor();

  await watched.go("schedules/aaa-old");

  await detail(page).getByText(`✗ Its job cannot be read, nothing runs: ${error}`).waitFor();
  const row = page.getByRole("region", { name: "All schedules" }).locator("tbody tr").first();
  assert.match(await row.innerText(), /^aaa-old\s+✗ cannot be read\s+–\s+–\s+–\s+–\s*$/);
  await watched.picture("schedule-unreadable");
});
