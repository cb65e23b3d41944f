// SPDX-License-Identifier: MIT
// What is typed or dropped, as the API takes it. Without a page, so that it can be tested without one.
import { shellWord } from "./text.js";

// The API takes bodies of a megabyte; what is longer goes up as a list of its own.
const inline_characters_max = 400_000;

/** Names, one a line, with the number of the line each stands in. Blank lines are none. */
export function namesIn(text) {
  const names = [];
  text.split("\n").forEach((line, index) => {
    const name = line.trim();
    if (name !== "") names.push({ name, line: index + 1 });
  });
  return names;
}

/** "text/csv", "application/x-ndjson" or "text/plain": by the file's name, else by what the text begins with. */
export function listType(fileName, text) {
  if (/\.csv$/i.test(fileName)) return "text/csv";
  if (/\.(ndjson|jsonl)$/i.test(fileName)) return "application/x-ndjson";
  if (fileName !== "") return "text/plain";
  const first = text.trimStart().split("\n", 1)[0];
  if (first.startsWith("{")) return "application/x-ndjson";
  return first.includes(",") ? "text/csv" : "text/plain";
}

const endings = { "text/csv": ".csv", "application/x-ndjson": ".ndjson", "text/plain": ".txt" };

/** What the list is called on a command line, which goes by the end of the name as well; "" for no list. */
export function listNameOf(fileName, text) {
  if (fileName !== "") return fileName;
  return text.trim() === "" ? "" : `devices${endings[listType("", text)]}`;
}

/** The column that holds the names; "" where there are none, whatever an earlier list left in the field. */
export const columnOf = (type, column) => (type === "text/plain" ? "" : column || "device");

/** Whether a list can go along with the job, as names. */
export const isInline = (text) => text.length <= inline_characters_max && listType("", text) === "text/plain";

/** "version=2.14.0" a line. @return {values, wrong: the lines that are none} */
export function settingsIn(text) {
  const values = {};
  const wrong = [];
  for (const line of text
    .split("\n")
    .map((each) => each.trim())
    .filter((each) => each !== "")) {
    const at = line.indexOf("=");
    if (at > 0) values[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    else wrong.push(line);
  }
  return { values, wrong };
}

/** @param typed {job, names: [text] or null, list: the number of an uploaded one or "", column, tenant, settings} */
export function postedJob({ job, names, list, column, tenant, settings }) {
  const body = { job };
  if (names?.length) body.devices = names;
  if (list) body.device_list = list;
  if (list && column) body.column = column;
  if (tenant) body.tenant = tenant;
  if (Object.keys(settings).length > 0) body.set = settings;
  return body;
}

/** The command line that queues the same. @param listName as listNameOf() has it */
export function submitCommand({ fileName, listName, column, tenant, settings }, devices) {
  const words = ["sluice", "submit", fileName || "job.json"];
  if (listName) words.push("--devices", listName);
  const held = columnOf(listType(listName, ""), column);
  if (listName && held) words.push("--column", held);
  for (const [name, value] of Object.entries(settings)) words.push("--set", `${name}=${value}`);
  if (tenant) words.push("--tenant", tenant);
  words.push("--expect-devices", String(devices));
  return words.map(shellWord).join(" ");
}

// As the daemon has it: so many devices at once are nobody's slip of the finger.
const unconfirmed_devices_max = 500;

/** Whether the number of devices must be typed. @param plan as the API has it */
export const mustBeTyped = (plan) => plan.devices > unconfirmed_devices_max && plan.stages.length < 2;
