// SPDX-License-Identifier: MIT
// A point in time, in the zone of whoever looks; the exact one, in UTC, is its title.
import { element } from "./dom.js";
import { localTime } from "./text.js";

/** @param iso as the API has it; null or "": none @return a node, or the text that stands for none */
export const timeElement = (iso) => (iso ? element("time", { datetime: iso, title: iso }, localTime(iso)) : "–");
