// SPDX-License-Identifier: MIT
// The schedules: what runs by the clock, and of the one that is chosen what comes, what became of past ticks, and the
// buttons.
import { get } from "./api.js";
import { scheduleLink } from "./coming_ticks.js";
import { daemonNow } from "./daemon_clock.js";
import { element, keepList, setAttribute, setText } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { scheduleDetail } from "./schedule_detail.js";
import { countdown, overlapText, scheduleSigns } from "./schedule_text.js";
import { tableOf } from "./table.js";
import { count, localTime } from "./text.js";

const columns = { Schedule: "", State: "", When: "", Zone: "", Overlap: "", "Next tick": "" };
const told = ["State", "When", "Zone", "Overlap"];
const listed = 1000;

function makeRow(schedule) {
  const parts = {
    link: scheduleLink(schedule.schedule),
    cells: told.map((head) => element("td", { "data-head": head })),
    time: element("span"),
    left: element("span", { class: "quiet" }),
  };
  const row = element(
    "tr",
    {},
    element("th", { scope: "row" }, parts.link),
    parts.cells,
    element("td", { class: "time", "data-head": "Next tick" }, parts.time, " ", parts.left),
  );
  row.parts = parts;
  return row;
}

/** What the cells say, and of the overlap rule what it means. A job that this version cannot read has none of it. */
function termsOf(schedule) {
  if (schedule.error) return { texts: ["✗ cannot be read", "–", "–", "–"], overlap: null };
  const { state, cron, zone, overlap } = schedule;
  return { texts: [`${scheduleSigns[state]} ${state}`, cron, zone, overlap], overlap: overlapText(overlap) };
}

function updateRow(row, schedule, chosen) {
  const { link, cells, time, left } = row.parts;
  const { texts, overlap } = termsOf(schedule);
  setAttribute(link, "aria-current", schedule.schedule === chosen ? "true" : null);
  texts.forEach((text, index) => setText(cells[index], text));
  setAttribute(cells[1], "class", "cron");
  setAttribute(cells[3], "title", overlap);
  setText(time, localTime(schedule.next));
  setAttribute(time, "title", schedule.next ?? null);
  setText(left, schedule.next ? countdown(schedule.next, daemonNow()) : "");
}

/** @param name of the schedule that is chosen; undefined: none */
export function showSchedules(place, frame, name) {
  let schedules = [];
  const rows = element("tbody");
  const none = element(
    "p",
    { class: "quiet", hidden: true },
    'No schedule. A job file with a "schedule" block in the daemon\'s folder becomes one, or: sluice schedule add JOB',
  );
  const more = element(
    "p",
    { class: "quiet", hidden: true },
    `Only the first ${count(listed)} are shown: sluice schedule list has all.`,
  );
  const table = tableOf(columns, rows, { class: "rows" });
  const detail = name === undefined ? null : scheduleDetail(frame, name);
  place.append(
    element("h1", {}, "Schedules"),
    element("section", { role: "region", "aria-label": "All schedules", tabindex: 0 }, table, none, more),
    ...(detail ? [detail.element] : []),
  );

  const show = () =>
    keepList(
      rows,
      schedules,
      ({ schedule }) => schedule,
      makeRow,
      (row, schedule) => updateRow(row, schedule, name),
    );
  const reading = poll(
    5000,
    async (signal) => {
      const page = await get(`schedules?limit=${listed}`, signal);
      schedules = page.items;
      none.hidden = schedules.length > 0;
      more.hidden = page.next === null;
      show();
    },
    frame.sayProblem,
  );
  const counting = setInterval(show, 1000);
  const unlisten = onEvent((event) => event.schedule && reading.now());
  return () => {
    clearInterval(counting);
    unlisten();
    reading.stop();
    detail?.leave();
  };
}
