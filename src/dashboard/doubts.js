// SPDX-License-Identifier: MIT
// The chunks of which nobody knows whether the command was executed, and what a person can decide about them.
import { doubtDecision } from "./action_rules.js";
import { get } from "./api.js";
import { element, keepFocus, keepList, setText } from "./dom.js";
import { carryOut } from "./run_actions.js";
import { count, counted } from "./text.js";
import { timeElement } from "./time_element.js";

const rowsMax = 50;
const outcomes = { accept: "counted as accepted", resend: "to be sent once more" };
const columns = ["Chunk", "Devices", "Sent", "Since", "Why", "Decision"];

/** @param changed called when something was decided @return {element, update(run, signal)} */
export function doubts(id, frame, openChunk, changed) {
  const rows = element("tbody");
  const head = element(
    "tr",
    {},
    columns.map((text, index) =>
      element("th", { scope: "col", class: index === 1 || index === 2 ? "number" : null }, text),
    ),
  );
  const table = element("table", { class: "rows" }, element("thead", {}, head), rows);
  const more = element("p", { class: "quiet" });
  let now = null;
  let shownOf = "";

  const decide = async (decision, chosen, isAll) => {
    const question = doubtDecision(now, decision, chosen, isAll);
    const tell = (given) =>
      frame.say(`✓ ${counted(given.devices, "device")} in ${counted(given.chunks, "chunk")}: ${outcomes[decision]}.`);
    if (await carryOut(frame, question, `runs/${id}/doubts:${decision}`, question.body, tell)) changed();
  };
  const buttons = (chosen, isAll, ofWhat) => [
    element(
      "button",
      { type: "button", "aria-label": `Count as accepted: ${ofWhat}`, onclick: () => decide("accept", chosen, isAll) },
      "Count as accepted",
    ),
    element(
      "button",
      {
        type: "button",
        class: "danger",
        "aria-label": `Send once more: ${ofWhat}`,
        onclick: () => decide("resend", chosen, isAll),
      },
      "Send once more",
    ),
  ];
  const make = (doubt) => {
    const chunk = element(
      "button",
      { type: "button", class: "link", onclick: () => openChunk(doubt.chunk) },
      `${doubt.chunk}`,
    );
    return element(
      "tr",
      {},
      element("td", { "data-head": "Chunk" }, chunk),
      element("td", { class: "number", "data-head": "Devices" }, count(doubt.devices)),
      element("td", { class: "number", "data-head": "Sent" }, `${count(doubt.sends)}×`),
      element("td", { class: "time", "data-head": "Since" }, timeElement(doubt.since)),
      element("td", { class: "name" }, [doubt.reason, doubt.code, doubt.message].filter(Boolean).join(": ")),
      element("td", {}, element("div", { class: "actions" }, buttons([doubt], false, `chunk ${doubt.chunk}`))),
    );
  };
  const read = async (signal) => {
    const page = await get(`runs/${id}/doubts?limit=${rowsMax}`, signal);
    const showRows = () =>
      keepList(
        rows,
        page.items,
        ({ chunk }) => chunk,
        make,
        () => {},
      );
    keepFocus(rows, showRows);
    setText(
      more,
      page.next
        ? `The first ${rowsMax} of ${count(page.total ?? now.chunks.in_doubt)} chunks. All of them: sluice doubt list ${id}`
        : "",
    );
  };
  const summary = element("p", {});
  const place = element(
    "section",
    { "aria-labelledby": "doubts-title", class: "in-doubt", hidden: true },
    element("h2", { id: "doubts-title" }, "? In doubt"),
    summary,
    element("div", { class: "actions" }, buttons([], true, "all")),
    element("div", { class: "in-doubt-rows", tabindex: 0, role: "region", "aria-label": "Chunks in doubt" }, table),
    more,
  );
  return {
    element: place,
    /** Fails if the list cannot be had: what is there stays then, and the next call asks anew. */
    async update(run, signal) {
      now = run;
      keepFocus(place, () => (place.hidden = run.chunks.in_doubt === 0));
      const all = `${counted(run.devices.in_doubt, "device")} in ${counted(run.chunks.in_doubt, "chunk")}`;
      setText(summary, `${all} were sent the command, and nobody knows whether they got it. All of them:`);
      const these = `${run.chunks.in_doubt} ${run.devices.in_doubt}`;
      if (these === shownOf) return;
      await read(signal);
      shownOf = these;
    },
  };
}
