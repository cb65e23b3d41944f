// SPDX-License-Identifier: MIT
// What is around every page: what a press did is seen wherever one has scrolled to, and all goes by keyboard.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";

const claim = browserTests({ faults: { latency: { constant_ms: 30 } } });

const focused = (page) =>
  page.evaluate(() => document.activeElement.id || document.activeElement.textContent || document.activeElement.name);

/** The button must have the focus, or come to have it. Enter presses it, and the one of the question that follows. */
async function pressByKeyboard(page) {
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  // From the reason past "Leave it".
  while ((await page.evaluate(() => document.activeElement.value)) !== "do") await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
}

claim(
  "frame: what a press did is in sight at the end of a long page on a phone",
  { viewport: { width: 390, height: 700 } },
  async (watched, scene) => {
    const { page } = watched;
    const run = await scene.submit("long", 20_000);
    await watched.go(`runs/${run}`);
    await watched.giveToken();
    await watched.sees(/→ running/);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));

    await watched.pressAndConfirm("Stop everything");
    await watched.sees(/✓ 1 run is paused/);

    assert.ok((await page.evaluate(() => scrollY)) > 300);
    const box = await page.locator("#notice").boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= 700, JSON.stringify(box));
    await watched.picture("notice-on-a-phone");
    await page.getByRole("button", { name: "Close the message" }).click();
    assert.equal(await page.locator("#notice").innerText(), "");
    assert.equal(await page.getByRole("button", { name: "Close the message" }).count(), 0);
  },
);

claim("frame: the first press of Tab offers the way to the page, which stays", {}, async (watched) => {
  const { page } = watched;
  await page.locator(".tenants tbody tr").first().waitFor();

  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the page");
  await page.keyboard.press("Enter");

  assert.equal(await focused(page), "page");
  await page.waitForTimeout(300);
  assert.equal(await page.getByText("There is no such page").count(), 0);
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Overview");
});

claim("frame: who pauses by keyboard is at the button that resumes, and then at what is left", {}, async (watched, scene) => {
  const { page } = watched;
  const [{ run }] = (await scene.get("runs?limit=1")).items;
  await scene.post(`runs/${run}:resume`);
  await watched.go(`runs/${run}`);
  await watched.giveToken();
  await page.getByRole("button", { name: "Pause", exact: true }).focus();

  await pressByKeyboard(page);
  await watched.sees(/✓ Run \d+ is paused/);
  await page.getByRole("button", { name: "Resume", exact: true }).waitFor();
  await page.waitForFunction(() => document.activeElement.textContent === "Resume");

  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Cancel");
  await pressByKeyboard(page);
  await watched.sees(/✓ Run \d+ is canceled/);
  await page.waitForFunction(() => /^Retry /.test(document.activeElement.textContent));
});
