// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { markSteps, timeMarks, timeWithin } from "../../../src/dashboard/time_axis.js";

const [hour, day] = [3600, 86_400];
/** A local time of November 2026. */
const at = (...parts) => new Date(2026, 10, ...parts).getTime() / 1000;

test("time axis: no two marks are within one second, so that none is there twice", () => {
  assert.equal(Math.min(...markSteps), 1);
});

test("time axis: marks have seconds only where these differ", () => {
  assert.deepEqual(timeMarks([at(28, 7, 30), at(28, 7, 31)], 120), ["07:30", "07:31"]);
  assert.deepEqual(timeMarks([at(28, 7, 30), at(28, 7, 30, 1)], 2), ["07:30:00", "07:30:01"]);
});

test("time axis: over several days each day's first mark has its date", () => {
  const times = [at(25, 12), at(26, 0), at(26, 12), at(27, 0)];
  assert.deepEqual(timeMarks(times, 2 * day), ["12:00\n2026-11-25", "00:00\n2026-11-26", "12:00", "00:00\n2026-11-27"]);
});

test("time axis: the date is there over midnight too, and where a long time has room for one mark", () => {
  assert.deepEqual(timeMarks([at(27, 23), at(28, 0)], 2 * hour), ["23:00\n2026-11-27", "00:00\n2026-11-28"]);
  assert.deepEqual(timeMarks([at(28, 0)], day + 1), ["00:00\n2026-11-28"]);
});

test("time axis: the time that is pointed at has its date where the marks have theirs", () => {
  assert.equal(timeWithin(at(28, 7, 30, 9), hour), "07:30:09");
  assert.equal(timeWithin(at(28, 7, 30, 9), 3 * day), "2026-11-28 07:30:09");
});
