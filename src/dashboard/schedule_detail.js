// SPDX-License-Identifier: MIT
// One schedule: its next ten ticks, what became of the last ones, its runs, and what can be done with it.
import { get, post } from "./api.js";
import { daemonNow } from "./daemon_clock.js";
import { ask } from "./dialog.js";
import { element, keepFocus, keepList, setAttribute, setText } from "./dom.js";
import { isUnfinished } from "./listed_run.js";
import { onEvent, poll } from "./live.js";
import { runTable } from "./run_table.js";
import {
  clockChangeText,
  countdown,
  missedText,
  overlapText,
  scheduleSigns,
  tickSigns,
  triggerConsequence,
  zonedText,
} from "./schedule_text.js";
import { tableOf } from "./table.js";
import { count, counted, localTime, shellWord } from "./text.js";

const ticksAhead = 10;
const ticksBehind = 20;
const runsShown = 5;

/** A part with a title. A wide table in it scrolls by itself, also by keyboard. */
const part = (title, ...content) =>
  element("section", { role: "region", "aria-label": title, tabindex: 0 }, element("h3", {}, title), content);

function makeComing(tick) {
  const left = element("td", { class: "quiet time", "data-head": "Left" });
  const row = element(
    "tr",
    {},
    element("td", { class: "time", "data-head": "There" }, zonedText(tick.local)),
    element("td", { class: "time", "data-head": "Here" }, localTime(tick.due_at)),
    element("td", { class: "time", "data-head": "UTC" }, tick.due_at),
    left,
    element("td", { class: "clock-change" }, tick.clock_change ? `⚠ ${clockChangeText(tick.clock_change)}` : ""),
  );
  row.left = left;
  return row;
}

const runLink = (run) => (run === null ? "–" : element("a", { href: `#/runs/${run}` }, `${run}`));

function makePast(tick) {
  return element(
    "tr",
    {},
    element("td", { class: "time", "data-head": "Tick", title: tick.at }, localTime(tick.at)),
    element("td", {}, `${tickSigns[tick.state]} ${tick.state}`),
    element("td", {}, tick.kind + (tick.ticks > 1 ? `, the last of ${count(tick.ticks)}` : "")),
    element("td", { class: "number", "data-head": "Run" }, runLink(tick.run)),
    element("td", { class: "reason", "data-head": "Reason" }, tick.reason || "–"),
    element("td", { class: "name", "data-head": "By" }, tick.actor),
  );
}

/** A term and what it is, in a list of such. */
const fact = (term, node) => element("div", {}, element("dt", {}, term), node);

function facts() {
  const nodes = Object.fromEntries(
    ["state", "cron", "overlap", "missed", "until", "origin"].map((name) => [name, element("dd")]),
  );
  const list = element(
    "dl",
    { class: "facts" },
    fact("State", nodes.state),
    fact("When", nodes.cron),
    fact("Overlap", nodes.overlap),
    fact("Missed", nodes.missed),
    fact("Until", nodes.until),
    fact("Comes from", nodes.origin),
  );
  const update = (schedule) => {
    setText(nodes.state, `${scheduleSigns[schedule.state]} ${schedule.state}`);
    const spread = schedule.spread_seconds > 0 ? `, late by a part of ${schedule.spread_seconds} s` : "";
    setText(nodes.cron, `${schedule.cron} in ${schedule.zone}${spread}`);
    setText(nodes.overlap, `${schedule.overlap}: ${overlapText(schedule.overlap)}`);
    setText(nodes.missed, `${schedule.missed}: ${missedText(schedule)}`);
    setText(nodes.until, schedule.until ? localTime(schedule.until) : "no end");
    const source = schedule.job_file ? `job file ${schedule.job_file}` : "a job that was added";
    const revision = `revision ${schedule.revision} by ${schedule.revised_by} of ${localTime(schedule.revised_at)}`;
    setText(nodes.origin, `${source}, job ${schedule.job}, ${revision}`);
  };
  return { element: list, update };
}

const body = (answer) => (answer.reason ? { reason: answer.reason } : {});
const pathOf = (name) => `schedules/${encodeURIComponent(name)}`;

async function askToPause(frame, name, coming) {
  const next = coming.length > 0 ? `The next tick, ${localTime(coming[0].due_at)}, ` : "A tick ";
  const command = `sluice schedule pause ${shellWord(name)}`;
  const answer = await ask({
    title: `Pause schedule ${name}`,
    consequence:
      `${next}does not run, nor does any after it, until the schedule is resumed. ` + "A run that has begun goes on.",
    command,
    action: "Pause",
    reason: true,
  });
  if (!answer) return;
  const order = { verb: "pause", command };
  const told = await frame.attempt(() => post(`${pathOf(name)}:pause`, body(answer)), order);
  if (told) frame.say(`✓ Schedule ${name} ${told.changed ? "is paused" : "was paused already"}.`);
}

async function askToResume(frame, name) {
  const coming = await get(`${pathOf(name)}/next?limit=1`);
  const next =
    coming.ticks.length > 0
      ? `Its ticks run again, the next one ${localTime(coming.ticks[0].due_at)}.`
      : "It has no tick to come.";
  const command = `sluice schedule resume ${shellWord(name)}`;
  const answer = await ask({
    title: `Resume schedule ${name}`,
    consequence: `${next} Those that came while it was paused do not.`,
    command,
    action: "Resume",
    reason: true,
  });
  if (!answer) return;
  const order = { verb: "resume", command };
  const told = await frame.attempt(() => post(`${pathOf(name)}:resume`, body(answer)), order);
  if (told) frame.say(`✓ Schedule ${name} ${told.changed ? "is active again" : "was active already"}.`);
}

function triggeredText(name, told) {
  if (told.tick === "skipped") return `Nothing began: ${told.reason}`;
  if (told.tick === "queued") return `✓ A tick of ${name} waits for the last run to end.`;
  return `✓ Run ${told.run} of schedule ${name} has begun.`;
}

async function askToTrigger(frame, schedule) {
  const name = schedule.schedule;
  const [last] = (await get(`runs?schedule=${encodeURIComponent(name)}&limit=1`)).items;
  const consequence = triggerConsequence(schedule, last, last !== undefined && isUnfinished(last));
  const command = `sluice schedule trigger ${shellWord(name)}`;
  const answer = await ask({
    title: `Run ${name} now`,
    consequence: consequence.text,
    command,
    action: "Run now",
    isDangerous: consequence.isDangerous,
  });
  if (!answer) return;
  const told = await frame.attempt(() => post(`${pathOf(name)}:trigger`), { verb: "trigger", command });
  if (told) frame.say(triggeredText(name, told));
}

/** @return {element, leave} */
export function scheduleDetail(frame, name) {
  let schedule = null;
  let coming = [];
  const about = facts();
  const [comingRows, pastRows, runs] = [element("tbody"), element("tbody"), runTable()];
  const [noComing, noPast, noRuns] = ["It has no tick to come.", "No tick yet.", "No run yet."].map((text) =>
    element("p", { class: "quiet", hidden: true }, text),
  );
  const zone = element("p", { class: "quiet" });
  const press = (work) => async () => {
    await frame.attempt(work);
    reading.now();
  };
  const button = (text, work) => element("button", { type: "button", disabled: true, onclick: press(work) }, text);
  const pause = button("Pause", () => askToPause(frame, name, coming));
  const resume = button("Resume", () => askToResume(frame, name));
  const trigger = button("Run now", () => askToTrigger(frame, schedule));
  const buttons = element("p", { class: "buttons" }, trigger, pause, resume);
  const missing = element("p", { class: "status reason", hidden: true });
  const told = element(
    "div",
    {},
    about.element,
    part(
      `Next ${counted(ticksAhead, "tick")}`,
      zone,
      tableOf({ There: "", Here: "", UTC: "", Left: "", "Clock change": "" }, comingRows, { class: "rows" }),
      noComing,
    ),
    part(
      "What became of the last ticks",
      tableOf({ Tick: "", State: "", Kind: "", Run: "number", Reason: "", By: "" }, pastRows, { class: "rows" }),
      noPast,
    ),
    part("Its newest runs", runs.element, noRuns),
  );
  /** @param reason why there is nothing to show; "": there is */
  const showUnless = (reason) =>
    keepFocus(place, () => {
      setText(missing, reason);
      missing.hidden = reason === "";
      buttons.hidden = told.hidden = reason !== "";
    });

  const countDown = () => {
    const now = daemonNow();
    keepList(
      comingRows,
      coming,
      (tick) => tick.due_at,
      makeComing,
      (row, tick) => setText(row.left, schedule?.state === "active" ? countdown(tick.due_at, now) : "does not run"),
    );
  };
  const updateButtons = () => {
    const isRetired = schedule.state === "retired";
    for (const each of [pause, resume, trigger]) {
      each.disabled = isRetired;
      setAttribute(each, "title", isRetired ? "It is retired: its job file was removed." : null);
    }
    pause.hidden = schedule.state === "paused";
    resume.hidden = schedule.state !== "paused";
  };
  const show = (past, listed) => {
    showUnless("");
    about.update(schedule);
    keepFocus(buttons, updateButtons);
    countDown();
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    setText(zone, `In the schedule's own zone, ${schedule.zone}; in yours, ${here}; and in UTC.`);
    keepList(
      pastRows,
      past,
      (tick) => `${tick.at} ${tick.kind} ${tick.state} ${tick.run} ${tick.decided_at}`,
      makePast,
      () => {},
    );
    runs.show(listed.map((run) => ({ run, detail: undefined, rate: null })));
    noComing.hidden = coming.length > 0;
    noPast.hidden = past.length > 0;
    noRuns.hidden = listed.length > 0;
  };
  const reading = poll(
    5000,
    async (signal) => {
      const [told, next, past, listed] = await Promise.all([
        get(pathOf(name), signal),
        get(`${pathOf(name)}/next?limit=${ticksAhead}`, signal),
        get(`${pathOf(name)}/ticks?limit=${ticksBehind}`, signal),
        get(`runs?schedule=${encodeURIComponent(name)}&limit=${runsShown}`, signal),
      ]);
      schedule = told.schedule;
      coming = next.ticks;
      show(past.items, listed.items);
    },
    (trouble) => {
      // It may come back: its job file may.
      if (trouble.status === 404) return showUnless("There is no such schedule.");
      if (trouble.status === 422) return showUnless(`✗ Its job cannot be read, nothing runs: ${trouble.message}`);
      return frame.sayProblem(trouble);
    },
  );
  const counting = setInterval(countDown, 1000);
  const unlisten = onEvent((event) => (event.schedule === name || event.run !== null) && reading.now());
  const place = element(
    "section",
    { "aria-labelledby": "schedule-title", class: "schedule-detail" },
    element("div", { class: "title-line" }, element("h2", { id: "schedule-title", class: "name" }, name), buttons),
    missing,
    told,
  );
  return {
    element: place,
    leave() {
      clearInterval(counting);
      unlisten();
      reading.stop();
    },
  };
}
