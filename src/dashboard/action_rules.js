// SPDX-License-Identifier: MIT
// What an operator can do with a run as it stands, what that would do in numbers, and the command that does the same.
import { are, count, counted, shellWord } from "./text.js";

/** More devices than these are sent to only if their number was typed. */
export const untypedDevicesMax = 500;

export const isOver = (run) => run.devices.pending === 0;

const isPaused = (run) => run.control === "paused" || run.tenant_pause_reason !== "";

const unsent = (run) =>
  `${counted(run.devices.pending, "device")} in ${counted(run.chunks.pending + run.chunks.in_flight, "chunk")}`;

/** What cannot be taken back any more. */
function onTheirWay(run) {
  const unclear = run.devices_unclear;
  const flying = run.devices_in_flight
    ? ` Of these ${counted(run.devices_in_flight, "device")} may still get it: on the way to the cloud now.`
    : "";
  return unclear > 0 ? `${flying} ${counted(unclear, "device")} may have got it before.` : flying;
}

const pause = (run) => ({
  verb: "pause",
  text: "Pause",
  reason: true,
  consequence:
    `${unsent(run)} ${run.devices.pending === 1 ? "waits" : "wait"} until the run is resumed.` + onTheirWay(run),
  command: `sluice pause ${run.run}`,
});

const resume = (run) => ({
  verb: "resume",
  text: "Resume",
  reason: true,
  isMain: true,
  consequence:
    `${unsent(run)} ${are(run.devices.pending)} sent to, at ${counted(run.rate, "request")} a second at most.` +
    (run.tenant_pause_reason === ""
      ? ""
      : ` Tenant ${run.tenant} is resumed with it, and so is every other run of it.`),
  command: `sluice resume ${run.run}`,
});

const cancel = (run) => ({
  verb: "cancel",
  text: "Cancel",
  reason: true,
  isDangerous: true,
  consequence:
    `${unsent(run)} ${are(run.devices.pending)} not sent, for ever.${onTheirWay(run)}` + " What was accepted stays so.",
  command: `sluice cancel ${run.run}`,
});

const confirmed = (devices) => (devices > untypedDevicesMax ? devices : undefined);

// The run's own counts know nothing of the devices that earlier retries have taken over. The daemon does, and refuses
// a number that is not the exact one: so what is sent is always the number that was shown.
function again(run, devices, which, body) {
  const whom = which === "failed" ? "failed" : "nothing was sent to";
  const command = `sluice retry ${run.run} --${which.replace(" ", "-")}`;
  return {
    verb: "retry",
    text: `Retry ${count(devices)} ${which}`,
    confirm: confirmed(devices),
    body: { ...body, expect_devices: devices },
    consequence:
      `A new run sends to the ${counted(devices, "device")} of this one that ${whom}. If an earlier one has taken ` +
      `some of them over already, nothing is sent, and you are asked about the others. This run stays as it is.`,
    command: `${command} --expect-devices ${devices}`,
    /** The same, for as many as the daemon has left. @param refusal in its words */
    withLeft: (left, refusal) => ({
      ...again(run, left, which, body),
      consequence:
        `The daemon says: ${refusal}. Nothing was sent. What earlier ones have taken over does not count. ` +
        `A new run sends to the ${counted(left, "device")} of this one that ${whom}. This run stays as it is.`,
    }),
  };
}

/** @param made the daemon's answer to a retry */
export const queuedAgain = (made) => `✓ ${counted(made.devices, "device")} ${are(made.devices)} queued again: `;

/** @return the actions that the run as it stands allows, the likeliest first */
export function actionsOf(run) {
  const actions = [];
  if (!isOver(run)) {
    if (isPaused(run)) actions.push(resume(run));
    else actions.push(pause(run));
    actions.push(cancel(run));
  }
  if (run.devices.failed > 0) actions.push(again(run, run.devices.failed, "failed", { failed: true }));
  if (run.devices.canceled > 0) actions.push(again(run, run.devices.canceled, "not sent", { not_sent: true }));
  return actions;
}

/** @param isPastGate whatever the gate before it says */
export function approval(run, stage, isPastGate) {
  const gate = isPastGate ? " The gate before it is overruled." : "";
  return {
    verb: "approve",
    title: isPastGate ? `Approve stage ${stage.name} past the gate` : `Approve stage ${stage.name}`,
    action: isPastGate ? "Approve past the gate" : "Approve",
    isDangerous: isPastGate,
    consequence:
      `${counted(stage.devices, "device")} of stage ${stage.name} may be sent to.${gate}` +
      (isPaused(run) ? " The run is paused: it has to be resumed as well." : ""),
    /** What is said when it is done: what is still to do. */
    then: isPaused(run) ? " The run is paused: resume it, and it goes on." : "",
    command: `sluice approve ${run.run} --stage ${shellWord(stage.name)}${isPastGate ? " --past-gate" : ""}`,
    body: { stage: stage.name, ...(isPastGate ? { past_gate: true } : {}) },
  };
}

/** @param decision "accept" or "resend" @param doubts what is decided about; `isAll`: they are all there are */
export function doubtDecision(run, decision, doubts, isAll) {
  const devices = isAll ? run.devices.in_doubt : doubts.reduce((sum, doubt) => sum + doubt.devices, 0);
  const chunks = isAll ? run.chunks.in_doubt : doubts.length;
  const these = `${counted(devices, "device")} in ${counted(chunks, "chunk")}`;
  const isResend = decision === "resend";
  const which = isAll ? "" : doubts.map((doubt) => ` --chunk ${doubt.chunk}`).join("");
  return {
    verb: "decide",
    title: isResend ? "Send once more" : "Count as accepted",
    action: isResend ? "Send once more" : "Count as accepted",
    isDangerous: true,
    reason: "required",
    confirm: isResend ? confirmed(devices) : undefined,
    consequence: isResend
      ? `${these} ${are(devices)} sent the command once more. ` +
        `${devices === 1 ? "It" : "They"} may have got it already: then it runs twice.`
      : `${these} ${devices === 1 ? "counts" : "count"} as accepted (presumed) from now on, and ${are(devices)} not ` +
        `sent to again. Nobody knows whether ${devices === 1 ? "it" : "they"} got it.`,
    command: `sluice doubt ${decision} ${run.run} --reason TEXT --expect-devices ${devices}${which}`,
    body: { expect_devices: devices, ...(isAll ? {} : { chunks: doubts.map((doubt) => doubt.chunk) }) },
  };
}
