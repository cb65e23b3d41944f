// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder, tenantState } from "../../../src/dashboard/tenant_state.js";

const now = Date.parse("2026-11-28T07:00:00Z");
const live = (more = {}) => ({
  tenant: "north",
  rate_limit: 10,
  rate_in_force: 10,
  endpoint_reachable: true,
  retries_held: false,
  store_held: false,
  serving_runs: [],
  stuck: "",
  ...more,
});
const record = (more = {}) => ({ paused: false, pause_reason: "", silent_until: null, ordered_rate: null, ...more });

test("tenant: what keeps it from sending is told before what it does", () => {
  const rows = [
    [{ stuck: "no key" }, { paused: true, pause_reason: "no key" }, "stuck"],
    [{ endpoint_reachable: false, serving_runs: [3] }, { paused: true, pause_reason: "no key" }, "paused"],
    [{ store_held: true, serving_runs: [3] }, {}, "store held"],
    [{ endpoint_reachable: false, serving_runs: [3] }, {}, "no answer"],
    [{ serving_runs: [3] }, { silent_until: "2026-11-28T07:00:05Z" }, "waiting"],
    [{ retries_held: true, serving_runs: [3] }, {}, "retries held"],
  ];
  for (const [moment, known, told] of rows) {
    const state = tenantState(live(moment), record(known), now);
    assert.equal(state.text, told);
    assert.ok(state.isTrouble);
    assert.notEqual(state.reason, "");
  }
});

test("tenant: a silence that is over is none, and one that nothing is known of is not in trouble", () => {
  const over = record({ silent_until: "2026-11-28T06:59:59Z" });
  assert.equal(tenantState(live({ serving_runs: [3] }), over, now).text, "sends run 3");
  assert.equal(tenantState(live(), undefined, now).text, "idle");
});

test("tenant: one that is slowed down says to what, and who ordered it", () => {
  const slowed = live({ rate_in_force: 2.5, serving_runs: [3, 4] });
  assert.equal(tenantState(slowed, record(), now).reason, "held to 2.5/s, after throttling");
  const ordered = record({ ordered_rate: { rate: 2.5, until: "2026-11-28T08:00:00Z", actor: "ops" } });
  assert.match(tenantState(slowed, ordered, now).reason, /^held to 2\.5\/s, as ops ordered until /);
  assert.equal(tenantState(slowed, record(), now).text, "sends runs 3, 4");
});

test("tenant: those in trouble stand first, and nobody changes place because of a rate", () => {
  const tenant = (name, isTrouble) => ({ live: { tenant: name }, state: { isTrouble } });
  const shown = inOrder([tenant("b", false), tenant("d", true), tenant("a", false), tenant("c", true)]);
  assert.deepEqual(
    shown.map((each) => each.live.tenant),
    ["c", "d", "a", "b"],
  );
});
