// SPDX-License-Identifier: MIT
// Figures over time, drawn by uPlot. A drawing says nothing to whoever does not see it: each comes with a sentence.
import { element, setAttribute, setText } from "./dom.js";
import { markSteps, timeMarks, timeWithin } from "./time_axis.js";

/** How lines differ without colour; see also .line-1 … in style.css. */
const dashes = [[], [6, 4], [2, 3]];
const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const spanOf = (times) => (times.at(-1) ?? 0) - (times[0] ?? 0);

/** A short piece of a line as it is drawn, for the list of what is what. */
function lineSample(colour, index) {
  const sample = svg("svg");
  const line = svg("line");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 8", width: 24, height: 8, "aria-hidden": "true" }))
    sample.setAttribute(name, value);
  for (const [name, value] of Object.entries({ x1: 0, x2: 24, y1: 4, y2: 4, class: `line-${index}` }))
    line.setAttribute(name, value);
  line.style.stroke = `var(${colour})`;
  sample.append(line);
  return sample;
}

const legend = (lines) =>
  element(
    "ul",
    { class: "chart-lines" },
    lines.map((line, index) => element("li", {}, lineSample(line.colour, index), line.name)),
  );

function seriesOf(line, index) {
  return {
    label: line.name,
    stroke: () => colourOf(line.colour),
    width: 1.5,
    dash: dashes[index % dashes.length],
    points: { show: false },
    paths: line.isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
  };
}

const axis = (more) => ({
  font: "12px system-ui, sans-serif",
  stroke: () => colourOf("--quiet"),
  grid: { stroke: () => colourOf("--line"), width: 1 },
  ticks: { show: false },
  ...more,
});

/** From zero to a little above the highest; a chart without a value keeps its height. */
const rangeFrom = (least) => (plot, low, high) => [0, Math.max(least, high ?? 0) * 1.1];

const timeAxis = () =>
  axis({ incrs: markSteps, values: (plot, times) => timeMarks(times, spanOf(plot.data[0])), space: 70 });

/** In pixels: half of a mark that stands below the very end. */
const markWidth = 34;

const options = (question, size, hooks) => ({
  ...size,
  padding: [null, markWidth, null, null],
  legend: { show: false },
  cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
  scales: { x: { time: true }, y: { range: rangeFrom(question.least ?? 1) } },
  axes: [timeAxis(), axis({ size: 44, space: 30, values: question.marks })],
  series: [{}, ...question.lines.map(seriesOf)],
  hooks,
});

/**
 * A chart of lines over time that fills the width of its place.
 * @param question {label, lines: [{name, colour: "--accepted", isStepped}], height, least, marks, tell}: `label` says
 *   what is shown and in which unit, `least` is a value that always fits, `marks(plot, values)` writes the marks of
 *   the axis, `tell(index)` the text for the place under the pointer
 * @return {element, draw(columns, summary), destroy}: columns as uPlot takes them, the times (unix seconds) first;
 *   they may be the same arrays each time. `summary` says the essence in words. Whoever makes one destroys it.
 */
export function timeChart(question) {
  const height = question.height ?? 180;
  const drawing = element("div", { class: "chart-drawing", role: "img" });
  const pointed = element("p", { class: "chart-pointed quiet", "aria-hidden": "true" });
  const title = element("figcaption", {}, question.label, legend(question.lines));
  const figure = element("figure", { class: "chart" }, title, drawing, pointed);
  drawing.style.minHeight = `${height}px`;
  let plot = null;
  let columns = [[], ...question.lines.map(() => [])];

  const tellPointed = (of) => {
    const index = of.cursor.idx;
    const isThere = question.tell && index !== null && index !== undefined && index < columns[0].length;
    const time = isThere && timeWithin(columns[0][index], spanOf(columns[0]));
    setText(pointed, isThere ? `${time}  ${question.tell(index)}` : "");
  };
  // A place that is not laid out yet, or is hidden, has no width; the chart is made when it has one.
  const fit = () => {
    const width = Math.floor(drawing.clientWidth);
    if (width === 0) return;
    if (plot === null)
      plot = new uPlot(options(question, { width, height }, { setCursor: [tellPointed] }), columns, drawing);
    else if (plot.width !== width) plot.setSize({ width, height });
  };
  const resized = new ResizeObserver(fit);
  resized.observe(drawing);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => plot?.redraw(false);
  scheme.addEventListener("change", recolour);

  return {
    element: figure,
    draw(given, summary) {
      columns = given;
      setAttribute(drawing, "aria-label", `${question.label}. ${summary}`);
      plot?.setData(columns);
      if (plot) tellPointed(plot);
    },
    destroy() {
      resized.disconnect();
      scheme.removeEventListener("change", recolour);
      plot?.destroy();
      plot = null;
    },
  };
}
