// SPDX-License-Identifier: MIT
// Reasons in scripts whose characters take several bytes each: an order is never refused for a long one.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";

const claim = browserTests({ faults: { latency: { constant_ms: 30 } } });

claim("stop: a reason of 200 Chinese characters is cut to what the daemon takes", {}, async (watched, scene) => {
  const run = await scene.submit("long", 20_000);
  await watched.giveToken();

  await watched.pressAndConfirm("Stop everything", { reason: "停".repeat(200) });

  await watched.sees(/✓ 1 run is paused/);
  const { control_reason: reason } = await scene.untilRun(run, (each) => each.status === "paused");
  assert.equal(reason.match(/停/g).length, 166);
});
