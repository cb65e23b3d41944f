// SPDX-License-Identifier: MIT
// How numbers, times and states are written, everywhere the same.

const whole = new Intl.NumberFormat("en");

export const count = (number) => whole.format(number);

/** count(3, "device") is "3 devices"; the plural may be given. */
export const counted = (number, noun, plural = `${noun}s`) => `${count(number)} ${number === 1 ? noun : plural}`;

/** The verb of counted(number, …). */
export const are = (number) => (number === 1 ? "is" : "are");
export const were = (number) => (number === 1 ? "was" : "were");

export function percent(part, total) {
  if (total === 0 || part === 0) return "0 %";
  if (part === total) return "100 %";
  const share = (100 * part) / total;
  // Never "100 %" while something is missing, never "0 %" when something is there.
  if (share > 99.9) return "> 99.9 %";
  if (share < 0.1) return "< 0.1 %";
  return `${share < 10 || share > 99 ? share.toFixed(1) : share.toFixed(0)} %`;
}

/** 75 is "1 min 15 s". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  const minutes = Math.round(rounded / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

const clock = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });

/** In the zone of whoever looks; see time_element.js for where that must not be all. */
export const localTime = (iso) => (iso ? clock.format(new Date(iso)) : "–");

const timeOfDay = new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short" });
const minutes = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" });

/** Without the day if that is today's, else without the seconds. @param now milliseconds since 1970 */
export function shortTime(iso, now) {
  if (!iso) return "–";
  const at = new Date(iso);
  return day.format(at) === day.format(now) ? timeOfDay.format(at) : minutes.format(at);
}

/** What a state is called, and the sign that stands for it where colour alone would say it. */
export const chunkStates = {
  p: { name: "pending", sign: "·", state: "pending" },
  h: { name: "held", sign: "=", state: "held" },
  i: { name: "in flight", sign: "→", state: "in_flight" },
  a: { name: "accepted", sign: "✓", state: "accepted" },
  u: { name: "presumed", sign: "≈", state: "presumed" },
  f: { name: "failed", sign: "✗", state: "failed" },
  d: { name: "in doubt", sign: "?", state: "in_doubt" },
  c: { name: "canceled", sign: "–", state: "canceled" },
};

const runSigns = {
  pending: "·",
  running: "→",
  paused: "‖",
  succeeded: "✓",
  completed_with_failures: "✗",
  finished_in_doubt: "?",
  canceled: "–",
};

export const runSign = (status) => runSigns[status] ?? "·";
export const words = (name) => name.replaceAll("_", " ");

/** What stands for the code of an answer without one, such as silence. */
export const codeText = (code) => (code === "" ? "(no code)" : code);

/** A word for a shell, quoted where it has to be. */
export const shellWord = (text) => (/^[\w.,:=@%+/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
