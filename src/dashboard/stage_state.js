// SPDX-License-Identifier: MIT
// What a stage of a run is about: under way, soaking, kept back by its gate, or waiting for a person's word.
import { duration } from "./text.js";

const isSoaking = (stage, terms, now) =>
  terms !== undefined &&
  terms.soak_seconds > 0 &&
  now < new Date(stage.settled_at).getTime() + 1000 * terms.soak_seconds;

function afterItsDevices(stage, next, terms, seen, now) {
  if (!next || next.opened_at) return { word: "over", sign: "✓", text: "over" };
  if (seen.isOver) return { word: "over", sign: "–", text: "over; what comes after it is not sent" };
  if (isSoaking(stage, terms, now)) {
    const end = new Date(stage.settled_at).getTime() + 1000 * terms.soak_seconds;
    return { word: "soaking", sign: "◔", text: `soaks for ${duration(Math.max(0, end - now) / 1000)} more` };
  }
  if (seen.wants_approval) return { word: "over", sign: "✓", text: "over" };
  if (seen.isPaused) return { word: "held", sign: "‖", text: "over; the run is paused" };
  return { word: "gate", sign: "◔", text: "its gate is asked" };
}

function beforeItsDevices(stage, isNext, seen) {
  if (seen.isOver) return { word: "never", sign: "–", text: "not sent" };
  if (isNext && seen.wants_approval) return { word: "approval", sign: "!", text: "waits for an approval" };
  const approved = stage.past_gate ? ", approved past the gate" : ", approved";
  return { word: "waiting", sign: "·", text: stage.approved_at ? `waits${approved}` : "waits" };
}

/**
 * @param seen {stages, terms, wants_approval} as GET /runs/N/stages tells it, with isPaused and isOver of
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

/**
 * What a person may say to each stage: yes where the job asks for it, and past the gate where one is asked or has
 * stopped the run, be it in the midst of its stage. Before that there is nothing to overrule: a run that somebody has
 * paused goes on with its stage.
 * @param seen as above, with isStoppedByLimit @param states what stageStates() says of it
 * @return for each stage {mayApprove, mayPass}
 */
export function buttonsOf(seen, states) {
  const next = seen.isOver ? -1 : seen.stages.findIndex((stage) => !stage.opened_at);
  return seen.stages.map((stage, index) => {
    if (index !== next) return { mayApprove: false, mayPass: false };
    const isAsked = Boolean(seen.terms[index]?.needs_approval) && !stage.approved_at;
    const before = states[index - 1]?.word;
    const isHeld = before === "held" && (seen.isStoppedByLimit || Boolean(seen.stages[index - 1].settled_at));
    return { mayApprove: isAsked, mayPass: (isHeld || before === "gate") && !stage.past_gate };
  });
}

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
