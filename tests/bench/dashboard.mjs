#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Measures the dashboard in headless Chromium, over loopback, and claims nothing: first paint with 100 runs, what the
// map of 10,000 chunks costs while it is sent, whether a page that is left open grows, and the bytes of all assets.
// Wants a quiet machine, a release build, and tests/browser/run.sh to have been run once (it installs what is needed).
// Usage: tests/bench/dashboard.mjs [MINUTES that the page is left open=3]
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const build = fileURLToPath(new URL("../../build/release", import.meta.url));
process.env.SLUICE_PROGRAM ??= `${build}/sluice`;
process.env.SLUICE_BROWSER_PACKAGES ??= `${build}/browser`;
const { Scene } = await import("../browser/support/scene.js");
const { launch, WatchedPage } = await import("../browser/support/watched_page.js");

const watched_s = 20;
const minutes = Number(process.argv[2] ?? 3);
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const say = (name, value, limit) => console.log(`${name.padEnd(52)} ${value.padStart(16)}   ${limit}`);

/** CPU seconds so far, by kind of process: "renderer", "browser", "GPU", … */
async function cpuSeconds(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const seconds = { all: 0 };
  for (const { type, cpuTime } of processInfo) {
    seconds[type] = (seconds[type] ?? 0) + cpuTime;
    seconds.all += cpuTime;
  }
  return seconds;
}

async function firstPaint(browser, scene) {
  for (let run = 0; run < 100; ++run) {
    await scene.submit(`run ${run}`, [`dev-${String(run).padStart(6, "0")}`]);
  }
  const [paints, shown] = [[], []];
  for (let time = 0; time < 5; ++time) {
    const watched = await WatchedPage.open(browser, scene);
    await watched.page.locator('a[href="#/runs/100"]').waitFor();
    const [paint, now] = await watched.page.evaluate(() => [
      performance.getEntriesByName("first-contentful-paint")[0].startTime,
      performance.now(),
    ]);
    paints.push(paint);
    shown.push(now);
    await watched.close();
  }
  say("first contentful paint, 100 runs, median of 5", `${median(paints).toFixed(0)} ms`, "< 1000 ms");
  say("the runs are shown, median of 5", `${median(shown).toFixed(0)} ms`, "");
}

async function assets(browser, scene) {
  const watched = await WatchedPage.open(browser, scene);
  const sizes = [];
  watched.page.on("response", (answer) => {
    if (!answer.url().includes("/api/")) sizes.push(answer.body().then((body) => body.length));
  });
  await watched.page.reload({ waitUntil: "networkidle" }).catch(() => {});
  await sleep(1);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  say("bytes of all assets", `${(bytes / 1000).toFixed(1)} kB`, "< 200 kB");
  await watched.close();
}

async function mapOf(browser, scene) {
  const devices = Array.from({ length: 10_000 }, (_, index) => `map-${String(index).padStart(6, "0")}`);
  const run = await scene.submit("map", devices, { chunk_size: 1 });
  const watched = await WatchedPage.open(browser, scene, `runs/${run}`);
  await watched.page.getByRole("heading", { level: 1, name: /^Run/ }).waitFor();
  await sleep(3);
  const session = await watched.context.newCDPSession(watched.page);
  await session.send("Performance.enable");
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value;
  };
  let maps = 0;
  watched.page.on("response", (answer) => (maps += answer.url().includes("/chunk-map") ? 1 : 0));
  const look = async () => ({ page: await busy(), ...(await cpuSeconds(browser)) });
  const before = await look();
  await sleep(watched_s);
  const after = await look();
  const share = (kind) => `${((100 * (after[kind] - before[kind])) / watched_s).toFixed(1)} %`;
  say("map of 10,000 chunks: how often it is asked for", `${(maps / watched_s).toFixed(1)} a second`, "5 a second");
  say("… the page's own tasks, share of a core", share("page"), "< 30 %");
  say("… its renderer process, share of a core", share("renderer"), "< 30 %");
  say("… all of Chromium, share of a core", share("all"), "");
  await growth(watched, session);
  await watched.close();
}

/** The page of a run that is being sent, left open. */
async function growth(watched, session) {
  const look = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (wanted) => metrics.find(({ name }) => name === wanted).value;
    return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners") };
  };
  const looks = [await look()];
  for (let part = 0; part < 4; ++part) {
    await sleep((60 * minutes) / 4);
    looks.push(await look());
  }
  const told = (name, unit = 1) => looks.map((each) => (each[name] / unit).toFixed(0)).join(" → ");
  say(`left open ${minutes} min: heap after collection, kB`, told("heap", 1000), "no growth");
  say("… nodes", told("nodes"), "no growth");
  say("… listeners", told("listeners"), "no growth");
}

console.log(`${cpus().length} cores, load ${readFileSync("/proc/loadavg", "utf8").split(" ")[0]}`);
// Slow enough that the map is being sent as long as it is looked at.
const scene = await Scene.start({ rate: Math.min(200, 10_000 / (60 * (minutes + 1))), limit: 1000 });
const browser = await launch();
try {
  await firstPaint(browser, scene);
  await assets(browser, scene);
  await mapOf(browser, scene);
} finally {
  await browser.close();
  await scene.end();
}
