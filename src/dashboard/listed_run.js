// SPDX-License-Identifier: MIT
// What is said of a run in a list: how fast it goes, how long it still takes, what it waits for.
import { count, duration, words } from "./text.js";

const window = 10_000; // milliseconds that a rate is measured over
const states = ["accepted", "presumed", "failed", "in_doubt", "canceled", "pending"];

/** Requests per second of each run, by how its count of requests grows. Knows only the runs of the newest list. */
export class RunRates {
  #samples = new Map(); // by run: [{at, requests}], the oldest first

  /** @param now milliseconds */
  take(runs, now) {
    const kept = new Map();
    for (const { run, requests } of runs) {
      const known = (this.#samples.get(run) ?? []).filter(({ at }) => at < now);
      // What was sent while nobody looked is nothing of what is sent now.
      if (known.length > 0 && known.at(-1).at < now - window) known.length = 0;
      // The last one from before the window is where it begins.
      while (known.length > 1 && known[1].at <= now - window) known.shift();
      kept.set(run, [...known, { at: now, requests }]);
    }
    this.#samples = kept;
  }

  /** @return null: not known yet */
  of(run) {
    const samples = this.#samples.get(run) ?? [];
    if (samples.length < 2) return null;
    const [first, last] = [samples[0], samples.at(-1)];
    return (1000 * (last.requests - first.requests)) / (last.at - first.at);
  }
}

export const isUnfinished = (run) => ["pending", "running", "interrupted", "paused"].includes(run.status);

/** "1,500 accepted, 3 failed, 6,500 pending": the parts add up to the whole. */
export const countsText = (devices) =>
  states
    .filter((state) => devices[state] > 0)
    .map((state) => `${count(devices[state])} ${words(state)}`)
    .join(", ") || "no devices";

const unbroken = (text) => text.replaceAll(" ", "\u00a0");

/** The least and the most that a run still takes, with a place for a new line in between; "≥": nothing bounds it. */
export function leftText(detail) {
  const { low, high } = detail?.eta_seconds ?? { low: detail?.eta_seconds_at_least, high: null };
  if (low === null || low === undefined) return "";
  const [least, most] = [low, high].map((seconds) => unbroken(duration(seconds)));
  if (high === null || high === undefined) return `≥\u00a0${least}`;
  return least === most ? least : `${least}\u00a0– ${most}`;
}

/** Of an unfinished run, what the daemon knows more of; of another one, how long it took. */
export function noteText(run, detail) {
  if (!isUnfinished(run)) return run.seconds === null ? "" : `took ${duration(run.seconds)}`;
  if (!detail) return "";
  const why = detail.why.replace(`run ${run.run}: `, "");
  // Of one that is paused, the reason says enough.
  const sending = !detail.being_sent ? "not being sent" : run.status === "paused" ? "" : "being sent";
  return [sending, why].filter((text) => text).join(": ");
}

/** Unfinished runs first, the newest first among each; no run twice. */
export function inOrder(unfinished, newest) {
  const byRun = new Map([...newest, ...unfinished].map((run) => [run.run, run]));
  return [...byRun.values()].sort((a, b) => isUnfinished(b) - isUnfinished(a) || b.run - a.run);
}
