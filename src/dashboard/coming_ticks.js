// SPDX-License-Identifier: MIT
// What the schedules do next: the next ticks over all of them.
import { get } from "./api.js";
import { daemonNow } from "./daemon_clock.js";
import { element, keepList, setText } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { countdown, soonest } from "./schedule_text.js";
import { shortTime } from "./text.js";

const shown = 5;

export const scheduleLink = (name) =>
  element("a", { href: `#/schedules/${encodeURIComponent(name)}`, class: "name" }, name);

function makeTick(tick) {
  const left = element("span", { class: "number" });
  const row = element(
    "li",
    {},
    scheduleLink(tick.schedule),
    element("time", { datetime: tick.due_at, title: tick.due_at }, shortTime(tick.due_at, daemonNow())),
    left,
  );
  row.left = left;
  return row;
}

/** Only the schedules that are due soonest can have one of the next ticks. */
async function readTicks(signal) {
  const page = await get("schedules?limit=1000", signal);
  // One whose job cannot be read has none either.
  const first = page.items.filter((schedule) => schedule.next);
  const asked = soonest(first, shown, (schedule) => schedule.next).map(async ({ schedule }) => {
    const coming = await get(`schedules/${encodeURIComponent(schedule)}/next?limit=${shown}`, signal);
    return coming.ticks.map((tick) => ({ ...tick, schedule }));
  });
  return {
    schedules: page.items.length,
    ticks: soonest((await Promise.all(asked)).flat(), shown, (tick) => tick.due_at),
  };
}

/** @return {element, leave} */
export function comingTicks(frame) {
  let ticks = [];
  const list = element("ul", { class: "ticks" });
  const none = element("p", { class: "quiet", hidden: true });
  const show = () => {
    const now = daemonNow();
    keepList(
      list,
      ticks,
      (tick) => `${tick.due_at} ${tick.schedule}`,
      makeTick,
      (row, tick) => setText(row.left, countdown(tick.due_at, now)),
    );
  };
  const reading = poll(
    30_000,
    async (signal) => {
      const read = await readTicks(signal);
      ticks = read.ticks;
      setText(none, read.schedules === 0 ? "No schedule." : "No schedule is due: all are paused or at their end.");
      none.hidden = ticks.length > 0;
      show();
    },
    frame.sayProblem,
  );
  const counting = setInterval(() => {
    show();
    if (ticks.length > 0 && Date.parse(ticks[0].due_at) < daemonNow() - 1000) {
      ticks = ticks.slice(1);
      reading.now();
    }
  }, 1000);
  const unlisten = onEvent((event) => event.schedule && reading.now());
  return {
    element: element(
      "section",
      { "aria-labelledby": "ticks-title" },
      element("h2", { id: "ticks-title" }, "Next ticks"),
      list,
      none,
    ),
    leave() {
      clearInterval(counting);
      unlisten();
      reading.stop();
    },
  };
}
