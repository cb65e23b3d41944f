// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { actionsOf, approval, doubtDecision, queuedAgain } from "../../../src/dashboard/action_rules.js";

const run = (more = {}) => ({
  run: 7,
  tenant: "north",
  rate: 10,
  control: "active",
  tenant_pause_reason: "",
  devices_in_flight: 0,
  devices_unclear: 0,
  ...more,
  devices: {
    total: 1300,
    accepted: 66,
    presumed: 0,
    failed: 0,
    in_doubt: 0,
    canceled: 0,
    pending: 1234,
    ...more.devices,
  },
  chunks: { pending: 13, in_flight: 0, succeeded: 1, failed: 0, in_doubt: 0, split: 0, canceled: 0, ...more.chunks },
});
const over = { pending: 0 };
const verbs = (of) => actionsOf(of).map(({ verb }) => verb);

test("actions: a run that is sent can be paused and canceled, a paused one resumed and canceled", () => {
  assert.deepEqual(verbs(run()), ["pause", "cancel"]);
  assert.deepEqual(verbs(run({ control: "paused" })), ["resume", "cancel"]);
  assert.deepEqual(verbs(run({ tenant_pause_reason: "the key is blocked" })), ["resume", "cancel"]);
});

test("actions: one request a second is one", () => {
  const [resume] = actionsOf(run({ control: "paused", rate: 1 }));
  assert.match(resume.consequence, /at 1 request a second at most/);
});

test("actions: a run that is over can only be retried, and only if something failed or was not sent", () => {
  assert.deepEqual(verbs(run({ devices: over })), []);
  assert.deepEqual(verbs(run({ devices: { pending: 0, failed: 2 } })), ["retry"]);
  assert.deepEqual(verbs(run({ devices: { pending: 0, failed: 2, canceled: 1 }, control: "canceled" })), [
    "retry",
    "retry",
  ]);
});

test("actions: what a cancel gives up is told in devices and chunks, and what may still arrive", () => {
  const [, cancel] = actionsOf(run({ devices_in_flight: 100, chunks: { pending: 12, in_flight: 1 } }));

  assert.match(
    cancel.consequence,
    /^1,234 devices in 13 chunks are not sent, for ever\. Of these 100 devices may still get it/,
  );
  assert.equal(cancel.command, "sluice cancel 7");
  assert.equal(cancel.isDangerous, true);
});

test("actions: to resume a tenant's pause says that its other runs go on as well", () => {
  const [resume] = actionsOf(run({ tenant_pause_reason: "the key is blocked" }));

  assert.match(resume.consequence, /Tenant north is resumed with it/);
});

test("actions: a retry sends the number that was shown, and more than 500 must be typed", () => {
  const [few] = actionsOf(run({ devices: { pending: 0, failed: 500 } }));
  const [many] = actionsOf(run({ devices: { pending: 0, failed: 501 } }));

  assert.equal(few.confirm, undefined);
  assert.deepEqual(few.body, { failed: true, expect_devices: 500 });
  assert.equal(few.command, "sluice retry 7 --failed --expect-devices 500");
  assert.equal(many.confirm, 501);
  assert.deepEqual(many.body, { failed: true, expect_devices: 501 });
  assert.equal(many.command, "sluice retry 7 --failed --expect-devices 501");
});

test("actions: what earlier retries have left is asked about anew, with the daemon's number and words", () => {
  const [retry] = actionsOf(run({ devices: { pending: 0, canceled: 2600 } }));
  const refusal = "the retry has 1,412 devices, but 2600 were expected";

  const left = retry.withLeft(1412, refusal);

  assert.equal(left.text, "Retry 1,412 not sent");
  assert.equal(left.confirm, 1412);
  assert.deepEqual(left.body, { not_sent: true, expect_devices: 1412 });
  assert.equal(left.command, "sluice retry 7 --not-sent --expect-devices 1412");
  assert.match(left.consequence, /^The daemon says: the retry has 1,412 devices, .* Nothing was sent\./);
  assert.equal(retry.withLeft(1, refusal).confirm, undefined);
});

test("actions: one device is, several are", () => {
  const one = run({ control: "paused", devices: { pending: 1 }, chunks: { pending: 1 } });

  assert.equal(queuedAgain({ devices: 1 }), "✓ 1 device is queued again: ");
  assert.equal(queuedAgain({ devices: 2 }), "✓ 2 devices are queued again: ");
  assert.match(actionsOf(one)[0].consequence, /^1 device in 1 chunk is sent to/);
  assert.match(actionsOf(one)[1].consequence, /^1 device in 1 chunk is not sent/);
  const doubt = (decision) => doubtDecision(one, decision, [{ chunk: 3, devices: 1 }], false).consequence;
  assert.match(doubt("resend"), /^1 device in 1 chunk is sent the command once more\. It may have/);
  assert.match(doubt("accept"), /^1 device in 1 chunk counts as accepted .* and is not sent/);
});

test("actions: an approval past the gate is dangerous and says so, and a stage's name is safe for a shell", () => {
  const stage = { name: "it's; rm", devices: 90 };

  assert.deepEqual(approval(run(), stage, false).body, { stage: "it's; rm" });
  const past = approval(run({ control: "paused" }), stage, true);
  assert.equal(past.isDangerous, true);
  assert.match(past.consequence, /90 devices .* The gate before it is overruled\. The run is paused/);
  assert.equal(past.then, " The run is paused: resume it, and it goes on.");
  assert.equal(past.command, "sluice approve 7 --stage 'it'\\''s; rm' --past-gate");
});

test("actions: to send once more says that the command may run twice, and how many devices are meant", () => {
  const doubtful = run({ devices: { in_doubt: 30 }, chunks: { in_doubt: 2 } });
  const one = doubtDecision(doubtful, "resend", [{ chunk: 12, devices: 20 }], false);
  const all = doubtDecision(doubtful, "accept", [], true);

  assert.match(one.consequence, /^20 devices in 1 chunk .* runs twice/);
  assert.deepEqual(one.body, { expect_devices: 20, chunks: [12] });
  assert.equal(one.command, "sluice doubt resend 7 --reason TEXT --expect-devices 20 --chunk 12");
  assert.match(all.consequence, /^30 devices in 2 chunks count as accepted/);
  assert.deepEqual(all.body, { expect_devices: 30 });
});
