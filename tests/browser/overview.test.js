// SPDX-License-Identifier: MIT
// The overview, and the button that stops everything.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";

const claim = browserTests();

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
