// SPDX-License-Identifier: MIT
// What a stage of a run is about: under way, soaking, kept back by its gate, or waiting for a person's word.
import { duration } from "./text.js";

const isSoaking = (stage, terms, now) =>
  terms !== undefined &&
  terms.soak_seconds > 0 &&
  now < new Date(stage.settled_at).getTime() + 1000 * terms.soak_seconds;

const secondsUntil = (iso, now) => Math.max(0, (new Date(iso).getTime() - now) / 1000);

function afterItsDevices(stage, next, terms, seen, now) {
  if (!next || next.opened_at) return { word: "over", sign: "✓", text: "over" };
  if (seen.isOver) return { word: "over", sign: "–", text: "over; what comes after it is not sent" };
  if (isSoaking(stage, terms, now)) {
    const end = new Date(stage.settled_at).getTime() + 1000 * terms.soak_seconds;
    return { word: "soaking", sign: "◔", text: `soaks for ${duration(Math.max(0, end - now) / 1000)} more` };
  }
  if (seen.wants_approval) return { word: "over", sign: "✓", text: "over" };
  if (seen.isPaused) return { word: "held", sign: "‖", text: "over; the run is paused" };
  const until = seen.waits_until ? `, asked again in ${duration(secondsUntil(seen.waits_until, now))}` : "";
  return { word: "gate", sign: "◔", text: `its gate is asked${until}` };
}

function beforeItsDevices(stage, isNext, seen) {
  if (seen.isOver) return { word: "never", sign: "–", text: "not sent" };
  if (isNext && seen.wants_approval) return { word: "approval", sign: "!", text: "waits for an approval" };
  return { word: "waiting", sign: "·", text: stage.approved_at ? "waits, approved" : "waits" };
}

/**
 * @param seen {stages, terms, waits_until, wants_approval} as GET /runs/N/stages tells it, with isPaused and isOver of
 *   the run @param now milliseconds since 1970
 * @return for each stage {word, sign, text}
 */
export function stageStates(seen, now) {
  return seen.stages.map((stage, index) => {
    const next = seen.stages[index + 1];
    const isNext = !stage.opened_at && (index === 0 || Boolean(seen.stages[index - 1].opened_at));
    if (!stage.opened_at) return beforeItsDevices(stage, isNext, seen);
    if (stage.settled_at) return afterItsDevices(stage, next, seen.terms[index], seen, now);
    if (seen.isOver) return { word: "over", sign: "–", text: "over" };
    if (seen.isPaused) return { word: "held", sign: "‖", text: "begun; the run is paused" };
    return { word: "open", sign: "→", text: "under way" };
  });
}

/** The stage that a person may let begin now, ahead of its time or past a gate; undefined: there is none. */
export const stageToApprove = (seen) => (seen.isOver ? undefined : seen.stages.find((stage) => !stage.opened_at));

/** Of its devices, as the progress bar takes them. */
export const stageDevices = (stage) => ({
  total: stage.devices,
  accepted: stage.accepted,
  presumed: 0,
  failed: stage.failed,
  in_doubt: stage.in_doubt,
  canceled: stage.canceled,
  pending: stage.devices - stage.accepted - stage.failed - stage.in_doubt - stage.canceled,
});
