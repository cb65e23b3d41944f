// SPDX-License-Identifier: MIT
// A bar of a run's devices by state. Its parts add up to the whole, and its text says the same without colours.
import { element, setAttribute } from "./dom.js";
import { count, percent, words } from "./text.js";

const states = ["accepted", "presumed", "failed", "in_doubt", "canceled", "pending"];
const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

export function progressBar() {
  const bar = svg("svg");
  bar.setAttribute("class", "progress");
  bar.setAttribute("role", "img");
  bar.setAttribute("viewBox", "0 0 1000 12");
  bar.setAttribute("preserveAspectRatio", "none");
  for (const state of states) {
    const part = svg("rect");
    part.setAttribute("class", `fill-${state}`);
    part.setAttribute("height", "12");
    bar.append(part);
  }
  return element("div", { class: "progress-line" }, bar, element("span", {}));
}

/** @param devices as the API has them: total, and a number for each state */
export function updateProgress(line, devices) {
  const [bar, text] = line.children;
  let before = 0;
  states.forEach((state, index) => {
    const width = devices.total === 0 ? 0 : (1000 * devices[state]) / devices.total;
    setAttribute(bar.children[index], "x", before);
    setAttribute(bar.children[index], "width", width);
    before += width;
  });
  const told = states.filter((state) => devices[state] > 0).map((state) => `${count(devices[state])} ${words(state)}`);
  setAttribute(bar, "aria-label", told.join(", ") || "no devices");
  const done = percent(devices.total - devices.pending, devices.total);
  if (text.textContent !== done) text.textContent = done;
}
