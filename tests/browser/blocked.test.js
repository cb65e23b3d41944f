// SPDX-License-Identifier: MIT
// A tenant whose account the cloud has blocked: the overview says why, and how it goes on.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";

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

  await watched.sees(`✓ Run ${run} goes on, and tenant north is not paused any more.`);
  assert.match(said, /[\d,]+ devices in 1 unfinished run are still to be sent/);
  // The account is still blocked: what was tried anew pauses the tenant once more.
  const pauses = () => scene.get(`events?run=${run}&what=tenant_paused&limit=20`);
  while ((await pauses()).items.length < 2) await watched.page.waitForTimeout(100);
});
