// SPDX-License-Identifier: MIT
// The devices of a run: found by name, state and code, page by page, and all of them as a file.
import { get, stream } from "./api.js";
import { deviceSigns, plainTable, requestId } from "./chunk_detail.js";
import { commandLine } from "./dialog.js";
import { element, keepFocus, keepList, setText } from "./dom.js";
import { codeText, count, counted, shellWord, words } from "./text.js";
import { timeElement } from "./time_element.js";

const rowsMax = 50;
/** A larger file is made by the command line: here all of it would have to be in memory. */
const fileCharactersMax = 64 * 1024 * 1024;
const states = ["", "accepted", "confirmed", "presumed", "failed", "in_doubt", "canceled", "pending", "in_flight"];
const types = { csv: "text/csv", ndjson: "application/x-ndjson" };

const columns = [
  ["Device", (device) => device.device],
  [
    "State",
    (device) =>
      `${deviceSigns[device.state] ?? ""} ${words(device.state)}${device.evidence === "presumed" ? " (presumed)" : ""}`,
  ],
  ["Chunk", (device) => device.chunk, "number"],
  ["Attempts", (device) => device.attempts, "number"],
  ["Code", (device) => device.code],
  ["Message", (device) => device.message],
  ["Settled", (device) => (device.settled_at ? timeElement(device.settled_at) : "")],
  ["Request id", (device) => requestId(device.request_id)],
];

/**
 * What is asked for, and `more` about how it is to be answered.
 * @param filter {state, code, match, name}: `match` is how the API calls the search for the name; "" is any, but of
 *   codes: there null is any, and "" none
 */
export function queryOf({ state, code, match, name }, more) {
  const asked = new URLSearchParams(more);
  if (state) asked.set("state", state);
  if (code !== null) asked.set("code", code);
  if (name) asked.set(match, name);
  return asked.toString();
}

/** The command line that saves the same; "" if there is none, as it does not search for names. */
export function resultsCommand(run, { state, code, name }, format) {
  if (name) return "";
  const codeWord = code === "" ? "none" : code;
  const picked = `${state && ` --state ${state}`}${code === null ? "" : ` --code ${shellWord(codeWord)}`}`;
  return `sluice results ${run} --output ${format}${picked} > devices.${format}`;
}

export const saveText = ({ state, code, name }, format) =>
  `Save ${state || code !== null || name ? "these" : "all"} as ${format.toUpperCase()}`;

const anyCode = "any";

/** As the value of an option, so that any is told from none. */
const codeValue = (code) => (code === null ? anyCode : `code ${code}`);
const codeOf = (value) => (value === anyCode ? null : value.slice("code ".length));

/** A choice among codes. @return {select, value, offer(codes): with the one that is chosen} */
function codeChoice() {
  const select = element("select", { name: "code" });
  const make = (code) =>
    element("option", { value: codeValue(code) }, code === null ? anyCode : codeText(code));
  let offered = [];
  const choose = (code) => {
    keepList(select, [...new Set([null, ...offered, code])], codeValue, make, () => {});
    select.value = codeValue(code);
  };
  choose(null);
  return {
    select,
    offer(codes) {
      // Always in the same order: who is about to choose must not see them change places.
      offered = [...codes].sort();
      choose(codeOf(select.value));
    },
    get value() {
      return codeOf(select.value);
    },
    set value(code) {
      choose(code);
    },
  };
}

function save(pieces, name, type) {
  const address = URL.createObjectURL(new Blob(pieces, { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** @return false: it would be too large */
async function saveAs(run, query, format, signal) {
  const pieces = [];
  let characters = 0;
  const headers = { Accept: types[format] };
  for await (const piece of stream(`runs/${run}/devices?${query}`, headers, signal)) {
    characters += piece.length;
    if (characters > fileCharactersMax) return false;
    pieces.push(piece);
  }
  save(pieces, `run-${run}-devices.${format}`, types[format]);
  return true;
}

function searchForm() {
  const name = element("input", { name: "name", type: "search", autocomplete: "off", spellcheck: "false" });
  const match = element(
    "select",
    { name: "match" },
    element("option", { value: "prefix" }, "begins with"),
    element("option", { value: "search" }, "contains"),
  );
  const state = element(
    "select",
    { name: "state" },
    states.map((each) => element("option", { value: each }, each === "" ? "any" : words(each))),
  );
  const code = codeChoice();
  const field = (text, control) => element("label", {}, text, control);
  const find = element("button", { type: "submit", class: "primary" }, "Find");
  const form = element(
    "form",
    { class: "search", role: "search" },
    field("Name ", match),
    field("Text ", name),
    field("State ", state),
    field("Code ", code.select),
    find,
  );
  return { form, name, match, state, code };
}

/** @return {element, find(filter), offerCodes(codes), destroy}: filter is some of {state, code, name} */
export function deviceSearch(run, frame) {
  const fields = searchForm();
  const found = plainTable(columns, "Devices, in the order of the job's list");
  found.table.hidden = true;
  const told = element("p", { class: "quiet", role: "status" });
  const next = element("button", { type: "button", hidden: true, onclick: () => read(cursor) }, "Next page");
  const first = element("button", { type: "button", hidden: true, onclick: () => read("") }, "First page");
  const large = element("p", { class: "quiet", hidden: true });
  const ending = new AbortController();
  let reading = new AbortController();
  let cursor = "";
  // As it was at "Find": what is typed since is neither what is shown nor what a next page or a file is about.
  let asked = { state: "", code: null, match: "prefix", name: "" };

  const tell = (page) => {
    // A search through a long list ends before its end: then a page is short, and goes on.
    const isKnown = page.total !== null && page.total !== undefined;
    if (page.items.length > 0 && isKnown)
      return `${count(page.items.length)} of ${counted(page.total, "device")} on this page.`;
    if (page.items.length > 0) return `${counted(page.items.length, "device")} on this page.`;
    return page.next ? "None so far; the list goes on." : "No such device.";
  };
  /** As frame.attempt(), but for what was given up on purpose. */
  const attempt = (work) =>
    frame.attempt(() =>
      work().catch((trouble) => {
        if (trouble.name !== "AbortError") throw trouble;
      }),
    );
  const read = (from) => {
    // A slow answer to an earlier question must not come over the answer to this one.
    reading.abort();
    reading = new AbortController();
    const signal = AbortSignal.any([reading.signal, ending.signal]);
    return attempt(async () => {
      const query = queryOf(asked, { limit: rowsMax, ...(from && { cursor: from }) });
      const page = await get(`runs/${run}/devices?${query}`, signal);
      if (signal.aborted) return;
      found.show(page.items);
      found.table.hidden = page.items.length === 0;
      cursor = page.next ? new URL(page.next, location.href).searchParams.get("cursor") : "";
      keepFocus(buttons, () => {
        next.hidden = !page.next;
        first.hidden = from === "";
      });
      setText(told, tell(page));
    });
  };
  const exportAs = (format) =>
    attempt(async () => {
      const filter = asked;
      const isSaved = await saveAs(run, queryOf(filter, { format }), format, ending.signal);
      large.hidden = isSaved;
      if (isSaved) return;
      const command = resultsCommand(run, filter, format);
      if (command) large.replaceChildren("That is too large for a page. On the command line: ", commandLine(command));
      else large.replaceChildren("That is too large for a page. Find fewer: by more of the name, by state or code.");
    });
  const exports = Object.keys(types).map((format) => ({
    format,
    button: element("button", { type: "button", onclick: () => exportAs(format) }, saveText(asked, format)),
  }));
  const buttons = element("p", { class: "actions" }, first, next, exports.map(({ button }) => button));
  const findNow = () => {
    const { state, code, match, name } = fields;
    asked = { state: state.value, code: code.value, match: match.value, name: name.value };
    for (const { format, button } of exports) setText(button, saveText(asked, format));
    large.hidden = true;
    read("");
  };
  fields.form.addEventListener("submit", (event) => {
    event.preventDefault();
    findNow();
  });
  const place = element(
    "section",
    { "aria-labelledby": "devices-title" },
    element("h2", { id: "devices-title", tabindex: -1 }, "Devices"),
    fields.form,
    told,
    found.table,
    buttons,
    large,
  );
  return {
    element: place,
    offerCodes: fields.code.offer,
    find({ state = "", code = null, name = "" }) {
      fields.state.value = state;
      fields.code.value = code;
      fields.name.value = name;
      fields.match.value = "prefix";
      findNow();
      place.scrollIntoView();
      place.querySelector("h2").focus();
    },
    destroy: () => ending.abort(),
  };
}
