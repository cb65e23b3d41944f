// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clockChangeText,
  countdown,
  missedText,
  soonest,
  triggerConsequence,
  zonedText,
} from "../../../src/dashboard/schedule_text.js";

test("schedules: a countdown ends at now and is never negative", () => {
  const now = Date.parse("2026-11-28T07:00:00Z");
  assert.equal(countdown("2026-11-28T07:01:15Z", now), "in 1 min 15 s");
  assert.equal(countdown("2026-11-28T07:00:09Z", now), "in 9 s");
  assert.equal(countdown("2026-11-28T06:59:00Z", now), "now");
});

test("schedules: the soonest ticks are those of the earliest instants, whatever their order and zone", () => {
  const ticks = ["2026-03-29T03:00:00Z", "2026-03-29T01:00:00.5Z", "2026-03-29T01:00:00Z"];
  assert.deepEqual(
    soonest(ticks, 2, (tick) => tick),
    ["2026-03-29T01:00:00Z", "2026-03-29T01:00:00.5Z"],
  );
});

test("schedules: a clock change says which way and by how much", () => {
  assert.equal(
    clockChangeText({ at: "A", before_seconds: 3600, after_seconds: 7200 }),
    "clock goes forward by 1 hour at A",
  );
  assert.equal(
    clockChangeText({ at: "A", before_seconds: 39600, after_seconds: 37800 }),
    "clock goes back by 30 min at A",
  );
  assert.equal(clockChangeText(null), "");
});

test("schedules: a zone's time has its weekday", () => {
  // 28 March 2027 is a Sunday: the last one of the month, when Berlin's clocks change.
  assert.equal(zonedText("2027-03-28T03:00:00+02:00"), "Sun 2027-03-28 03:00:00 +02:00");
  assert.equal(zonedText("soon"), "soon");
});

test("schedules: missed ticks are told with their deadline", () => {
  const schedule = { start_deadline_seconds: 3600, run_all_max: 5 };
  assert.equal(
    missedText({ ...schedule, missed: "run_all" }),
    "missed ticks run one by one, at most 5, within 1 h 0 min",
  );
  assert.equal(missedText({ ...schedule, missed: "skip" }), "a missed tick is left out");
});

test("schedules: a trigger beside an unfinished run says what its overlap rule does", () => {
  const last = { run: 7, devices: { total: 1000, pending: 200 } };
  const told = (overlap, isUnfinished = true) => triggerConsequence({ overlap }, last, isUnfinished);
  assert.match(told("skip").text, /^Nothing begins, because run 7 is unfinished \(200 devices .* "skip"/);
  assert.match(told("queue_one").text, /^The tick waits until run 7 has ended/);
  assert.match(told("cancel_running").text, /^Run 7 is canceled, for ever: 200 devices/);
  assert.match(told("allow").text, /^A run begins beside run 7/);
  assert.match(told("skip", false).text, /^A run begins at once\. Its last run, 7, had 1,000 devices/);
  assert.deepEqual(
    ["skip", "queue_one", "cancel_running", "allow"].map((overlap) => told(overlap).isDangerous),
    [false, false, true, false],
  );
});
