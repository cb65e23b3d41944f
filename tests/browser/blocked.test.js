// SPDX-License-Identifier: MIT
// A tenant whose account the cloud has blocked: the overview says why, and how it goes on.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";
import { deviceNames } from "./support/scene.js";

const claim = browserTests({
  faults: {
    account: {
      code: "InvalidAccessKeyId.Inactive",
      http_status: 403,
      message: "The specified access key is disabled.",
      after_requests: 5,
    },
  },
});

claim("overview: a blocked tenant says why, and is resumed with the numbers in sight", {}, async (watched, scene) => {
  const run = await scene.submit("blocked", 2000);
  await scene.untilRun(run, (each) => each.status === "paused");
  const row = watched.page.locator(".tenants tbody tr", { hasText: "north" });
  await row.getByText("‖ paused").waitFor();
  assert.match(await row.innerText(), /InvalidAccessKeyId\.Inactive/);
  await watched.giveToken();

  const said = await watched.pressAndConfirm("Resume", { reason: "the key is on again" });

  await watched.sees(`✓ Tenant north is not paused any more: 1 run of it (${run}) may go on.`);
  assert.match(said, new RegExp(`[\\d,]+ devices in 1 run \\(${run}\\)\\.`));
  // The account is still blocked: what was tried anew pauses the tenant once more.
  const pauses = () => scene.get(`events?run=${run}&what=tenant_paused&limit=20`);
  while ((await pauses()).items.length < 2) await watched.page.waitForTimeout(100);
});

const eventsOf = async (scene, run) =>
  (await scene.get(`events?run=${run}&limit=100`)).items.map((event) => event.what);

claim("overview: resuming a tenant leaves alone what a person has paused", {}, async (watched, scene) => {
  const run = await scene.submit("rollout", deviceNames(2000, 100_001));
  const waiting = await scene.submit("support said wait", deviceNames(500, 200_001));
  await scene.post(`runs/${waiting}:pause`, { reason: "not before noon" });
  const held = await scene.untilRun(run, (each) => each.status === "paused");
  assert.equal(held.control, "active");
  await watched.giveToken();

  const said = await watched.pressAndConfirm("Resume");

  await watched.sees(/^✓ Tenant north is not paused any more/);
  assert.match(said, new RegExp(`1 run \\(${waiting}\\) has a pause of its own and stays so`));
  assert.match(said, new RegExp(`sluice resume ${run}\\n`));
  assert.equal((await scene.get(`runs/${waiting}`)).control, "paused");
  assert.ok(!(await eventsOf(scene, waiting)).includes("run_resumed"));
});

claim("overview: where a person has paused every run, the tenant's button resumes none", {}, async (watched, scene) => {
  const { page } = watched;
  const runs = (await scene.get("runs?tenant=north&status=paused")).items.map(({ run }) => run);
  for (const run of runs) await scene.post(`runs/${run}:pause`, { reason: "not before noon" });
  await watched.giveToken();

  await page.getByRole("button", { name: "Resume", exact: true }).click();

  await watched.sees(/Nothing was resumed: each paused run of tenant north has a pause of its own, too/);
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.locator("#notice").getByRole("link", { name: `run ${runs[0]}`, exact: true }).waitFor();
  for (const run of runs) assert.equal((await scene.get(`runs/${run}`)).control, "paused");
});
