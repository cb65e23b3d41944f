// SPDX-License-Identifier: MIT
// One run: how it stands, where it went wrong, and the operator's hand on it.
import { get } from "./api.js";
import { chunkDetail } from "./chunk_detail.js";
import { ChunkMap } from "./chunk_map.js";
import { deviceSearch } from "./device_search.js";
import { element } from "./dom.js";
import { doubts } from "./doubts.js";
import { failures } from "./failures.js";
import { onEvent, poll } from "./live.js";
import { runActions } from "./run_actions.js";
import { runCharts } from "./run_charts.js";
import { runEvents } from "./run_events.js";
import { runHead } from "./run_head.js";
import { stageTrack } from "./stage_track.js";

/** Milliseconds between two looks, while it is sent, while it waits, and when it is over. */
const paces = {
  sent: { run: 1000, map: 200, figures: 5000 },
  waiting: { run: 1000, map: 1000, figures: 10000 },
  over: { run: 5000, map: 5000, figures: 60000 },
};

function paceOf(run) {
  if (run.devices.pending === 0) return paces.over;
  return run.being_sent && run.status === "running" ? paces.sent : paces.waiting;
}

export function showRun(place, frame, id) {
  let pace = paces.waiting;
  const standing = poll(
    () => pace.run,
    (signal) => look(signal),
    (trouble) => (trouble.status === 404 ? showNone() : frame.sayProblem(trouble)),
  );
  const changed = () => standing.now();

  const head = runHead(id);
  const actions = runActions(head.actions, frame, changed);
  const track = stageTrack(frame, changed);
  const map = new ChunkMap(id, (chunk) => detail.open(chunk));
  const detail = chunkDetail(id, frame, (chunk, step) => map.neighbour(chunk, step));
  const doubtful = doubts(id, frame, (chunk) => detail.open(map.chunk(chunk)), changed);
  const charts = runCharts(id, frame);
  const devices = deviceSearch(id, frame);
  const failed = failures(id, frame, devices.find, devices.offerCodes);
  const events = runEvents(id, frame);
  const chunks = element(
    "section",
    { "aria-labelledby": "chunks-title" },
    element("h2", { id: "chunks-title" }, "Chunks"),
    map.element,
    detail.element,
  );
  place.append(head.element, track.element, chunks, doubtful.element, failed.element, charts.element, devices.element, events.element);

  async function look(signal) {
    const run = await get(`runs/${id}`, signal);
    pace = paceOf(run);
    head.update(run);
    actions.update(run);
    map.follow(
      pace.map,
      run.stages.map((stage) => stage.name),
    );
    detail.refresh((chunk) => map.chunk(chunk));
    charts.follow(pace.figures);
    failed.follow(pace.figures);
    if (pace !== paces.sent) failed.update(run);
    await doubtful.update(run, signal);
    if (run.stages.length > 0) track.update(run, await get(`runs/${id}/stages`, signal));
  }

  const unlisten = onEvent((event) => event.run === Number(id) && standing.now());
  const leave = () => {
    unlisten();
    standing.stop();
    for (const part of [map, detail, charts, devices, failed, events]) part.destroy();
  };
  function showNone() {
    leave();
    const way = element("a", { href: "#/" }, "Overview");
    place.replaceChildren(element("h1", {}, `There is no run ${id}`), element("p", {}, way));
  }
  return leave;
}
