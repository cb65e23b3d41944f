// SPDX-License-Identifier: MIT
// How a run's numbers add up, and when it will be over.
import { duration } from "./text.js";

/**
 * Every device and every chunk in exactly one row; the sums are the run's totals. Accepted and presumed chunks are
 * counted as one by the daemon: both rows together have `chunks`.
 */
export function rowsOf(run) {
  const { devices, chunks } = run;
  return [
    { letter: "a", devices: devices.accepted, chunks: chunks.succeeded },
    { letter: "u", devices: devices.presumed, chunks: null },
    { letter: "f", devices: devices.failed, chunks: chunks.failed },
    { letter: "d", devices: devices.in_doubt, chunks: chunks.in_doubt },
    { letter: "c", devices: devices.canceled, chunks: chunks.canceled },
    { letter: "i", devices: run.devices_in_flight, chunks: chunks.in_flight },
    { letter: "p", devices: devices.pending - run.devices_in_flight, chunks: chunks.pending },
  ];
}

export const chunksInAll = (run) => rowsOf(run).reduce((sum, row) => sum + (row.chunks ?? 0), 0);

/** "2 min 5 s to 3 min 10 s"; in words if nobody can say. */
export function timeLeft(run) {
  if (run.devices.pending === 0) return "over";
  const { low, high } = run.eta_seconds ?? { low: run.eta_seconds_at_least, high: null };
  if (low === null || low === undefined) return "not known";
  const [from, to] = [duration(low), high === null || high === undefined ? "" : duration(high)];
  if (to === "") return `at least ${from}`;
  return from === to ? from : `${from} to ${to}`;
}
