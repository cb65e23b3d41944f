// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { stageDevices, stageStates, stageToApprove } from "../../../src/dashboard/stage_state.js";

const noon = Date.parse("2027-01-15T12:00:00Z");
const none = { opened_at: null, settled_at: null, approved_at: null };
const canary = { ...none, name: "canary", opened_at: "2027-01-15T11:00:00Z" };
const settled = { ...canary, settled_at: "2027-01-15T11:55:00Z" };
const rest = { ...none, name: "rest" };

const seen = (stages, more = {}) => ({
  stages,
  terms: [
    { needs_approval: false, soak_seconds: 1800, gate: [] },
    { needs_approval: true, soak_seconds: 0, gate: [] },
  ],
  waits_until: null,
  wants_approval: false,
  isPaused: false,
  isOver: false,
  ...more,
});
const texts = (about) => stageStates(about, noon).map(({ word, text }) => `${word}: ${text}`);

test("stages: the first is under way while the second waits", () => {
  assert.deepEqual(texts(seen([canary, rest])), ["open: under way", "waiting: waits"]);
});

test("stages: one whose devices have their results soaks for as long as the job says", () => {
  assert.deepEqual(texts(seen([settled, rest])), ["soaking: soaks for 25 min 0 s more", "waiting: waits"]);
});

test("stages: after the soak the gate is asked, and the next question is told", () => {
  const soaked = { ...settled, settled_at: "2027-01-15T11:20:00Z" };

  assert.deepEqual(texts(seen([soaked, rest]))[0], "gate: its gate is asked");
  const again = seen([soaked, rest], { waits_until: "2027-01-15T12:00:30Z" });
  assert.deepEqual(texts(again)[0], "gate: its gate is asked, asked again in 30 s");
});

test("stages: an approval is what the stage to come waits for", () => {
  const soaked = { ...settled, settled_at: "2027-01-15T11:20:00Z" };

  assert.deepEqual(texts(seen([soaked, rest], { wants_approval: true })), [
    "over: over",
    "approval: waits for an approval",
  ]);
  const ahead = seen([canary, { ...rest, approved_at: "2027-01-15T11:30:00Z" }]);
  assert.deepEqual(texts(ahead)[1], "waiting: waits, approved");
});

test("stages: a pause holds the stage that has begun, and what a canceled run never began stays unsent", () => {
  assert.deepEqual(texts(seen([canary, rest], { isPaused: true })), [
    "held: begun; the run is paused",
    "waiting: waits",
  ]);
  assert.deepEqual(texts(seen([settled, rest], { isOver: true })), [
    "over: over; what comes after it is not sent",
    "never: not sent",
  ]);
});

test("stages: the one to approve is the first that has not begun", () => {
  assert.equal(stageToApprove(seen([canary, rest])).name, "rest");
  assert.equal(stageToApprove(seen([canary])), undefined);
  assert.equal(stageToApprove(seen([canary, rest], { isOver: true })), undefined);
});

test("stages: devices without a result are pending, so that the bar adds up", () => {
  const stage = { devices: 20, accepted: 12, failed: 1, in_doubt: 2, canceled: 0 };

  assert.equal(stageDevices(stage).pending, 5);
});
