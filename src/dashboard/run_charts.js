// SPDX-License-Identifier: MIT
// How fast a run went, and how fast the cloud answered, over its whole time.
import { get } from "./api.js";
import { timeChart } from "./charts.js";
import { element } from "./dom.js";
import { poll } from "./live.js";
import { activityColumns, latencyText, throughputText } from "./run_activity.js";
import { count, duration } from "./text.js";

const bucketsMax = 120;
const perSecond = (plot, values) => values.map((value) => (value >= 1000 ? `${value / 1000}k` : `${value}`));

const numberText = (number, unit) =>
  number === null || number === undefined ? "–" : `${count(Math.round(number))} ${unit}`;

/** What the lines of a chart have at one place: "accepted 98 /s, failed 2 /s". */
const tellAt = (names, columns, at, unit) =>
  names.map((name, index) => `${name} ${numberText(columns[index + 1][at], unit)}`).join(", ");

/** @return {element, follow(milliseconds), destroy} */
export function runCharts(run, frame) {
  let columns = activityColumns({ buckets: [] });
  const throughput = timeChart({
    label: "Devices with a result, per second",
    lines: [
      { name: "accepted", colour: "--accepted", isStepped: true },
      { name: "failed", colour: "--failed", isStepped: true },
      { name: "in doubt", colour: "--in_doubt", isStepped: true },
    ],
    marks: perSecond,
    tell: (at) => tellAt(["accepted", "failed", "in doubt"], columns.devices, at, "/s"),
  });
  const latency = timeChart({
    label: "Time to an answer, in milliseconds",
    lines: [
      { name: "half are faster", colour: "--accent" },
      { name: "19 of 20 are faster", colour: "--in_doubt" },
      { name: "the slowest", colour: "--failed" },
    ],
    tell: (at) => tellAt(["half below", "19 of 20 below", "slowest"], columns.latency, at, "ms"),
  });
  const buckets = element("p", { class: "quiet" });
  let pace = 5000;
  const polling = poll(
    () => pace,
    async (signal) => {
      const activity = await get(`runs/${run}/activity?buckets=${bucketsMax}`, signal);
      columns = activityColumns(activity);
      throughput.draw(columns.devices, throughputText(activity));
      latency.draw(columns.latency, latencyText(activity));
      buckets.textContent =
        activity.buckets.length === 0
          ? "Nothing was sent yet."
          : `Each point stands for ${duration(activity.bucket_seconds)}.`;
    },
    frame.sayProblem,
  );
  const charts = element("div", { class: "run-charts" }, throughput.element, latency.element);
  return {
    element: element(
      "section",
      { "aria-labelledby": "charts-title" },
      element("h2", { id: "charts-title" }, "Throughput and latency"),
      charts,
      buckets,
    ),
    follow(milliseconds) {
      const isFaster = milliseconds < pace;
      pace = milliseconds;
      if (isFaster) polling.now();
    },
    destroy() {
      polling.stop();
      throughput.destroy();
      latency.destroy();
    },
  };
}
