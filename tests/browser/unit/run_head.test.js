// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { whyText } from "../../../src/dashboard/run_head.js";

const paused = {
  why: "run 2: paused: by ann: see wiki: rollout → rules; ask before → noon → sluice resume 2",
  next_command: "sluice resume 2",
  devices: { pending: 5 },
  being_sent: true,
};

test("run head: the reason is told whole, without the run before it and the command behind it", () => {
  assert.equal(whyText(paused), "paused: by ann: see wiki: rollout → rules; ask before → noon. The daemon serves it.");
  assert.equal(
    whyText({ ...paused, why: "run 2: a → b", next_command: "", being_sent: false }),
    "a → b. Nobody sends it.",
  );
});
