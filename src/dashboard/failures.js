// SPDX-License-Identifier: MIT
// What was not accepted, grouped by the code that the cloud gave, most frequent first.
import { get } from "./api.js";
import { element, keepList, setAttribute, setText } from "./dom.js";
import { poll } from "./live.js";
import { codeText, count, counted } from "./text.js";

const codesMax = 50;

/** Each number of devices is the way to them. @param find shows devices */
function makeCode({ code }, find) {
  const way = (state) => element("button", { type: "button", class: "link", onclick: () => find({ state, code }) });
  const parts = { failed: way("failed"), doubtful: way("in_doubt") };
  const cells = {
    code: element("td", { class: "name code" }, codeText(code)),
    attempts: element("td", { class: "number", "data-head": "Attempts" }),
    failed: element("td", { class: "number", "data-head": "Failed" }, parts.failed),
    doubtful: element("td", { class: "number", "data-head": "In doubt" }, parts.doubtful),
    message: element("td", { class: "name" }),
    devices: element("td", { class: "name", "data-head": "Devices, such as" }),
  };
  const row = element("tr", {}, Object.values(cells));
  row.parts = { ...cells, ...parts };
  return row;
}

function updateWay(button, devices, code, state) {
  setText(button, count(devices));
  setAttribute(button, "aria-label", `${counted(devices, "device")} ${state} with ${codeText(code)}`);
  button.disabled = devices === 0;
}

/** @param find shows devices by the name that is pressed */
function updateCode(row, code, find) {
  setText(row.parts.attempts, count(code.attempts));
  updateWay(row.parts.failed, code.devices_failed, code.code, "failed");
  updateWay(row.parts.doubtful, code.devices_in_doubt, code.code, "in doubt");
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
 * @param find(filter) shows devices: {state} of all that failed, {state, code} of those with a code, {name} of one
 * @param offerCodes called with the codes that there are
 * @return {element, follow(milliseconds), update(run), destroy}
 */
export function failures(run, frame, find, offerCodes) {
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
  let known = null;
  const polling = poll(
    () => pace,
    async (signal) => {
      const { items } = await get(`runs/${run}/codes?limit=${codesMax}`, signal);
      keepList(
        rows,
        items,
        ({ code }) => code,
        (code) => makeCode(code, find),
        (row, code) => updateCode(row, code, (name) => find({ name })),
      );
      offerCodes(items.map(({ code }) => code));
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
    follow(milliseconds) {
      const isFaster = milliseconds < pace;
      pace = milliseconds;
      if (isFaster) polling.now();
    },
    /** Of a run that is not being sent only a person's decision changes anything: that is seen at once. */
    update({ devices }) {
      const counts = `${devices.failed} ${devices.in_doubt}`;
      if (known !== null && counts !== known) polling.now();
      known = counts;
    },
    destroy: polling.stop,
  };
}
