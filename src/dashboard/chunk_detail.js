// SPDX-License-Identifier: MIT
// One chunk: each request that was sent for it, and its devices.
import { get } from "./api.js";
import { element, setText } from "./dom.js";
import { chunkStates, count, counted, words } from "./text.js";
import { timeElement } from "./time_element.js";

const devicesMax = 100;
const attemptsMax = 100;

export const deviceSigns = Object.fromEntries(Object.values(chunkStates).map(({ state, sign }) => [state, sign]));

/** An id to be quoted to the cloud's support: marked as a whole by one click, and copied by the button. */
export function requestId(id) {
  if (!id) return "";
  const code = element("code", { class: "request-id" }, id);
  if (!navigator.clipboard) return code;
  const button = element("button", { type: "button", class: "small", "aria-label": `Copy ${id}` }, "Copy");
  button.addEventListener("click", async () => {
    const isCopied = await navigator.clipboard.writeText(id).then(
      () => true,
      () => false,
    );
    setText(button, isCopied ? "Copied" : "Not copied");
  });
  return element("span", { class: "copyable" }, code, button);
}

function sentAt(attempt) {
  if (attempt.sent_at) return timeElement(attempt.sent_at);
  return attempt.may_have_been_sent ? "perhaps: a crash cut it off" : "not sent";
}

function tookText(attempt) {
  if (!attempt.sent_at || !attempt.settled_at) return "";
  return `${count(new Date(attempt.settled_at) - new Date(attempt.sent_at))} ms`;
}

const attemptColumns = [
  ["Attempt", (attempt) => `${attempt.number}${attempt.replay_of === null ? "" : `, replay ${attempt.replay_number}`}`],
  ["Sent", sentAt],
  ["Took", tookText, "number"],
  ["Outcome", (attempt) => (attempt.outcome ? words(attempt.outcome) : "→ under way")],
  ["HTTP", (attempt) => (attempt.settled_at ? attempt.http_status || "no answer" : ""), "number"],
  ["Code", (attempt) => attempt.code],
  ["Message", (attempt) => attempt.message],
  ["Request id", (attempt) => requestId(attempt.request_id)],
];

const deviceColumns = [
  ["Device", (device) => device.device],
  ["State", (device) => `${deviceSigns[device.state] ?? ""} ${words(device.state)}`],
  ["Code", (device) => device.code],
  ["Message", (device) => device.message],
];

/** Rows of text cells under heads; the rows are replaced as a whole. */
export function plainTable(columns, caption) {
  const heads = columns.map(([head, , kind]) => element("th", { scope: "col", class: kind }, head));
  const body = element("tbody");
  const table = element(
    "table",
    { class: "rows" },
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, heads)),
    body,
  );
  const cell = (item, [head, text, kind]) => element("td", { class: kind ?? "name", "data-head": head }, text(item));
  const row = (item) =>
    element(
      "tr",
      {},
      columns.map((column) => cell(item, column)),
    );
  let shown = "";
  const show = (items) => {
    // The same again is left as it is, with its focus and what is marked in it.
    const text = JSON.stringify(items);
    if (text === shown) return;
    shown = text;
    body.replaceChildren(...items.map(row));
  };
  return { table, show };
}

/** Whether more attempts may come, or are under way. */
const isUnsettled = ({ letter }) => ["p", "h", "i"].includes(letter);

/** @param neighbour(id, step) gives the chunk beside one @return {element, open(chunk), refresh(chunk), destroy} */
export function chunkDetail(run, frame, neighbour) {
  let shown = null;
  let asking = new AbortController();
  let before = null;
  const title = element("h3", { tabindex: -1, "aria-live": "polite" });
  const attempts = plainTable(attemptColumns, "Attempts, the oldest first");
  const devices = plainTable(deviceColumns, "Devices");
  const more = element("p", { class: "quiet" });
  const step = (by, text) => element("button", { type: "button", onclick: () => open(neighbour(shown.id, by)) }, text);
  const close = element("button", { type: "button", onclick: () => hide() }, "Close");
  const buttons = element("p", { class: "actions" }, step(-1, "Previous chunk"), step(1, "Next chunk"), close);
  const place = element(
    "section",
    { class: "panel", "aria-label": "Chunk", hidden: true },
    title,
    buttons,
    attempts.table,
    devices.table,
    more,
  );

  const hide = () => {
    asking.abort();
    const hadFocus = place.contains(document.activeElement);
    shown = null;
    place.hidden = true;
    if (hadFocus) before?.focus();
  };
  const read = async (chunk) => {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const list = `runs/${run}/devices?position=${chunk.position}&limit=${Math.min(devicesMax, chunk.devices)}`;
    const [sent, names] = await Promise.all([
      get(`chunks/${chunk.id}/attempts?limit=${attemptsMax}`, signal),
      get(list, signal),
    ]);
    attempts.show(sent.items);
    devices.show(names.items.filter((device) => device.chunk === chunk.id));
    more.hidden = chunk.devices <= devicesMax;
    setText(more, `The first ${devicesMax} of ${counted(chunk.devices, "device")}.`);
  };
  const tell = (chunk) => {
    const { sign, name } = chunkStates[chunk.letter];
    setText(title, `Chunk ${chunk.id}: ${sign} ${name}, ${counted(chunk.devices, "device")}`);
  };
  const fill = async (chunk) => {
    if (shown?.id !== chunk.id) {
      // Under its title there must not be what was read of another one.
      attempts.show([]);
      devices.show([]);
    }
    shown = chunk;
    tell(chunk);
    await read(chunk).catch((trouble) => trouble.name !== "AbortError" && frame.sayProblem(trouble));
  };
  const open = async (chunk) => {
    if (chunk === null) return;
    if (!place.contains(document.activeElement)) before = document.activeElement;
    await fill(chunk);
    place.hidden = false;
    // Whoever goes from chunk to chunk stays at the button.
    if (!buttons.contains(document.activeElement)) title.focus();
    place.scrollIntoView({ block: "nearest" });
  };
  return {
    element: place,
    open,
    /** Shows what has changed since. @param chunkNow(id) how a chunk stands by now; null: it was split */
    refresh(chunkNow) {
      if (shown === null) return;
      const chunk = chunkNow(shown.id);
      if (chunk === null) hide();
      else if (chunk.letter !== shown.letter || isUnsettled(chunk)) fill(chunk);
    },
    destroy: hide,
  };
}
