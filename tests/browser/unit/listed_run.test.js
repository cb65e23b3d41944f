// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { countsText, inOrder, leftText, noteText, RunRates } from "../../../src/dashboard/listed_run.js";

test("runs: a rate is what the last ten seconds brought, and unknown after one look", () => {
  const rates = new RunRates();
  const look = (at, requests) => rates.take([{ run: 7, requests }], at);
  look(0, 100);
  assert.equal(rates.of(7), null);

  look(2000, 120);
  assert.equal(rates.of(7), 10);

  for (const at of [4000, 6000, 8000, 10_000, 12_000]) look(at, 120);
  assert.equal(rates.of(7), 0);
});

test("runs: after a time in which nobody looked a rate begins anew", () => {
  const rates = new RunRates();
  const look = (at, requests) => rates.take([{ run: 7, requests }], at);
  look(0, 0);
  look(2000, 20);
  look(600_000, 20);
  assert.equal(rates.of(7), null);

  look(602_000, 30);
  assert.equal(rates.of(7), 5);
});

test("runs: what is not listed any more is forgotten", () => {
  const rates = new RunRates();
  rates.take([{ run: 7, requests: 1 }], 0);
  rates.take([{ run: 8, requests: 1 }], 1000);
  rates.take([{ run: 7, requests: 9 }], 2000);
  assert.equal(rates.of(7), null);
});

test("runs: the counts beneath the bar add up to the devices, without those that are none", () => {
  const devices = { total: 60, accepted: 40, presumed: 1, failed: 2, in_doubt: 0, canceled: 0, pending: 17 };
  assert.equal(countsText(devices), "40 accepted, 1 presumed, 2 failed, 17 pending");
});

test("runs: the time left is a range, or the least of it, or nothing", () => {
  // A line may end before the longer time, and nowhere else.
  const lines = (detail) =>
    leftText(detail)
      .split(" ")
      .map((line) => line.replaceAll("\u00a0", " "));
  assert.deepEqual(lines({ eta_seconds: { low: 65, high: 80 } }), ["1 min 5 s –", "1 min 20 s"]);
  assert.deepEqual(lines({ eta_seconds: { low: 65, high: 65.2 } }), ["1 min 5 s"]);
  assert.deepEqual(lines({ eta_seconds_at_least: 65 }), ["≥ 1 min 5 s"]);
  assert.equal(leftText({ eta_seconds_at_least: null }), "");
  assert.equal(leftText(undefined), "");
});

test("runs: an unfinished one says whether it is being sent, and why not; a finished one how long it took", () => {
  const run = { run: 7, status: "paused", seconds: null };
  assert.equal(
    noteText(run, { being_sent: false, why: "run 7: paused: look first" }),
    "not being sent: paused: look first",
  );
  assert.equal(noteText({ ...run, status: "running" }, { being_sent: true, why: "" }), "being sent");
  assert.equal(noteText({ ...run, status: "paused" }, { being_sent: true, why: "paused by ann" }), "paused by ann");
  assert.equal(noteText(run, undefined), "");
  assert.equal(noteText({ run: 7, status: "succeeded", seconds: 75 }), "took 1 min 15 s");
});

test("runs: unfinished ones stand before newer finished ones, and none stands there twice", () => {
  const run = (id, status) => ({ run: id, status });
  const listed = inOrder(
    [run(3, "paused"), run(5, "running")],
    [run(9, "succeeded"), run(5, "running"), run(8, "canceled")],
  );
  assert.deepEqual(
    listed.map((each) => each.run),
    [5, 3, 9, 8],
  );
});
