#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Makes the two pictures of the dashboard that the README shows: the overview, and a run in the middle of its rollout
// with some failures. Needs a release build, and tests/browser/run.sh to have been run once (it installs what is
// needed). Takes three minutes. Usage: docs/screenshots.mjs
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
process.env.SLUICE_PROGRAM ??= here("../build/release/sluice");
process.env.SLUICE_BROWSER_PACKAGES ??= here("../build/release/browser");
const { deviceNames, jobText, Scene } = await import("../tests/browser/support/scene.js");
const { launch, WatchedPage } = await import("../tests/browser/support/watched_page.js");

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
const schedule = (cron, zone) => ({ schedule: { cron, zone } });
const jobs = {
  "nightly.json": jobText("nightly-settings", deviceNames(3), schedule("30 2 * * mon-fri", "Asia/Shanghai")),
  "hourly.json": jobText("clock-sync", deviceNames(3), { ...schedule("15 * * * *", "UTC"), tenant: "south" }),
};
const faults = {
  latency: { lognormal_ms: { median: 90, sigma: 0.4 } },
  bad_devices: { share: 0.0004 },
  error_500_after_execution: 0.01,
};
const rollout = {
  stages: [
    { name: "canary", devices: 200, soak: "3s", gate: { failed: 20 } },
    { name: "tenth", percent: 10, soak: "5s", gate: { failed: "5%" } },
    { name: "all", percent: 100 },
  ],
  abort: { failed: { max: "20%", min_sample: 100 } },
};

async function picture(browser, scene, address, height, name) {
  const watched = await WatchedPage.open(browser, scene, address, { viewport: { width: 1280, height } });
  await sleep(5);
  await watched.page.screenshot({ path: here(name) });
  await watched.close();
}

const scene = await Scene.start({ faults, jobs });
const browser = await launch();
try {
  // What the last minutes looked like before the rollout.
  const before = await scene.submit("settings-2.13", deviceNames(60_000, 100_000), { rate: 7 });
  const small = await scene.submit("settings-canteen", deviceNames(20_000, 200_000), { tenant: "south", rate: 4 });
  for (const each of [before, small]) await scene.untilRun(each, (run) => run.finished_at !== null, 200);
  const run = await scene.submit("fw-2.14-rollout", 40_000, rollout);
  const paused = await scene.submit("fw-2.14-config", deviceNames(12_000, 50_000), { tenant: "south" });
  await scene.untilRun(paused, (each) => each.devices.accepted > 4000);
  await scene.post(`runs/${paused}:pause`, { reason: "support asked to wait until noon" });
  await scene.untilRun(run, (each) => each.devices.accepted > 18_000, 120);
  await picture(browser, scene, "", 900, "dashboard-overview.png");
  await picture(browser, scene, `runs/${run}`, 1100, "dashboard-run.png");
} finally {
  await browser.close();
  await scene.end();
}
