// SPDX-License-Identifier: MIT
// A table of rows that are kept elsewhere.
import { element } from "./dom.js";

/** @param columns the head of each, with the class that its cells have ("" for none) @param rows a tbody */
export function tableOf(columns, rows, attributes = {}) {
  const heads = Object.entries(columns).map(([head, kind]) =>
    element("th", { scope: "col", class: kind || null }, head),
  );
  return element("table", attributes, element("thead", {}, element("tr", {}, heads)), rows);
}
