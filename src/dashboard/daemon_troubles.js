// SPDX-License-Identifier: MIT
// What is wrong with the daemon itself, and with job files in its folder.
import { get } from "./api.js";
import { element, keepList, setText } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { are, counted } from "./text.js";

const filesLooked = 1000;

const unconfirmed = "What was stopped is held back, but that is not on record yet: the store is slow or held.";
const storeHeld = "Another program keeps the store from being written: nothing new is sent.";

/** @param live GET /live's answer @return sentences, each once */
export const troublesOf = (live) => [
  ...(live.unconfirmed_stop ? [unconfirmed] : []),
  ...(live.tenants.some((tenant) => tenant.store_held) ? [storeHeld] : []),
  ...live.problems.map((problem) => `The daemon is not ready: ${problem}.`),
];

/** Keeps the place up to date, as long as the page is open. */
export function watchTroubles(place) {
  const list = element("ul", { class: "troubles", "aria-label": "Problems of the daemon" });
  place.append(list);
  const show = (live) =>
    keepList(
      list,
      troublesOf(live),
      (text) => text,
      (text) => element("li", {}, `✗ ${text}`),
      () => {},
    );
  let since = 0;
  // What is refused here is refused to the page below, too, which says so.
  poll(3000, async (signal) => {
    // Sends are not looked at here: none of the past is asked for.
    const live = await get(`live?since=${since}`, signal);
    since = Math.floor(Date.parse(live.at) / 1000);
    show(live);
  });
}

const makeFile = (file) =>
  element(
    "li",
    {},
    element("strong", { class: "name" }, `✗ ${file.job_file}`),
    element("span", { class: "quiet" }),
    element("pre", {}),
  );

function updateFile(row, file) {
  const [, kept, error] = row.children;
  setText(
    kept,
    file.revision > 0 ? ` its revision ${file.revision} stays in force` : " was never valid: nothing of it runs",
  );
  setText(error, file.error);
}

/** Job files that are invalid, each with its errors; nothing is shown if all are good. @return {element, leave} */
export function invalidJobFiles(frame) {
  const list = element("ul", { class: "job-files" });
  const title = element("h2", { id: "files-title" });
  const part = element("section", { "aria-labelledby": "files-title", hidden: true }, title, list);
  const reading = poll(
    10_000,
    async (signal) => {
      const page = await get(`jobs?limit=${filesLooked}`, signal);
      const invalid = page.items.filter((file) => file.state === "invalid");
      part.hidden = invalid.length === 0;
      setText(title, `${counted(invalid.length, "job file")} ${are(invalid.length)} invalid`);
      keepList(list, invalid, (file) => file.job_file, makeFile, updateFile);
    },
    frame.sayProblem,
  );
  const unlisten = onEvent((event) => event.job_file && reading.now());
  return {
    element: part,
    leave() {
      unlisten();
      reading.stop();
    },
  };
}
