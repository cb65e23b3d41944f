// SPDX-License-Identifier: MIT
// What is said of schedules and their ticks.
import { are, counted, duration } from "./text.js";

export const scheduleSigns = { active: "→", paused: "‖", retired: "–" };
export const tickSigns = { queued: "·", started: "→", fired: "✓", skipped: "–", failed: "✗" };

/** How long it is to an instant. @param now milliseconds since 1970 */
export function countdown(iso, now) {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  if (seconds <= 0) return "now";
  return `in ${seconds < 10 ? `${seconds} s` : duration(seconds)}`;
}

/** The first so many, by the instant that `at` gives of each. */
export const soonest = (items, number, at) =>
  [...items].sort((a, b) => Date.parse(at(a)) - Date.parse(at(b))).slice(0, number);

const weekday = new Intl.DateTimeFormat("en", { weekday: "short", timeZone: "UTC" });

/** "2027-03-28T03:00:00+02:00", as a clock in some zone shows it, is "Sun 2027-03-28 03:00:00 +02:00". */
export function zonedText(local) {
  const [, date, time, offset] = /^([\d-]+)T([\d:]+)(.*)$/.exec(local) ?? [];
  return date ? `${weekday.format(new Date(`${date}T00:00:00Z`))} ${date} ${time} ${offset}` : local;
}

const overlaps = {
  skip: "a tick is left out while the last run is unfinished",
  queue_one: "one tick waits for the last run to end",
  cancel_running: "a tick cancels the last run if that is unfinished",
  allow: "runs may go on beside each other",
};
export const overlapText = (overlap) => overlaps[overlap] ?? overlap;

/** What becomes of ticks that came while no daemon ran. */
export function missedText(schedule) {
  const within = `within ${duration(schedule.start_deadline_seconds)}`;
  if (schedule.missed === "skip") return "a missed tick is left out";
  if (schedule.missed === "run_once") return `of missed ticks the newest runs, ${within}`;
  return `missed ticks run one by one, at most ${schedule.run_all_max}, ${within}`;
}

/** @param change {at, before_seconds, after_seconds}: since the tick before; the offsets are to UTC; null: none */
export function clockChangeText(change) {
  if (change === null) return "";
  const minutes = Math.abs(change.after_seconds - change.before_seconds) / 60;
  const by = minutes % 60 === 0 ? counted(minutes / 60, "hour") : `${minutes} min`;
  const way = change.after_seconds > change.before_seconds ? "forward" : "back";
  return `clock goes ${way} by ${by} at ${change.at}`;
}

/**
 * What a trigger does, by the overlap rule. @param last the schedule's newest run; undefined: none
 * @return {text, isDangerous}
 */
export function triggerConsequence(schedule, last, isUnfinished) {
  const size = last ? `Its last run, ${last.run}, had ${counted(last.devices.total, "device")}` : "It has not run yet";
  const begin = `${size}; the devices are read anew now.`;
  if (!last || !isUnfinished) return { text: `A run begins at once. ${begin}`, isDangerous: false };
  const { pending } = last.devices;
  const rest = `${counted(pending, "device")} of run ${last.run} ${are(pending)} not sent yet`;
  const rules = {
    skip:
      `Nothing begins, because run ${last.run} is unfinished (${rest}) and the overlap rule is "skip": ` +
      "the tick is recorded as left out.",
    queue_one: `The tick waits until run ${last.run} has ended: ${rest}. ${begin}`,
    cancel_running: `Run ${last.run} is canceled, for ever: ${rest}. Then a run begins. ${begin}`,
    allow: `A run begins beside run ${last.run}: ${rest}. ${begin}`,
  };
  return { text: rules[schedule.overlap], isDangerous: schedule.overlap === "cancel_running" };
}
