// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { activityColumns, latencyText, throughputText } from "../../../src/dashboard/run_activity.js";
import { mergeEvents } from "../../../src/dashboard/run_events.js";
import { chunksInAll, rowsOf, timeLeft } from "../../../src/dashboard/run_figures.js";

const run = {
  devices: { total: 1000, accepted: 500, presumed: 20, failed: 30, in_doubt: 40, canceled: 10, pending: 400 },
  devices_in_flight: 100,
  chunks: { pending: 3, in_flight: 1, succeeded: 6, failed: 2, in_doubt: 1, split: 4, canceled: 1 },
};

test("run figures: every device is in exactly one row, and so is every chunk that was not split", () => {
  const rows = rowsOf(run);

  assert.equal(
    rows.reduce((sum, row) => sum + row.devices, 0),
    1000,
  );
  assert.equal(chunksInAll(run), 14);
  assert.equal(rows.find((row) => row.letter === "p").devices, 300);
});

test("run figures: the time left is a range, at least something, or not known", () => {
  assert.equal(timeLeft({ ...run, eta_seconds: { low: 125, high: 190 } }), "2 min 5 s to 3 min 10 s");
  assert.equal(timeLeft({ ...run, eta_seconds_at_least: 125 }), "at least 2 min 5 s");
  assert.equal(timeLeft({ ...run, eta_seconds_at_least: null }), "not known");
  assert.equal(timeLeft({ ...run, devices: { pending: 0 } }), "over");
});

const activity = {
  from: "2027-01-15T12:00:00Z",
  bucket_seconds: 2,
  buckets: [
    { devices_accepted: 20, devices_failed: 2, devices_in_doubt: 0, latency_ms: { p50: 80, p95: 200, max: 400 } },
    { devices_accepted: 0, devices_failed: 0, devices_in_doubt: 0, latency_ms: null },
  ],
};

test("activity: devices are per second, and a bucket without an answer leaves a gap in the latency", () => {
  const columns = activityColumns(activity);
  const begin = Date.parse(activity.from) / 1000;

  assert.deepEqual(columns.devices, [
    [begin, begin + 2, begin + 4],
    [10, 0, 0],
    [1, 0, 0],
    [0, 0, 0],
  ]);
  assert.deepEqual(columns.latency, [
    [begin, begin + 2, begin + 4],
    [80, null, null],
    [200, null, null],
    [400, null, null],
  ]);
});

test("activity: a run of one bucket is drawn from its begin to its end; one that has sent nothing is not", () => {
  const { devices, latency } = activityColumns({ ...activity, buckets: activity.buckets.slice(0, 1) });

  assert.equal(devices[0][1] - devices[0][0], activity.bucket_seconds);
  assert.deepEqual(devices[1], [10, 10]);
  assert.deepEqual(latency[1], [80, 80]);
  assert.deepEqual(activityColumns({ buckets: [] }).devices, [[], [], [], []]);
});

test("activity: whoever does not see the charts is told the same in a sentence", () => {
  assert.equal(throughputText(activity), "20 devices accepted, 2 failed, 0 in doubt; at most 11 a second.");
  assert.equal(latencyText(activity), "Lately half were below 80 ms; the slowest of all took 400 ms.");
  assert.equal(latencyText({ buckets: [] }), "Nothing was answered yet.");
});

test("events: one that comes live and on a page is there once, the newest first, and the list is bounded", () => {
  const ids = (events) => events.map(({ id }) => id);

  assert.deepEqual(ids(mergeEvents([{ id: 3 }, { id: 1 }], [{ id: 3 }, { id: 4 }], 10)), [4, 3, 1]);
  assert.deepEqual(ids(mergeEvents([{ id: 3 }, { id: 1 }], [{ id: 4 }], 2)), [4, 3]);
});
