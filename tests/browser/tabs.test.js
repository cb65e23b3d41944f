// SPDX-License-Identifier: MIT
// Many tabs of one browser, which has six connections for all of them: those that nobody looks at take none.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";
import { deviceNames } from "./support/scene.js";

const claim = browserTests();

/** As when another tab comes before it, and as when it is looked at again: Chromium without a screen shows them all. */
const setHidden = (page, isHidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);

claim("tabs: behind eight that are open, stop works in the ninth", {}, async (watched, scene) => {
  await setHidden(watched.page, true);
  for (let tab = 2; tab <= 8; ++tab) {
    const { page } = await watched.beside();
    await page.locator(".tenants tbody tr").first().waitFor();
    await setHidden(page, true);
  }
  const run = await scene.submit("watched by many", 20_000);
  const front = await watched.beside();

  await front.giveToken();
  await front.pressAndConfirm("Stop everything");
  await front.page.locator("#notice", { hasText: "✓" }).waitFor();

  await scene.untilRun(run, (each) => each.status === "paused");
});

claim("tabs: of six in sight at once, stop works in the last, and each is told of it", {}, async (first, scene) => {
  const tabs = [first];
  while (tabs.length < 6) tabs.push(await first.beside());
  for (const tab of tabs) {
    await tab.page.locator(".tenants tbody tr").first().waitFor();
    await tab.listen();
  }
  const last = tabs.at(-1);
  const run = await scene.submit("in sight of many", deviceNames(20_000, 100_001));
  await last.giveToken();

  await last.pressAndConfirm("Stop everything");
  await last.page.locator("#notice", { hasText: "✓" }).waitFor();

  await scene.untilRun(run, (each) => each.status === "paused");
  const [paused] = (await scene.get(`events?run=${run}&what=run_paused`)).items;
  for (const { page } of tabs) await page.waitForFunction((id) => window.heard.includes(id), paused.id);
});

claim("tabs: one that is shown again is told what happened meanwhile", {}, async (watched, scene) => {
  const { page } = watched;
  await watched.listen();
  const left = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/v1/events"));
  await setHidden(page, true);
  await left;
  const run = await scene.submit("unseen", ["dev-900001"]);
  await scene.untilRun(run, (each) => each.finished_at !== null);
  assert.deepEqual(await page.evaluate(() => window.heard), []);

  await setHidden(page, false);

  const all = (await scene.get(`events?run=${run}&limit=1000`)).items.map((event) => event.id);
  await page.waitForFunction((last) => window.heard.includes(last), all.at(-1));
  const heard = (await page.evaluate(() => window.heard)).filter((each) => all.includes(each));
  assert.deepEqual(heard, all);
});
