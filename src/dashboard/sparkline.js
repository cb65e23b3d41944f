// SPDX-License-Identifier: MIT
// A line in a row: how a rate went in the last ten minutes, against its limit. The number beside it says the rest.
import { setAttribute } from "./dom.js";

const height = 20;
const svg = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

/** @param pieces how many values it shows */
export function sparkline(pieces) {
  const line = svg("svg", {
    class: "sparkline",
    viewBox: `0 0 ${pieces - 1} ${height}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  line.append(
    svg("line", { x1: 0, x2: pieces - 1, class: "sparkline-limit" }),
    svg("polyline", { class: "sparkline-sent" }),
  );
  return line;
}

export function updateSparkline(line, values, limit) {
  const most = values.reduce((highest, value) => Math.max(highest, value), limit) || 1;
  const heightOf = (value) => (height - 1 - (value / most) * (height - 2)).toFixed(1);
  const [limitLine, sent] = line.children;
  setAttribute(limitLine, "y1", heightOf(limit));
  setAttribute(limitLine, "y2", heightOf(limit));
  setAttribute(sent, "points", Array.from(values, (value, index) => `${index},${heightOf(value)}`).join(" "));
}
