// SPDX-License-Identifier: MIT
// A run: every button does what it said it would, and what is shown is what is on record.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { browserTests } from "./support/browser_test.js";
import { deviceNames } from "./support/scene.js";

// The last digits of those that the cloud does not know.
const bad = ["dev-800003", "dev-800007", "dev-800011"];
const claim = browserTests({ faults: { latency: { constant_ms: 20 }, bad_devices: bad } });

/** Devices that no other run of this file has: one that is in an unfinished run is refused. */
let taken = 1;
const devices = (count) => deviceNames(count, (taken += count) - count);

const done = (page) => page.locator("#notice", { hasText: "✓" });

/** The number that the table of states has for the state's devices. */
const devicesIn = async (page, state) => {
  const row = page.locator(".run-numbers tr", { has: page.getByRole("rowheader", { name: state }) });
  return Number((await row.locator("td").first().innerText()).replaceAll(",", ""));
};

claim("run: pause, resume and cancel do what they say, with the reason on record", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("long", devices(20_000));
  await watched.giveToken();
  await watched.go(`runs/${run}`);
  await scene.untilRun(run, (each) => each.devices.accepted > 0);

  assert.match(
    await watched.pressAndConfirm("Pause", { reason: "ann's lunch" }),
    /[\d,]+ devices in [\d,]+ chunks wait/,
  );
  await done(page).waitFor();
  await scene.untilRun(run, (each) => each.status === "paused");
  await page
    .locator("main")
    .getByText(/ann's lunch/)
    .first()
    .waitFor();

  const sent = (await scene.get(`runs/${run}`)).devices.accepted;
  await watched.pressAndConfirm("Resume");
  await scene.untilRun(run, (each) => each.devices.accepted > sent);

  assert.match(await watched.pressAndConfirm("Cancel", { reason: "wrong version" }), /are not sent, for ever/);
  const canceled = await scene.untilRun(run, (each) => each.status === "canceled");
  await watched.sees("– canceled");
  await page.getByRole("button", { name: "Pause", exact: true }).waitFor({ state: "detached" });
  assert.equal(canceled.devices.accepted + canceled.devices.canceled, 20_000);
});

claim("run: its states add up to the whole, and are those on record", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("adds-up", [...devices(40), bad[0]], { chunk_size: 10 });
  const record = await scene.untilRun(run, (each) => each.finished_at !== null);
  await watched.go(`runs/${run}`);
  await watched.sees("✗ completed with failures");

  assert.equal(await devicesIn(page, "accepted"), record.devices.accepted);
  assert.equal(await devicesIn(page, "failed"), 1);
  assert.equal(await devicesIn(page, "total"), 41);
});

claim("run: retry sends to those that failed, and tells the new run", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("some-fail", [...devices(20), bad[1]]);
  await scene.untilRun(run, (each) => each.finished_at !== null);
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  assert.match(await watched.pressAndConfirm("Retry 1 failed"), /the 1 device of this one that failed/);
  await done(page)
    .getByRole("link", { name: /^run \d+$/ })
    .click();
  await page.waitForURL(/#\/runs\/\d+$/);

  const again = Number(page.url().split("/").at(-1));
  assert.notEqual(again, run);
  assert.equal((await scene.get(`runs/${again}`)).devices.total, 1);
});

claim("run: a retry of what an earlier one has left is asked about once more", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("twice-retried", [...devices(5), ...bad]);
  await scene.untilRun(run, (each) => each.finished_at !== null);
  await scene.post(`runs/${run}:retry`, { failed: true, where: `device = '${bad[0]}'` });
  watched.permit(/409/);
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  await watched.pressAndConfirm("Retry 3 failed");
  const dialog = page.getByRole("dialog", { name: /^Retry 2 failed/ });
  await dialog.getByText(/The daemon says: the retry has 2 devices, but 3 were expected/).waitFor();
  await dialog.getByRole("button", { name: "Retry 2 failed" }).click();
  await done(page).getByText("2 devices are queued again").waitFor();

  await watched.pressAndConfirm("Retry 3 failed");
  await page.locator("#notice", { hasText: "earlier ones have taken over already" }).waitFor();
});

claim("run: a retry of 600 devices waits until their number is typed", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("never-sent", devices(600), { rate: 0.1 });
  await scene.post(`runs/${run}:cancel`);
  const record = await scene.untilRun(run, (each) => each.status === "canceled");
  const unsent = record.devices.canceled;
  assert.ok(unsent > 400);
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  const typed = unsent > 500 ? unsent : undefined;
  await watched.pressAndConfirm(`Retry ${unsent} not sent`, { typed });
  await done(page)
    .getByRole("link", { name: /^run \d+$/ })
    .waitFor();
});

claim("run: a stage that waits for an approval gets it by the button", {}, async (watched, scene) => {
  const { page } = watched;
  const stages = [
    { name: "canary", devices: 5 },
    { name: "rest", percent: 100, approval: true },
  ];
  const run = await scene.submit("asks-first", devices(50), { stages });
  await scene.untilRun(run, (each) => each.devices.accepted === 5);
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  assert.match(await watched.pressAndConfirm("Approve"), /45 devices of stage rest may be sent to/);
  await scene.untilRun(run, (each) => each.devices.accepted === 50);
  await watched.sees("✓ succeeded");
  await watched.picture("run-approved");
});

const pastGate = (page) => page.getByRole("button", { name: "Approve past the gate" });

claim("run: a gate that stopped the run in the midst of its stage can be passed", {}, async (watched, scene) => {
  const stages = [
    { name: "canary", devices: 2, gate: { failed: 0 } },
    { name: "rest", percent: 100 },
  ];
  const run = await scene.submit("limit-passed", [bad[0], ...devices(10)], { stages, chunk_size: 1 });
  const stopped = await scene.untilRun(run, (each) => each.status === "paused");
  assert.equal(stopped.control_cause, "threshold");
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  await watched.pressAndConfirm("Approve past the gate");
  await watched.sees("waits, approved past the gate");
  await watched.pressAndConfirm("Resume");
  const over = await scene.untilRun(run, (each) => each.finished_at !== null);
  assert.equal(over.devices.accepted, 10);
});

claim("run: a gate that stopped the run stops it again, until it is passed", {}, async (watched, scene) => {
  const { page } = watched;
  const stages = [
    { name: "canary", devices: 2, gate: { failed: 0 } },
    { name: "rest", percent: 100 },
  ];
  const run = await scene.submit("gate-fails", [bad[2], ...devices(10)], { stages, chunk_size: 1 });
  const atGate = (each) => each.status === "paused" && each.control_cause === "gate";
  const stopped = await scene.untilRun(run, (each) => each.status === "paused");
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  await watched.pressAndConfirm("Resume");
  const held = await scene.untilRun(run, (each) => atGate(each) && each.control_at !== stopped.control_at);
  assert.equal(held.devices.pending, 9);
  // The first answer may have been under way before; with the third one begun, the second is shown.
  const isLook = (answer) => answer.url().endsWith(`/api/v1/runs/${run}`);
  for (let looks = 0; looks < 3; ++looks) await page.waitForResponse(isLook);

  assert.match(
    await watched.pressAndConfirm("Approve past the gate", {}),
    /9 devices of stage rest may be sent to\. The gate before it is overruled\. The run is paused/,
  );
  await done(page).getByText("The run is paused: resume it").waitFor();
  await watched.sees("waits, approved past the gate");
  await watched.sees(/^approved past the gate .* by admin/);
  assert.equal(await pastGate(page).count(), 0);
  await watched.picture("run-past-gate");
  const [, rest] = (await scene.get(`runs/${run}/stages`)).stages;
  assert.equal(rest.past_gate, true);

  await watched.pressAndConfirm("Resume");
  const over = await scene.untilRun(run, (each) => each.finished_at !== null);
  assert.equal(over.devices.accepted, 10);
  await watched.sees("✗ completed with failures");
});

claim("run: a gate whose check knows nothing is passed, and the run goes on", {}, async (watched, scene) => {
  const gate = { check: { command: ["/bin/sh", "-c", "exit 2"], every: "60s" } };
  const stages = [
    { name: "canary", devices: 2, gate },
    { name: "rest", percent: 100, approval: true },
  ];
  const run = await scene.submit("nobody-knows", devices(10), { stages });
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  await watched.sees(/its gate is asked/);
  assert.doesNotMatch(await watched.pressAndConfirm("Approve past the gate"), /is paused/);
  await scene.untilRun(run, (each) => each.devices.accepted === 10);
  await watched.sees("✓ succeeded");
});

claim("run: who submitted it may not approve it, and is told who may", {}, async (watched, scene) => {
  const { page } = watched;
  const stages = [
    { name: "canary", devices: 2 },
    { name: "rest", percent: 100, approval: { not_by_submitter: true } },
  ];
  const run = await scene.submit("four-eyes", devices(10), { stages });
  await watched.giveToken();
  await watched.go(`runs/${run}`);
  await watched.sees("waits for an approval");
  watched.permit(/409/);

  await watched.pressAndConfirm("Approve");
  await page.locator("#notice .problem", { hasText: /submitted/ }).waitFor();
  await watched.picture("run-not-by-submitter");
  await watched.giveToken(scene.tokens.operate);
  await watched.pressAndConfirm("Approve");
  await scene.untilRun(run, (each) => each.devices.accepted === 10);
});

claim("run: failures are found by code, then by device, and all devices can be saved", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("to-be-searched", [...devices(120), bad[0]]);
  await scene.untilRun(run, (each) => each.finished_at !== null);
  await watched.go(`runs/${run}`);

  await watched.sees("iot.device.NotExistedDevice");
  const found = page.getByRole("region", { name: "Devices", exact: true });
  await page.getByRole("button", { name: "1 device failed with iot.device.NotExistedDevice" }).click();
  await found.getByRole("cell", { name: bad[0] }).waitFor();
  assert.equal(await found.locator("tbody tr").count(), 1);
  assert.equal(await found.getByLabel("Code").locator("option:checked").innerText(), "iot.device.NotExistedDevice");
  await watched.picture("run-devices-by-code");
  await found.getByLabel("State").selectOption("accepted");
  await found.getByRole("button", { name: "Find" }).click();
  await found.getByText("No such device.").waitFor();

  await page.getByRole("button", { name: "Show all failed devices" }).click();
  await page.getByRole("button", { name: "Save these as CSV" }).waitFor();
  await found.getByRole("cell", { name: bad[0] }).waitFor();
  assert.equal(await found.locator("tbody tr").count(), 1);
  assert.equal(await found.getByLabel("Code").inputValue(), "any");

  await found.getByLabel("State").selectOption("");
  await found.getByRole("button", { name: "Find" }).click();
  const saved = async (button) => {
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: button }).click();
    return (await readFile(await (await saving).path(), "utf8")).trimEnd().split("\n");
  };
  assert.equal((await saved("Save all as CSV")).length, 122);
  const lines = (await saved("Save all as NDJSON")).map((line) => JSON.parse(line));
  assert.equal(lines.length, 121);
  assert.equal(lines.filter(({ state }) => state === "failed")[0].device, bad[0]);

  const firstName = () => found.locator("tbody td").first().innerText();
  const first = await firstName();
  const next = found.getByRole("button", { name: "Next page" });
  await next.click();
  await found.getByText("50 of 121 devices on this page.").waitFor();
  await found.getByRole("cell", { name: lines[50].device, exact: true }).waitFor();
  await next.click();
  await found.getByText("21 of 121 devices on this page.").waitFor();
  assert.equal(await next.isVisible(), false);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "First page");
  await found.getByRole("button", { name: "First page" }).click();
  await found.getByRole("cell", { name: first, exact: true }).waitFor();
  assert.equal(await found.locator("tbody tr").count(), 50);
});

claim("run: a stage is approved ahead, and the run does not wait for it", {}, async (watched, scene) => {
  const { page } = watched;
  const stages = [
    { name: "canary", devices: 2, soak: "3s" },
    { name: "rest", percent: 100, approval: true },
  ];
  const run = await scene.submit("approved-ahead", devices(10), { stages });
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  const said = await watched.pressAndConfirm("Approve ahead");
  assert.match(said, /8 devices of stage rest may be sent to/);
  await scene.untilRun(run, (each) => each.devices.accepted === 10);
  await watched.sees("✓ succeeded");
  assert.equal((await scene.get(`runs/${run}/stages`)).stages[1].approved_by, "admin");
});

claim("run: its older events are a press away", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("eventful", devices(2000), { rate: 0.1 });
  for (let pause = 0; pause < 16; ++pause)
    for (const verb of ["pause", "resume"]) await scene.post(`runs/${run}:${verb}`);
  await watched.go(`runs/${run}`);
  // Anew: what has happened so far may still be on its way to this page, event by event.
  await page.reload();
  const events = page.getByRole("region", { name: "Events" });
  await events.locator("tbody tr").nth(29).waitFor();
  assert.equal(await events.getByText("run submitted").count(), 0);

  await events.getByRole("button", { name: "Older events" }).click();
  await events.getByText("run submitted").waitFor();
  await events.getByRole("button", { name: "Older events" }).waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement.id), "page");
  assert.ok((await events.locator("tbody tr").count()) > 32);
  await scene.post(`runs/${run}:cancel`);
});

/** Keeps what is written onto each canvas since it was cleared last, in window.written, one list per canvas. */
const watchWriting = (page) =>
  page.addInitScript(() => {
    const [written, ink] = [new Map(), CanvasRenderingContext2D.prototype];
    const { fillText, clearRect } = ink;
    ink.clearRect = function (...area) {
      written.set(this.canvas, []);
      return clearRect.apply(this, area);
    };
    ink.fillText = function (text, ...place) {
      written.get(this.canvas)?.push(text);
      return fillText.call(this, text, ...place);
    };
    window.written = (canvas) => written.get(canvas);
  });

/** What the throughput's chart has: the marks of its time axis, and over which share of its width the line goes. */
const chartOf = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector(".run-charts canvas");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    const isGreen = (at) => Math.hypot(data[at] - 0x1f, data[at + 1] - 0x8a, data[at + 2] - 0x4c) < 30;
    let columns = 0;
    for (let x = 0; x < width; ++x) {
      let y = 0;
      while (y < height && !isGreen(4 * (y * width + x))) ++y;
      if (y < height) ++columns;
    }
    return { marks: window.written(canvas).filter((text) => /[:-]/.test(text)), share: columns / width };
  });

claim(
  "run: its charts go from its first second to its last, and no mark is there twice",
  {
    colorScheme: "light",
    timezoneId: "Asia/Kolkata",
  },
  async (watched, scene) => {
    const { page } = watched;
    const run = await scene.submit("drawn", devices(2));
    const bucket = {
      requests: 9,
      devices_accepted: 900,
      devices_failed: 0,
      devices_in_doubt: 0,
      latency_ms: { p50: 20, p95: 25, max: 30 },
    };
    const activity = { schema_version: 1, run, from: "2026-11-24T20:00:00.25Z" };
    await watchWriting(page);
    await page.route("**/activity?*", (route) => route.fulfill({ json: activity }));
    await watched.go(`runs/${run}`);
    // Half past five ahead of UTC: it begins on the 25th at half past one.
    const rows = [
      ["one second", 1, 1, /^01:30:01$/],
      ["three seconds", 1, 3, /^01:30:01 01:30:02 01:30:03$/],
      ["three days", 3600, 72, /^12:00 2026-11-25 00:00 2026-11-26 12:00 00:00 2026-11-27 12:00 00:00 2026-11-28$/],
    ];

    for (const [name, bucket_seconds, buckets, marks] of rows) {
      Object.assign(activity, { bucket_seconds, buckets: Array(buckets).fill(bucket) });
      await page.reload();
      await page.getByRole("img", { name: /^Devices with a result, per second\. [1-9]/ }).waitFor();
      await page.waitForFunction(() => window.written(document.querySelector(".run-charts canvas"))?.length > 0);
      await page.evaluate(() => new Promise(requestAnimationFrame));
      const chart = await chartOf(page);
      await watched.picture(`chart-${name.replace(" ", "-")}`);
      assert.match(chart.marks.join(" "), marks, name);
      assert.ok(chart.share > 0.8, `${name}: drawn over ${chart.share} of the width`);
    }
  },
);

claim("run: its events are there, though they could not be had at first", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/ERR_FAILED/);
  const run = await scene.submit("told-late", devices(2));
  await scene.untilRun(run, (each) => each.finished_at !== null);
  await watched.go(`runs/${run}`);
  let asked = 0;
  await page.route(/\/api\/v1\/events\?run=/, (route) => (++asked > 1 ? route.continue() : route.abort()));

  // Anew: what has happened so far may still be on its way to this page, event by event.
  await page.reload();

  await page.getByRole("region", { name: "Events" }).getByText("run submitted").waitFor();
});

claim("run: the last mark of a chart has room for all of it", {}, async ({ page }, scene) => {
  const run = await scene.submit("marks", devices(2));
  await page.goto(`${scene.address}/#/runs/${run}`);
  await page.locator(".run-charts .u-over").first().waitFor();

  const { room, half } = await page.evaluate(() => {
    const ink = document.createElement("canvas").getContext("2d");
    ink.font = "12px system-ui, sans-serif";
    const drawing = document.querySelector(".run-charts .chart-drawing").getBoundingClientRect();
    const lines = document.querySelector(".run-charts .u-over").getBoundingClientRect();
    return { room: drawing.right - lines.right, half: ink.measureText("20:00:00").width / 2 };
  });
  assert.ok(room >= half, `${room} px for ${half}`);
});

claim("run: a state that chunks have left keeps its place above the map", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("leaves-pending", devices(300), { rate: 0.1 });
  await watched.go(`runs/${run}`);
  const pending = page.locator(".chunk-legend li", { hasText: "pending" });
  await pending.getByText(/^[1-9]\d*$/).waitFor();

  await scene.post(`runs/${run}:cancel`);

  await pending.getByText(/^0$/).waitFor();
});

claim("run: a long reason breaks no word of what stands beside it", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("explained", devices(2000), { rate: 0.1 });
  await scene.post(`runs/${run}:pause`, { reason: "because the field said so, ".repeat(15) });
  await watched.go(`runs/${run}`);
  const events = page.getByRole("region", { name: "Events" });
  await events.getByText("run paused").waitFor();
  await events.getByText("run submitted").waitFor();

  const pieces = await events.getByText("run submitted").evaluate((cell) => {
    const word = document.createRange();
    word.setStart(cell.firstChild, "run ".length);
    word.setEnd(cell.firstChild, "run submitted".length);
    return word.getClientRects().length;
  });
  assert.equal(pieces, 1);
  await watched.picture("run-long-reason");
  await scene.post(`runs/${run}:cancel`);
});
