// SPDX-License-Identifier: MIT
// Runs as rows: the same on every page that lists them.
import { daemonNow } from "./daemon_clock.js";
import { element, keepList, setAttribute, setText } from "./dom.js";
import { progressBar, updateProgress } from "./progress.js";
import { countsText, leftText, noteText } from "./listed_run.js";
import { tableOf } from "./table.js";
import { rateText } from "./tenant_state.js";
import { count, shortTime, runSign, words } from "./text.js";

/** Column heads, and the class of each that gives it its width. */
const columns = {
  Run: "run number",
  Job: "job",
  Status: "standing",
  Progress: "bar",
  Devices: "many number",
  Rate: "pace number",
  "Time left": "left number",
  Submitted: "when",
};

function makeRow(run) {
  const parts = {
    status: element("strong", { class: "run-status" }),
    note: element("span", { class: "quiet reason" }),
    progress: progressBar(),
    counts: element("span", { class: "quiet counts" }),
    rate: element("td", { class: "number", "data-head": "Rate" }),
    left: element("td", { class: "number range", "data-head": "Time left" }),
    when: element("td", { class: "time", title: run.created_at }),
  };
  const row = element(
    "tr",
    {},
    element("th", { scope: "row", class: "number" }, element("a", { href: `#/runs/${run.run}` }, `${run.run}`)),
    element("td", { class: "name" }, run.job, element("span", { class: "quiet" }, run.tenant)),
    element("td", { class: "standing" }, parts.status, parts.note),
    element("td", { class: "bar" }, parts.progress, parts.counts),
    element("td", { class: "many number" }, count(run.devices.total)),
    parts.rate,
    parts.left,
    parts.when,
  );
  row.parts = parts;
  return row;
}

function updateRow(row, { run, detail, rate }) {
  const { parts } = row;
  setAttribute(row, "class", `is-${run.status}`);
  setText(parts.status, `${runSign(run.status)} ${words(run.status)}`);
  setText(parts.note, noteText(run, detail));
  updateProgress(parts.progress, run.devices);
  setText(parts.counts, countsText(run.devices));
  setText(parts.rate, run.status === "running" && rate !== null ? rateText(rate) : "");
  // Of a page that is left open, what was today is yesterday at last.
  setText(parts.when, shortTime(run.created_at, daemonNow()));
  setText(parts.left, leftText(run.status === "running" ? detail : null));
}

/**
 * @return {element, show(entries)}: an entry is {run, detail, rate}; `detail` is GET /runs/N's answer or undefined,
 *   `rate` requests per second or null
 */
export function runTable() {
  const rows = element("tbody");
  return {
    element: tableOf(columns, rows, { class: "runs" }),
    show: (entries) =>
      keepList(
        rows,
        entries,
        ({ run }) => run.run,
        ({ run }) => makeRow(run),
        updateRow,
      ),
  };
}
