// SPDX-License-Identifier: MIT
// The map of 10,000 chunks: right, quick, and for those who use no pointer.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";
import { deviceNames } from "./support/scene.js";

const chunks = 10_000;
const claim = browserTests({ rate: 100, limit: 1000, faults: { latency: { constant_ms: 20 } } });

/** One run for all of them. */
let known;
const aRun = async (scene) => (known ??= await scene.submit("map", deviceNames(chunks), { chunk_size: 1 }));

const map = (page) => page.getByRole("application", { name: /^Map of 10,000 chunks/ });

/** "✓ accepted 1,234" and the like, of the legend, as {accepted: 1234}. */
const legend = async (page) => {
  const texts = await page.locator(".chunk-legend li:visible").allInnerTexts();
  const entries = texts.map((text) => /^\S+ ([a-z ]+?)\s+([\d,]+)$/.exec(text.trim()));
  return Object.fromEntries(entries.map(([, name, number]) => [name, Number(number.replaceAll(",", ""))]));
};

const sum = (counts) => Object.values(counts).reduce((all, each) => all + each, 0);

claim("map: 10,000 chunks are shown, asked for about five times a second, and add up", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await aRun(scene);
  await watched.go(`runs/${run}`);
  await map(page).waitFor();
  await page.waitForTimeout(1000);
  const answers = [];
  page.on("response", (answer) => answer.url().includes("/chunk-map") && answers.push(answer.status()));
  const before = await legend(page);

  await page.waitForTimeout(4000);

  const after = await legend(page);
  await watched.picture("map");
  assert.equal(sum(before), chunks);
  assert.equal(sum(after), chunks);
  assert.ok(after.accepted > before.accepted);
  // Twenty, were it five a second; a busy machine is slower, and none is to be quicker.
  assert.ok(answers.length >= 8 && answers.length <= 21, `${answers.length} in 4 s`);
});

claim("map: it is what the record says once the run is paused", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await aRun(scene);
  await scene.post(`runs/${run}:pause`);
  const record = await scene.untilRun(run, (each) => each.status === "paused" && each.devices_in_flight === 0);
  await watched.go(`runs/${run}`);
  await map(page).waitFor();

  await page.waitForFunction(
    (accepted) => document.querySelector(".chunk-legend").textContent.includes(`accepted ${accepted}`),
    record.devices.accepted.toLocaleString("en"),
  );
  assert.equal(sum(await legend(page)), chunks);
  const cells = await page.evaluate(() => {
    const canvas = document.querySelector("canvas.chunk-map");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  assert.ok(cells > 2, "the map has one colour only");
});

claim("map: whoever reaches it before the chunks come begins at the first", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await aRun(scene);
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await page.route("**/chunk-map?detail=true", (route) => held.then(() => route.continue()));
  await watched.go(`runs/${run}`);
  const empty = page.getByRole("application", { name: "Map of the chunks" });
  await empty.focus();
  await page.keyboard.press("Enter");
  letGo();

  await page.getByText(/^chunk 1, ✓ accepted, 1 device$/).waitFor();
  await page.keyboard.press("Enter");

  const detail = page.getByRole("region", { name: "Chunk", exact: true });
  await detail.getByRole("heading", { name: "Chunk 1: ✓ accepted, 1 device" }).waitFor();
});

claim(
  "map: the arrows and Enter lead to the attempts of a chunk, with their request ids",
  {},
  async (watched, scene) => {
    const { page } = watched;
    const run = await aRun(scene);
    await watched.go(`runs/${run}`);
    await map(page).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Home");
    await page.getByText(/^chunk \d+, ✓ accepted, 1 device$/).waitFor();
    await page.keyboard.press("Enter");

    const detail = page.getByRole("region", { name: "Chunk", exact: true });
    await detail.getByRole("heading", { name: /^Chunk \d+: ✓ accepted, 1 device$/ }).waitFor();
    const id = await detail.locator(".request-id").first().innerText();
    assert.match(id, /^[0-9A-F-]{36}$/);
    await watched.picture("map-chunk");
    await watched.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await detail.getByRole("button", { name: `Copy ${id}` }).click();
    await detail.getByText("Copied").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), id);

    const number = async () => Number(/\d+/.exec(await detail.getByRole("heading").innerText())[0]);
    const before = await number();
    await detail.getByRole("button", { name: "Next chunk" }).click();
    await detail.getByRole("heading", { name: new RegExp(`^Chunk ${before + 1}:`) }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Next chunk");
    await detail.getByRole("button", { name: "Previous chunk" }).click();
    await detail.getByRole("heading", { name: new RegExp(`^Chunk ${before}:`) }).waitFor();
    const other = await detail.locator(".request-id").first().innerText();
    assert.equal(other, id);
    await detail.getByRole("button", { name: "Close" }).click();
    await detail.waitFor({ state: "hidden" });
    assert.equal(await map(page).evaluate((canvas) => canvas === document.activeElement), true, "where the focus goes");
  },
);
