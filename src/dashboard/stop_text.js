// SPDX-License-Identifier: MIT
// What stopping everything will do, and what it did.
import { are, count, counted, were } from "./text.js";

const rest =
  "What is on its way to the cloud arrives; nothing further of these runs is sent until they are resumed. " +
  "Schedules go on: their next ticks begin new runs, unless they are paused, too.";

/** @param live GET /live's answer; null: not known (yet) */
export function stopConsequence(live) {
  if (live === null) return `Every run of every tenant is paused at once. ${rest}`;
  const runs = live.tenants.reduce((sum, tenant) => sum + tenant.serving_runs.length, 0);
  const requests = live.tenants.reduce((sum, tenant) => sum + tenant.in_flight, 0);
  const sending =
    runs === 0
      ? "No run is being sent right now"
      : `${counted(runs, "run")} ${are(runs)} being sent right now`;
  return `Every run of every tenant is paused at once. ${sending}, ${counted(requests, "request")} in flight. ${rest}`;
}

function pausedText(changed, before) {
  if (changed === 0)
    return `Nothing more to pause: ${counted(before, "unfinished run")} ${were(before)} paused before`;
  const already = before > 0 ? ` (${count(before)} ${were(before)} paused before)` : "";
  return `${counted(changed, "run")} ${are(changed)} paused${already}`;
}

/** @param answer of POST /stop */
export function stoppedText(answer) {
  const { runs } = answer;
  if (runs.length === 0) return "✓ Nothing to stop: no run is unfinished.";
  if (!answer.recorded)
    return `✓ Nothing more of ${counted(runs.length, "run")} is sent. The store is slow or held: the record follows.`;
  const changed = runs.filter((run) => run.changed).length;
  const before = runs.length - changed;
  const unsent = runs.reduce((sum, run) => sum + (run.devices?.pending ?? 0), 0);
  const goesOn = runs.length === 1 ? "It goes on when it is resumed." : "Each goes on when it is resumed.";
  return `✓ ${pausedText(changed, before)}; ${counted(unsent, "device")} not sent. ${goesOn}`;
}
