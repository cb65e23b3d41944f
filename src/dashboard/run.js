// SPDX-License-Identifier: MIT
// One run: how it stands.
import { get } from "./api.js";
import { element, setText } from "./dom.js";
import { onEvent, poll } from "./live.js";
import { progressBar, updateProgress } from "./progress.js";
import { runSign, words } from "./text.js";

export function showRun(place, frame, id) {
  const title = element("h1", {}, `Run ${id}`);
  const status = element("p", { class: "status" });
  const why = element("p", { class: "quiet" });
  const progress = progressBar();
  place.append(title, status, progress, why);

  const standing = poll(
    1000,
    async (signal) => {
      const run = await get(`runs/${id}`, signal);
      setText(title, `Run ${run.run}: ${run.job}`);
      setText(status, `${runSign(run.status)} ${words(run.status)}`);
      setText(why, run.why);
      updateProgress(progress, run.devices);
    },
    frame.sayProblem,
  );
  const unlisten = onEvent((event) => event.run === Number(id) && standing.now());
  return () => {
    unlisten();
    standing.stop();
  };
}
