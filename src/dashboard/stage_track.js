// SPDX-License-Identifier: MIT
// The stages of a run, one after the other, with what has to come true between them.
import { approval } from "./action_rules.js";
import { daemonNow } from "./daemon_clock.js";
import { element, keepFocus, keepList, setAttribute, setText } from "./dom.js";
import { progressBar, updateProgress } from "./progress.js";
import { carryOut } from "./run_actions.js";
import { buttonsOf, stageDevices, stageStates } from "./stage_state.js";
import { counted, count, duration, localTime } from "./text.js";

const figures = [
  ["accepted", "✓"],
  ["failed", "✗"],
  ["in_doubt", "?"],
  ["canceled", "–"],
];

/** "✓ 19, ✗ 1 of 20 devices" */
function devicesText(stage) {
  const parts = figures.filter(([state]) => stage[state] > 0).map(([state, sign]) => `${sign} ${count(stage[state])}`);
  return `${parts.join(", ") || "0"} of ${counted(stage.devices, "device")}`;
}

/** What comes after the stage's devices, and before the next stage's. */
function gateTexts(terms, next) {
  const texts = [];
  if (terms.soak_seconds > 0) texts.push(`Soaks for ${duration(terms.soak_seconds)}.`);
  for (const sentence of terms.gate) texts.push(`${sentence[0].toUpperCase()}${sentence.slice(1)}.`);
  if (next?.needs_approval) texts.push("Then the next stage waits for an approval.");
  return texts;
}

function timesText(stage) {
  const pastGate = stage.past_gate ? " past the gate" : "";
  if (!stage.opened_at)
    return stage.approved_at ? `approved${pastGate} ${localTime(stage.approved_at)} by ${stage.approved_by}` : "";
  const approved = stage.approved_by ? `, approved${pastGate} by ${stage.approved_by}` : "";
  return `${localTime(stage.opened_at)} – ${stage.settled_at ? localTime(stage.settled_at) : ""}${approved}`;
}

/** The same times as they are on record. */
const exactTimes = (stage) =>
  [stage.opened_at ?? stage.approved_at, stage.settled_at].filter((time) => time).join(" – ") || null;

function makeStage(frame, approve) {
  const parts = {
    name: element("strong", { class: "name" }),
    state: element("span", { class: "stage-state" }),
    bar: progressBar(),
    devices: element("p", { class: "stage-devices" }),
    times: element("p", { class: "quiet" }),
    gate: element("ul", { class: "stage-after quiet", "aria-label": "Afterwards" }),
    approve: element("button", { type: "button", onclick: () => approve(false) }),
    past: element("button", { type: "button", class: "danger", onclick: () => approve(true) }, "Approve past the gate"),
  };
  const buttons = element("p", { class: "actions" }, parts.approve, parts.past);
  const head = element("p", { class: "stage-name" }, parts.name, parts.state);
  const item = element("li", {}, head, parts.bar, parts.devices, parts.times, buttons, parts.gate);
  item.parts = parts;
  return item;
}

function updateStage(item, { stage, state, terms, next, mayApprove, mayPass }) {
  const { parts } = item;
  setText(parts.name, `${stage.stage}. ${stage.name}`);
  setText(parts.state, `${state.sign} ${state.text}`);
  setAttribute(item, "class", `stage stage-${state.word}`);
  setAttribute(item, "aria-current", state.word === "open" ? "step" : null);
  updateProgress(parts.bar, stageDevices(stage));
  setText(parts.devices, devicesText(stage));
  setText(parts.times, timesText(stage));
  setAttribute(parts.times, "title", exactTimes(stage));
  parts.approve.hidden = !mayApprove;
  setText(parts.approve, state.word === "approval" ? "Approve" : "Approve ahead");
  setAttribute(parts.approve, "class", state.word === "approval" ? "primary" : null);
  parts.past.hidden = !mayPass;
  keepList(
    parts.gate,
    terms ? gateTexts(terms, next) : [],
    (text) => text,
    (text) => element("li", {}, text),
    () => {},
  );
}

/** @param changed called when something was approved @return {element, update(run, seen)} */
export function stageTrack(frame, changed) {
  const track = element("ol", { class: "stage-track" });
  const section = element(
    "section",
    { "aria-labelledby": "stages-title", hidden: true },
    element("h2", { id: "stages-title" }, "Stages"),
    track,
  );
  let now = null;
  const approve = async (number, isPastGate) => {
    const question = approval(now.run, now.seen.stages[number - 1], isPastGate);
    const tell = () => frame.say(`✓ ${question.title}: it is on record.${question.then}`);
    if (await carryOut(frame, question, `runs/${now.run.run}:approve`, question.body, tell)) changed();
  };
  return {
    element: section,
    update(run, told) {
      const seen = {
        ...told,
        isPaused: run.status === "paused",
        isStoppedByLimit: ["threshold", "gate"].includes(run.control_cause),
        isOver: run.devices.pending === 0,
      };
      const states = stageStates(seen, daemonNow());
      const buttons = buttonsOf(seen, states);
      now = { run, seen };
      section.hidden = seen.stages.length === 0;
      const items = seen.stages.map((stage, index) => ({
        stage,
        state: states[index],
        terms: seen.terms[index],
        next: seen.terms[index + 1],
        ...buttons[index],
      }));
      const make = ({ stage }) => makeStage(frame, (isPastGate) => approve(stage.stage, isPastGate));
      keepFocus(track, () => keepList(track, items, ({ stage }) => stage.stage, make, updateStage));
    },
  };
}
