// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { excerpt, findingsIn, offsetOf } from "../../../src/dashboard/job_findings.js";

test("findings: the place in the job, in the devices or in a list that went up is read from the words", () => {
  const list = "0123456789abcdef0123456789abcdef";
  const rows = [
    [
      "job:3:16: chunk_size: 500 does not fit",
      { source: "job", line: 3, column: 16, text: "chunk_size: 500 does not fit" },
    ],
    [
      "job: targets.devices_file: a job that comes over the API cannot name files",
      {
        source: "job",
        text: 'targets.devices_file: no file of yours is read by its name. Open the list under "Devices".',
      },
    ],
    ["job: targets.exclude_file: no files", { source: "job", text: "targets.exclude_file: no files" }],
    ['targets.devices[2]: "a" is not a name', { source: "devices", index: 2, text: '"a" is not a name' }],
    [`sluice.db.lists/${list}.txt:7: "x" is not`, { source: "devices", line: 7, column: 1, text: '"x" is not' }],
    [`/var/lib/${list}.csv has no column`, { source: "", text: "the device list has no column" }],
    ["job:x:1: odd", { source: "", text: "job:x:1: odd" }],
  ];
  for (const [words, wanted] of rows) assert.deepEqual(findingsIn(words), [wanted]);
});

test("findings: each line of the detail is one", () => {
  assert.deepEqual(
    findingsIn("job:1:1: a: x\njob:2:2: b: y\n").map(({ line }) => line),
    [1, 2],
  );
});

test("findings: columns are counted in bytes, so that what stands behind an umlaut is still hit", () => {
  const text = '{"ä😀": 1, "name": 5}\n{"b": 2}';

  // { 1, " 2, ä 3-4, 😀 5-8, " 9, : 10, blank 11, 1 12, "," 13, blank 14, "name" 15-20, : 21, blank 22, 5 23
  assert.equal(text[offsetOf(text, 1, 23)], "5");
  assert.equal(text[offsetOf(text, 2, 7)], "2");
});

test("findings: a place behind the end is the end of its line", () => {
  assert.equal(offsetOf("ab\ncd", 1, 99), 2);
  assert.equal(offsetOf("ab\ncd", 9, 1), 3);
});

test("findings: the mark stands below the place, also in a long line", () => {
  assert.deepEqual(excerpt('{\n  "rate": 0,\n}', 2, 11), { piece: '  "rate": 0,', mark: "          ^" });
  const { piece, mark } = excerpt(`${"x".repeat(500)}!${"y".repeat(500)}`, 1, 501);
  assert.equal(piece[mark.indexOf("^")], "!");
  assert.ok(piece.length < 110 && piece.startsWith("…") && piece.endsWith("…"));
});
