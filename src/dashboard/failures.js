// SPDX-License-Identifier: MIT
// What was not accepted, grouped by the code that the cloud gave, most frequent first.
import { get } from "./api.js";
import { element, keepList, setText } from "./dom.js";
import { poll } from "./live.js";
import { count } from "./text.js";

const codesMax = 50;

/** What stands for an answer without a code, such as silence. */
const codeText = (code) => (code === "" ? "(no code)" : code);

function makeCode() {
  const parts = {
    code: element("td", { class: "name code" }),
    attempts: element("td", { class: "number", "data-head": "Attempts" }),
    failed: element("td", { class: "number", "data-head": "Failed" }),
    doubtful: element("td", { class: "number", "data-head": "In doubt" }),
    message: element("td", { class: "name" }),
    devices: element("td", { class: "name", "data-head": "Devices, such as" }),
  };
  const row = element("tr", {}, parts.code, parts.attempts, parts.failed, parts.doubtful, parts.message, parts.devices);
  row.parts = parts;
  return row;
}

/** @param find shows devices by the name that is pressed */
function updateCode(row, code, find) {
  setText(row.parts.code, codeText(code.code));
  setText(row.parts.attempts, count(code.attempts));
  setText(row.parts.failed, count(code.devices_failed));
  setText(row.parts.doubtful, count(code.devices_in_doubt));
  setText(row.parts.message, code.example);
  const link = (name) => element("button", { type: "button", class: "link", onclick: () => find(name) }, name);
  keepList(
    row.parts.devices,
    code.devices,
    (name) => name,
    link,
    () => {},
  );
}

/**
 * @param find(filter) shows devices: {state} of all that failed, {name} of one
 * @return {element, follow(milliseconds, isAny), destroy}
 */
export function failures(run, frame, find) {
  const rows = element("tbody");
  const heads = [
    ["Code"],
    ["Attempts", "number"],
    ["Failed", "number"],
    ["In doubt", "number"],
    ["Message"],
    ["Devices, such as"],
  ];
  const head = element(
    "tr",
    {},
    heads.map(([text, kind]) => element("th", { scope: "col", class: kind }, text)),
  );
  const table = element("table", { class: "rows", hidden: true }, element("thead", {}, head), rows);
  const none = element("p", { class: "quiet", hidden: true }, "Nothing was refused, and no request went without an answer.");
  const show = (state, text) => element("button", { type: "button", onclick: () => find({ state }) }, text);
  const buttons = element(
    "p",
    { class: "actions" },
    show("failed", "Show all failed devices"),
    show("in_doubt", "Show all in doubt"),
  );
  let pace = 10000;
  const polling = poll(
    () => pace,
    async (signal) => {
      const { items } = await get(`runs/${run}/codes?limit=${codesMax}`, signal);
      keepList(
        rows,
        items,
        ({ code }) => code,
        makeCode,
        (row, code) => updateCode(row, code, (name) => find({ name })),
      );
      table.hidden = items.length === 0;
      buttons.hidden = items.length === 0;
      none.hidden = items.length > 0;
    },
    frame.sayProblem,
  );
  return {
    element: element(
      "section",
      { "aria-labelledby": "failures-title" },
      element("h2", { id: "failures-title" }, "Failures by code"),
      table,
      none,
      buttons,
    ),
    follow: (milliseconds) => (pace = milliseconds),
    destroy: polling.stop,
  };
}
