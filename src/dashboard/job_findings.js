// SPDX-License-Identifier: MIT
// Where the daemon found something wrong with a posted job: its words, taken apart. Without a page, so that it can be
// tested without one.

const places = [
  {
    pattern: /^job:(\d+):(\d+): (.*)$/s,
    read: ([, line, column, text]) => ({ source: "job", line: +line, column: +column, text }),
  },
  {
    pattern: /^job: targets\.devices_file: .* cannot name files$/s,
    read: () => ({
      source: "job",
      text: 'targets.devices_file: no file of yours is read by its name. Open the list under "Devices".',
    }),
  },
  { pattern: /^job: (.*)$/s, read: ([, text]) => ({ source: "job", text }) },
  {
    pattern: /^targets\.devices\[(\d+)\]: (.*)$/s,
    read: ([, index, text]) => ({ source: "devices", index: +index, text }),
  },
  // An uploaded list goes by its number, which nobody here has given it.
  {
    pattern: /^\S*[0-9a-f]{32}\.\w+:(\d+):(?:(\d+):)? (.*)$/s,
    read: ([, line, column, text]) => ({ source: "devices", line: +line, column: +(column ?? 1), text }),
  },
];

function finding(words) {
  for (const { pattern, read } of places) {
    const found = pattern.exec(words);
    if (found) return read(found);
  }
  return { source: "", text: words.replace(/\S*\/[0-9a-f]{32}\.\w+/g, "the device list") };
}

/**
 * @param detail of a problem
 * @return [{source: "job", "devices" or "", line, column, index, text}], what there is of it
 */
export const findingsIn = (detail) =>
  detail
    .split("\n")
    .filter((words) => words !== "")
    .map(finding);

/** Lines and columns count from 1, columns in bytes of UTF-8, as the daemon and every editor's "go to" have them. */
export function offsetOf(text, line, column) {
  let begin = 0;
  for (let number = 1; number < line; ++number) {
    const end = text.indexOf("\n", begin);
    if (end < 0) break;
    begin = end + 1;
  }
  let bytes = column - 1;
  let at = begin;
  while (bytes > 0 && at < text.length && text[at] !== "\n") {
    const point = text.codePointAt(at);
    bytes -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    at += point < 0x10000 ? 1 : 2;
  }
  return at;
}

const before = 40;
const after = 60;

/** The piece of the line around a place, and a line with a mark below it. @return {piece, mark} */
export function excerpt(text, line, column) {
  const at = offsetOf(text, line, column);
  const begin = text.lastIndexOf("\n", at - 1) + 1;
  const found = text.indexOf("\n", at);
  const end = found < 0 ? text.length : found;
  const from = Math.max(begin, at - before);
  const to = Math.min(end, at + after);
  const lead = from > begin ? "…" : "";
  const shown = text.slice(from, at).replaceAll("\t", " ");
  const piece = lead + shown + text.slice(at, to).replaceAll("\t", " ") + (to < end ? "…" : "");
  return { piece, mark: `${" ".repeat(lead.length + [...shown].length)}^` };
}
