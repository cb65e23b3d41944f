// SPDX-License-Identifier: MIT
// What happened to a run, the newest first: as pages from the record, and as it happens.
import { get } from "./api.js";
import { element, keepFocus, keepList, setText } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { words } from "./text.js";
import { timeElement } from "./time_element.js";

const rowsOnPage = 30;
const againAfter = 2000;
/** Of a run that lives long the page keeps no more than these; the older ones are in the record. */
const rowsMax = 300;

function makeEvent(event) {
  const cells = [timeElement(event.at), words(event.what), event.reason, event.actor];
  return element(
    "tr",
    {},
    cells.map((content, index) => element("td", { class: index === 0 ? "time" : "name" }, content)),
  );
}

/** The events of both lists without doubles, the newest first, and not more than so many. */
export function mergeEvents(known, more, most) {
  const byId = new Map([...known, ...more].map((event) => [event.id, event]));
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, most);
}

/** @return {element, destroy} */
export function runEvents(run, frame) {
  const rows = element("tbody");
  const heads = ["Time", "What", "Why", "Who"].map((text) => element("th", { scope: "col" }, text));
  const table = element("table", { class: "rows" }, element("thead", {}, element("tr", {}, heads)), rows);
  const more = () => frame.attempt(() => read(ending.signal));
  const older = element("button", { type: "button", hidden: true, onclick: more }, "Older events");
  const turning = element("p", { class: "actions" }, older);
  const told = element("p", { class: "quiet" });
  const ending = new AbortController();
  let events = [];
  let cursor = "";
  const show = (found) => {
    events = mergeEvents(events, found, rowsMax);
    keepList(
      rows,
      events,
      ({ id }) => id,
      makeEvent,
      () => {},
    );
    keepFocus(turning, () => (older.hidden = cursor === "" || events.length >= rowsMax));
    setText(told, events.length >= rowsMax ? `The newest ${rowsMax}; all of them: GET /api/v1/events?run=${run}` : "");
  };
  const read = async (signal) => {
    const from = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const page = await get(`events?run=${run}&order=newest_first&limit=${rowsOnPage}${from}`, signal);
    cursor = page.next ? new URL(page.next, location.href).searchParams.get("cursor") : "";
    show(page.items);
  };
  // Until it is there once: nobody presses anything for the first page.
  const first = poll(againAfter, (signal) => read(signal).then(() => first.stop()), frame.sayProblem);
  const unlisten = onEvent((event) => event.run === Number(run) && show([event]));
  return {
    element: element(
      "section",
      { "aria-labelledby": "events-title" },
      element("h2", { id: "events-title" }, "Events"),
      table,
      told,
      turning,
    ),
    destroy() {
      unlisten();
      first.stop();
      ending.abort();
    },
  };
}
