// SPDX-License-Identifier: MIT
// The head of a run: how it stands and why, and its numbers, which add up to the total.
import { element, setAttribute, setText } from "./dom.js";
import { progressBar, updateProgress } from "./progress.js";
import { chunksInAll, rowsOf, timeLeft } from "./run_figures.js";
import { chunkStates, count, counted, duration, localTime, percent, runSign, were, words } from "./text.js";

/** Who or what has stopped it, where it is on record. */
function stoppedText(run) {
  if (run.control === "active") return "";
  const by = run.control_actor || words(run.control_cause);
  return `${words(run.control)}${by && ` by ${by}`}${run.control_at ? `, ${localTime(run.control_at)}` : ""}`;
}

function sourceText(run) {
  if (run.parent !== null) return element("a", { href: `#/runs/${run.parent}` }, `${run.purpose} of run ${run.parent}`);
  return run.job_file;
}

/** Name and text of each fact, and the exact time in it; one without a text is not shown. */
const facts = [
  ["Tenant", (run) => run.tenant],
  ["Stopped", stoppedText, (run) => run.control_at],
  ["Time left", timeLeft],
  ["Rate", (run) => `${counted(run.rate, "request")}/s at most`],
  ["Requests", (run) => `${count(run.requests)}, ${count(run.throttled)} throttled`],
  [
    "Submitted",
    (run) => `${localTime(run.created_at)}${run.submitter && ` by ${run.submitter}`}`,
    (run) => run.created_at,
  ],
  ["Started", (run) => localTime(run.started_at), (run) => run.started_at],
  ["Finished", (run) => localTime(run.finished_at), (run) => run.finished_at],
  ["Took", (run) => tookText(run)],
  ["Endpoint", (run) => run.endpoint],
  ["From", sourceText],
];

function tookText(run) {
  const foreseen = run.predicted_seconds === null ? "" : `foreseen: ${duration(run.predicted_seconds)}`;
  if (run.seconds === null) return foreseen === "" ? "–" : foreseen;
  return `${duration(run.seconds)}${foreseen && ` (${foreseen})`}`;
}

function makeFact([name]) {
  const text = element("dd");
  return { entry: element("div", {}, element("dt", {}, name), text), text };
}

/** @param content a text or a link @param time the exact one, if there is one */
function updateFact({ entry, text }, content, time) {
  entry.hidden = content === "";
  setAttribute(text, "title", time || null);
  const told = content.textContent ?? content;
  if (text.textContent !== told) text.replaceChildren(content);
}

function makeRow({ letter }) {
  const { sign, name, state } = chunkStates[letter];
  const cells = { devices: element("td", { class: "number" }), share: element("td", { class: "number" }) };
  const mark = element("span", { class: `mark mark-${state}`, "aria-hidden": "true" }, sign);
  const row = element("tr", {}, element("th", { scope: "row" }, mark, ` ${name}`), cells.devices, cells.share);
  if (letter !== "u") {
    cells.chunks = element("td", { class: "number", rowspan: letter === "a" ? 2 : 1 });
    row.append(cells.chunks);
  }
  return { row, cells };
}

function numbersTable() {
  const heads = ["State", "Devices", "Share", "Chunks"];
  const rows = ["a", "u", "f", "d", "c", "i", "p"].map((letter) => makeRow({ letter }));
  const total = [
    element("td", { class: "number" }),
    element("td", { class: "number" }, "100 %"),
    element("td", { class: "number" }),
  ];
  const head = element(
    "tr",
    {},
    heads.map((text, index) => element("th", { scope: "col", class: index ? "number" : "" }, text)),
  );
  const foot = element("tr", {}, element("th", { scope: "row" }, "total"), total);
  const table = element(
    "table",
    { class: "run-numbers" },
    element("thead", {}, head),
    element(
      "tbody",
      {},
      rows.map(({ row }) => row),
    ),
    element("tfoot", {}, foot),
  );
  return {
    table,
    update(run) {
      rowsOf(run).forEach((row, index) => {
        const { cells } = rows[index];
        setText(cells.devices, count(row.devices));
        setText(cells.share, percent(row.devices, run.devices.total));
        if (cells.chunks) setText(cells.chunks, count(row.chunks));
      });
      setText(total[0], count(run.devices.total));
      setText(total[2], count(chunksInAll(run)));
    },
  };
}

/** What the numbers do not say: what may be there twice, and which chunks were cut in two. */
function notesOf(run) {
  const notes = [];
  if (run.devices_unclear > 0)
    notes.push(`Of the pending ones ${counted(run.devices_unclear, "device")} may have got the command already.`);
  const { split } = run.chunks;
  if (split > 0)
    notes.push(
      `${counted(split, "chunk")} ${were(split)} split: only ${split === 1 ? "its" : "their"} parts are counted.`,
    );
  if (run.duplicates > 0)
    notes.push(`${counted(run.duplicates, "duplicate")} of the list ${were(run.duplicates)} left out.`);
  return notes.join(" ");
}

/** Whether somebody sends it: a run that is under way and that nobody sends gets no further by itself. */
function sendingText(run) {
  if (run.devices.pending === 0) return "";
  return run.being_sent ? "The daemon serves it." : "Nobody sends it.";
}

/** The daemon's own line begins with the run and ends with the command, which stand elsewhere here. */
export function whyText(run) {
  const command = ` → ${run.next_command}`;
  const line = run.why.replace(/^run \d+: /, "");
  // Whoever stopped it may have written an arrow too.
  const reason = line.endsWith(command) ? line.slice(0, -command.length) : line;
  return [reason && `${reason}.`, sendingText(run)].filter(Boolean).join(" ");
}

function whyLine() {
  const reason = element("span");
  const command = element("code");
  const next = element("span", { class: "quiet" }, " Next, on the command line: ", command);
  return { element: element("p", { class: "why" }, reason, next), reason, next, command };
}

/** @return {element, actions, update(run)}: the place `actions` is for buttons */
export function runHead(id) {
  const title = element("h1", {}, `Run ${id}`);
  const status = element("p", { class: "status" });
  const why = whyLine();
  const bar = progressBar();
  const numbers = numbersTable();
  const notes = element("p", { class: "quiet" });
  const made = facts.map(makeFact);
  const list = element(
    "dl",
    { class: "run-facts" },
    made.map(({ entry }) => entry),
  );
  const actions = element("div", { class: "actions" });
  const sides = element(
    "div",
    { class: "run-sides" },
    element("section", { "aria-label": "Devices and chunks by state" }, numbers.table, notes),
    list,
  );
  return {
    element: element(
      "div",
      { class: "run-head" },
      title,
      element("div", { class: "run-standing" }, status, actions),
      why.element,
      bar,
      sides,
    ),
    actions,
    update(run) {
      setText(title, `Run ${run.run}: ${run.job}`);
      setText(status, `${runSign(run.status)} ${words(run.status)}`);
      setText(why.reason, whyText(run));
      setText(why.command, run.next_command);
      why.next.hidden = run.next_command === "" || run.status === "running";
      updateProgress(bar, run.devices);
      numbers.update(run);
      setText(notes, notesOf(run));
      facts.forEach(([, content, time], index) => updateFact(made[index], content(run), time?.(run)));
    },
  };
}
