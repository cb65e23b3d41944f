// SPDX-License-Identifier: MIT
// What happens on all tenants: who sends how fast, which runs there are, and what the schedules do next.
import { get } from "./api.js";
import { element, keepList, setText } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { progressBar, updateProgress } from "./progress.js";
import { count, localTime, runSign, words } from "./text.js";

function makeRun(run) {
  const row = element("tr", {});
  const link = element("a", { href: `#/runs/${run.run}` }, `${run.run}`);
  row.parts = { status: element("td"), progress: progressBar(), begun: element("td", {}, localTime(run.created_at)) };
  row.append(
    element("td", {}, link),
    element("td", { class: "name" }, run.job),
    element("td", { class: "name" }, run.tenant),
    row.parts.status,
    element("td", {}, row.parts.progress),
    element("td", { class: "number" }, count(run.devices.total)),
    row.parts.begun,
  );
  return row;
}

function updateRun(row, run) {
  setText(row.parts.status, `${runSign(run.status)} ${words(run.status)}`);
  updateProgress(row.parts.progress, run.devices);
}

export function showOverview(place, frame) {
  const rows = element("tbody");
  const none = element("p", { class: "quiet" }, "No run yet.");
  const heads = ["Run", "Job", "Tenant", "Status", "Progress", "Devices", "Submitted"];
  place.append(
    element("h1", {}, "Overview"),
    element(
      "section",
      { "aria-labelledby": "runs-title" },
      element("h2", { id: "runs-title" }, "Runs"),
      element("table", {}, element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))), rows),
      none,
    ),
  );
  const runs = poll(
    2000,
    async (signal) => {
      const page = await get("runs?limit=50", signal);
      keepList(rows, page.items, (run) => run.run, makeRun, updateRun);
      none.hidden = page.items.length > 0;
    },
    frame.sayProblem,
  );
  const unlisten = onEvent(runs.now);
  return () => {
    unlisten();
    runs.stop();
  };
}
