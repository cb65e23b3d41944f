// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { stopConsequence, stoppedText } from "../../../src/dashboard/stop_text.js";

const run = (id, changed, pending) => ({ run: id, changed, devices: { pending } });

test("stop: the question says how many runs are being sent, and stands without that", () => {
  const live = {
    tenants: [
      { serving_runs: [1, 2], in_flight: 3 },
      { serving_runs: [5], in_flight: 1 },
    ],
  };
  assert.match(stopConsequence(live), /3 runs are being sent right now, 4 requests in flight/);
  assert.match(stopConsequence({ tenants: [] }), /No run is being sent/);
  assert.match(stopConsequence(null), /^Every run of every tenant is paused at once\. What is on its way/);
});

test("stop: the answer tells the runs that are paused now from those that were before", () => {
  const answer = { recorded: true, runs: [run(1, true, 1000), run(2, true, 234), run(3, false, 10)] };
  assert.equal(
    stoppedText(answer),
    "✓ 2 runs are paused (1 was paused before); 1,244 devices not sent. Each goes on when it is resumed.",
  );
  assert.equal(
    stoppedText({ recorded: true, runs: [run(1, true, 1)] }),
    "✓ 1 run is paused; 1 device not sent. It goes on when it is resumed.",
  );
  assert.equal(stoppedText({ recorded: true, runs: [] }), "✓ Nothing to stop: no run is unfinished.");
});

test("stop: where all was paused before, nothing is said to be paused now", () => {
  assert.equal(
    stoppedText({ recorded: true, runs: [run(1, false, 1)] }),
    "✓ Nothing more to pause: 1 unfinished run was paused before; 1 device not sent. It goes on when it is resumed.",
  );
  assert.match(
    stoppedText({ recorded: true, runs: [run(1, false, 10), run(2, false, 5)] }),
    /^✓ Nothing more to pause: 2 unfinished runs were paused before; 15 devices not sent\. Each goes on/,
  );
});

test("stop: an order that is not on record yet does not claim to be", () => {
  const answer = { recorded: false, runs: [{ run: 1, changed: false, devices: null }] };
  assert.match(stoppedText(answer), /^✓ Nothing more of 1 run is sent\. .* the record follows/);
});
