// SPDX-License-Identifier: MIT
// What happens on all tenants: who sends how fast, which runs there are, and what the schedules do next.
import { get } from "./api.js";
import { comingTicks } from "./coming_ticks.js";
import { invalidJobFiles } from "./daemon_troubles.js";
import { element } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { runsSection } from "./run_list.js";
import { tenantsSection } from "./tenants.js";

/** What the tenants do, once a second: only the seconds that are new. */
function pollLive(take, failed) {
  let since = null;
  return poll(
    1000,
    async (signal) => {
      const live = await get(since === null ? "live" : `live?since=${since}`, signal);
      since = Math.floor(Date.parse(live.at) / 1000);
      take(live);
    },
    failed,
  );
}

export function showOverview(place, frame) {
  const parts = {
    tenants: tenantsSection(frame),
    ticks: comingTicks(frame),
    runs: runsSection(frame),
    files: invalidJobFiles(frame),
  };
  place.append(
    element("h1", {}, "Overview"),
    element("div", { class: "overview-top" }, parts.tenants.element, parts.tenants.chart),
    parts.ticks.element,
    parts.files.element,
    parts.runs.element,
  );
  const live = pollLive((answer) => {
    parts.tenants.take(answer);
    parts.runs.takeTenants(answer.tenants.map((tenant) => tenant.tenant));
  }, frame.sayProblem);
  const records = poll(
    3000,
    async (signal) => parts.tenants.takeRecords((await get("tenants?limit=1000", signal)).items),
    frame.sayProblem,
  );
  const unlisten = onEvent((event) => event.tenant && records.now());
  return () => {
    unlisten();
    live.stop();
    records.stop();
    for (const part of [parts.tenants, parts.ticks, parts.runs, parts.files]) part.leave();
  };
}
