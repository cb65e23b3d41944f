// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { buttonsOf, stageDevices, stageStates } from "../../../src/dashboard/stage_state.js";

const noon = Date.parse("2027-01-15T12:00:00Z");
const none = { opened_at: null, settled_at: null, approved_at: null };
const canary = { ...none, name: "canary", opened_at: "2027-01-15T11:00:00Z" };
const settled = { ...canary, settled_at: "2027-01-15T11:55:00Z" };
const soaked = { ...settled, settled_at: "2027-01-15T11:20:00Z" };
const rest = { ...none, name: "rest" };

const seen = (stages, more = {}) => ({
  stages,
  terms: [
    { needs_approval: false, soak_seconds: 1800, gate: [] },
    { needs_approval: true, soak_seconds: 0, gate: [] },
  ],
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

test("stages: after the soak the gate is asked", () => {
  assert.deepEqual(texts(seen([soaked, rest]))[0], "gate: its gate is asked");
});

test("stages: an approval is what the stage to come waits for", () => {
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

const buttons = (about) =>
  buttonsOf(about, stageStates(about, noon)).map(({ mayApprove, mayPass }) =>
    [mayApprove && "approve", mayPass && "pass"].filter(Boolean).join(" "),
  );
const approved = { ...rest, approved_at: "2027-01-15T11:30:00Z" };

test("stages: an approval is asked for the first that has not begun, and once", () => {
  assert.deepEqual(buttons(seen([canary, rest])), ["", "approve"]);
  assert.deepEqual(buttons(seen([canary, approved])), ["", ""]);
  assert.deepEqual(buttons(seen([canary])), [""]);
  assert.deepEqual(buttons(seen([canary, rest], { isOver: true })), ["", ""]);
});

test("stages: a gate can be passed while it is asked, or has stopped the run, and once", () => {
  const pastGate = { ...approved, past_gate: true };

  assert.deepEqual(buttons(seen([soaked, approved])), ["", "pass"]);
  assert.deepEqual(buttons(seen([soaked, approved], { isPaused: true })), ["", "pass"]);
  assert.deepEqual(buttons(seen([soaked, rest], { isPaused: true })), ["", "approve pass"]);
  assert.deepEqual(buttons(seen([soaked, pastGate], { isPaused: true })), ["", ""]);
  assert.deepEqual(texts(seen([soaked, pastGate]))[1], "waiting: waits, approved past the gate");
});

test("stages: a limit that stops the run in the midst of a stage can be passed with the gate", () => {
  const stopped = { isPaused: true, isStoppedByLimit: true };

  assert.deepEqual(buttons(seen([canary, approved], stopped)), ["", "pass"]);
});

test("stages: there is no gate to pass while its stage is under way, paused in the midst of it, or soaks", () => {
  assert.deepEqual(buttons(seen([canary, approved])), ["", ""]);
  assert.deepEqual(buttons(seen([canary, approved], { isPaused: true })), ["", ""]);
  assert.deepEqual(buttons(seen([settled, approved])), ["", ""]);
});

test("stages: devices without a result are pending, so that the bar adds up", () => {
  const stage = { devices: 20, accepted: 12, failed: 1, in_doubt: 2, canceled: 0 };

  assert.equal(stageDevices(stage).pending, 5);
});
