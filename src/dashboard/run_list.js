// SPDX-License-Identifier: MIT
// The runs of all tenants: the unfinished ones first, then the newest; older ones page by page; or those of one
// status, tenant or job.
import { get } from "./api.js";
import { element, keepFocus, keepList, setText } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { inOrder, isUnfinished, RunRates } from "./listed_run.js";
import { runTable } from "./run_table.js";
import { words } from "./text.js";

const pageRows = 25;
const unfinishedRows = 100; // of each status; more are found by the filter, page by page
const detailsAtOnce = 8; // what one look asks about single runs, at most
const statuses = [
  "pending",
  "running",
  "paused",
  "succeeded",
  "completed_with_failures",
  "finished_in_doubt",
  "canceled",
];

const option = (value, text) => element("option", { value }, text);

/** The fields that choose which runs are shown. @param changed called when one does */
function filterFields(changed) {
  const status = element(
    "select",
    { name: "status" },
    option("", "any"),
    statuses.map((name) => option(name, words(name))),
  );
  const tenant = element("select", { name: "tenant" }, option("", "any"));
  const job = element("input", {
    name: "job",
    type: "search",
    list: "job-names",
    placeholder: "whole name",
    autocomplete: "off",
  });
  const jobs = element("datalist", { id: "job-names" });
  const labelled = (text, field) => element("label", {}, text, field);
  const form = element(
    "form",
    { class: "filter", role: "search", "aria-label": "Which runs" },
    labelled("Status", status),
    labelled("Tenant", tenant),
    labelled("Job", job),
    jobs,
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", changed);
  const updateOption = (node, value) => setText(node, value || "any");
  return {
    element: form,
    values: () =>
      Object.fromEntries(
        [status, tenant, job].map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value),
      ),
    takeTenants: (names) =>
      keepList(
        tenant,
        ["", ...names],
        (name) => name,
        (name) => option(name, name || "any"),
        updateOption,
      ),
    takeJobs: (names) =>
      keepList(
        jobs,
        names,
        (name) => name,
        (name) => option(name, name),
        () => {},
      ),
  };
}

const query = (values) => new URLSearchParams(values).toString();
const pathOf = (url) => url.replace(/^\/api\/v1\//, "");

/** The first page without a status: all that is unfinished (as far as it fits), and the newest. */
async function readFirst(values, signal) {
  const of = (more) => get(`runs?${query({ ...values, ...more })}`, signal);
  const asked = ["running", "paused", "pending"].map((status) => of({ status, limit: unfinishedRows }));
  const [newest, ...unfinished] = await Promise.all([of({ limit: pageRows }), ...asked]);
  return {
    items: inOrder(
      unfinished.flatMap((page) => page.items),
      newest.items,
    ),
    next: newest.next,
  };
}

/** Asks about single unfinished runs, a few at a time, in turn. */
class Details {
  #known = new Map();
  #turn = 0;

  async look(runs, signal) {
    const unfinished = runs.filter(isUnfinished);
    const ids = new Set(unfinished.map(({ run }) => run));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
    const some = Math.min(detailsAtOnce, unfinished.length);
    const chosen = Array.from({ length: some }, (_, index) => unfinished[(this.#turn + index) % unfinished.length]);
    this.#turn = unfinished.length === 0 ? 0 : (this.#turn + some) % unfinished.length;
    const answers = await Promise.all(chosen.map(({ run }) => get(`runs/${run}`, signal)));
    for (const answer of answers) this.#known.set(answer.run, answer);
  }

  of(run) {
    return this.#known.get(run);
  }
}

/** @return {element, takeTenants(names), leave} */
export function runsSection(frame) {
  let pages = []; // the way to the page that is shown; empty: the first
  let next = null;
  const [table, rates, details] = [runTable(), new RunRates(), new Details()];
  const none = element("p", { class: "quiet", hidden: true });
  const restart = () => {
    pages = [];
    runs.now();
  };
  const filter = filterFields(restart);
  const newer = element("button", { type: "button", onclick: () => (pages.pop(), runs.now()) }, "Newer runs");
  const goOlder = () => {
    // Pressed twice before the page is there, it is still one page.
    if (next !== pages.at(-1)) pages.push(next);
    runs.now();
  };
  const older = element("button", { type: "button", onclick: goOlder }, "Older runs");

  const turning = element("p", { class: "buttons pages" }, newer, older);

  const read = (signal) => {
    const values = filter.values();
    if (pages.length > 0) return get(pathOf(pages.at(-1)), signal);
    return values.status ? get(`runs?${query({ ...values, limit: pageRows })}`, signal) : readFirst(values, signal);
  };
  const show = (items) => {
    table.show(items.map((run) => ({ run, detail: details.of(run.run), rate: rates.of(run.run) })));
    setText(none, Object.keys(filter.values()).length > 0 ? "No run like that." : "No run yet.");
    none.hidden = items.length > 0;
    keepFocus(turning, () => {
      newer.hidden = pages.length === 0;
      older.hidden = next === null;
    });
    filter.takeJobs([...new Set(items.map(({ job }) => job))].sort());
  };
  const look = async (signal) => {
    const page = await read(signal);
    next = page.next;
    rates.take(page.items, performance.now());
    show(page.items);
    await details.look(page.items, signal);
    show(page.items);
  };
  const runs = poll(2000, look, frame.sayProblem);
  const unlisten = onEvent((event) => event.run !== null && runs.now());
  return {
    element: element(
      "section",
      { "aria-labelledby": "runs-title" },
      element("div", { class: "title-line" }, element("h2", { id: "runs-title" }, "Runs"), filter.element),
      table.element,
      none,
      turning,
    ),
    takeTenants: filter.takeTenants,
    leave() {
      unlisten();
      runs.stop();
    },
  };
}
