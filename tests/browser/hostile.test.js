// SPDX-License-Identifier: MIT
// Names and texts of strangers are shown as they are, and do nothing: in every page, more than 200 of them.
import assert from "node:assert/strict";
import { after } from "node:test";
import { browserTests } from "./support/browser_test.js";
import { hostileAnswer, hostileDevices, hostileTexts } from "./support/hostile.js";
import { deviceNames } from "./support/scene.js";
import { startScriptedCloud } from "./support/scripted_cloud.js";

const cloud = await startScriptedCloud(hostileAnswer);
after(cloud.end);
const claim = browserTests({ rate: 500, endpoint: cloud.endpoint });

/** What a text may have put into the page. Our own has none of these, but for its files. */
const strangers = (page) =>
  page.evaluate(() => {
    const odd = "script:not([src^='/dashboard/']), style, iframe, object, embed, base, math, video, template, marquee";
    const more = "link:not([href^='/dashboard/']), img:not([src^='/dashboard/']), a[href^='javascript:'], [onerror]";
    return [...document.querySelectorAll(`${odd}, ${more}`)].map((node) => node.outerHTML);
  });

/** What the overview says of all runs, page by page. */
async function textOfAllRuns(page) {
  let text = "";
  for (;;) {
    const before = await page.getByRole("link", { name: /^\d+$/ }).allTextContents();
    text += await page.locator("main").textContent();
    assert.deepEqual(await strangers(page), []);
    if (before.includes("1")) return text;
    await page.getByRole("button", { name: "Older runs" }).click();
    await page.waitForFunction((first) => !document.querySelector(`a[href="#/runs/${first}"]`), before[0]);
  }
}

async function submitAll(scene) {
  const runs = new Map();
  for (const [index, text] of hostileTexts.entries()) {
    const devices = [...deviceNames(1, index), ...hostileDevices.slice(index, index + 1)];
    runs.set(await scene.submit(text, devices, { chunk_size: 1 }), text);
  }
  for (const id of runs.keys()) await scene.untilRun(id, (run) => run.finished_at !== null);
  return runs;
}

claim("hostile: more than 200 names of jobs and words of a server are shown literally", {}, async (watched, scene) => {
  const { page } = watched;
  assert.ok(hostileTexts.length >= 200);
  const runs = await submitAll(scene);

  await watched.go("");
  await page.getByRole("link", { name: String(runs.size), exact: true }).waitFor();
  const listed = await textOfAllRuns(page);
  await watched.picture("hostile-overview");
  for (const text of runs.values()) assert.ok(listed.includes(text), text);

  for (const [id, text] of runs) {
    await watched.go(`runs/${id}`);
    await page.getByRole("heading", { level: 1, name: `Run ${id}: ${text}`, exact: true }).waitFor();
    const [{ message }] = (await scene.get(`runs/${id}/codes`)).items;
    await page.getByRole("cell", { name: message, exact: true }).first().waitFor();
    assert.deepEqual(await strangers(page), []);
  }
});

claim(
  "hostile: an attempt shows the server's words and request id, and its device, literally",
  {},
  async (watched, scene) => {
    const { page } = watched;
    for (const id of [1, 2, 3, 100]) {
      await watched.go(`runs/${id}`);
      await page.getByRole("application", { name: /^Map of \d/ }).focus();
      await page.keyboard.press("Enter");
      const words = await page
        .getByRole("region", { name: "Chunk", exact: true })
        .locator(".request-id")
        .first()
        .innerText();
      assert.ok(
        hostileTexts.some((text) => text.replace(/\s+/g, " ") === words),
        words,
      );
      assert.deepEqual(await strangers(page), []);
    }
  },
);

claim("hostile: a plan shows the names in it, right or wrong, literally", { address: "plan" }, async (watched) => {
  const { page } = watched;
  watched.permit(/422/);
  const job = page.getByRole("textbox", { name: "Job file (JSON)" });
  for (const text of hostileTexts.filter((_, index) => index % 26 === 1)) {
    await job.fill(JSON.stringify({ [text]: 1, name: text }));
    await page.locator(".findings").getByText(text.slice(0, 40)).first().waitFor();
    assert.deepEqual(await strangers(page), []);
  }
  await watched.picture("hostile-plan");
});

claim("hostile: a reason that is markup stands in the run as it was given", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("held", 50_000, { rate: 1 });
  await watched.go(`runs/${run}`);
  for (const text of hostileTexts.filter((_, index) => index % 32 === 2)) {
    await scene.post(`runs/${run}:resume`);
    await scene.post(`runs/${run}:pause`, { reason: text });
    await page.getByText(text).first().waitFor();
    assert.deepEqual(await strangers(page), []);
  }
});

claim("hostile: an address that makes no sense, or is markup, does nothing", {}, async (watched) => {
  const { page } = watched;
  watched.permit(/404/);
  const addresses = ["%", "%E0%A4%A", "schedules/%", "schedules/%E0%A4%A", "schedules/__proto__", "runs/99999999999"];
  for (const address of [
    ...addresses,
    ...hostileTexts.slice(0, 8).map((text) => `schedules/${encodeURIComponent(text)}`),
  ]) {
    await watched.go(address);
    await page.locator("#page > *").first().waitFor();
    assert.deepEqual(await strangers(page), []);
  }
});
