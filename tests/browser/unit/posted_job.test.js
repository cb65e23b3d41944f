// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import * as posted from "../../../src/dashboard/posted_job.js";

test("posted job: names come one a line, whatever ends the lines, and keep the number of theirs", () => {
  assert.deepEqual(posted.namesIn("dev-0001\r\n\n  dev-0002 \n"), [
    { name: "dev-0001", line: 1 },
    { name: "dev-0002", line: 3 },
  ]);
});

test("posted job: what a list is, its name says, and else its first line", () => {
  const rows = [
    ["fleet.CSV", "", "text/csv"],
    ["fleet.ndjson", "", "application/x-ndjson"],
    ["fleet.txt", "a,b", "text/plain"],
    ["", "device,site\ndev-0001,lab", "text/csv"],
    ["", ' {"device": "dev-0001"}', "application/x-ndjson"],
    ["", "dev-0001\ndev-0002", "text/plain"],
  ];
  for (const [name, text, type] of rows) assert.equal(posted.listType(name, text), type);
});

test("posted job: a list that would not fit into a request goes up by itself", () => {
  assert.equal(posted.isInline("dev-000001\n".repeat(10_000)), true);
  assert.equal(posted.isInline("dev-000001\n".repeat(50_000)), false);
  assert.equal(posted.isInline("device,site\ndev-000001,lab\n"), false);
});

test("posted job: the body has what was given, and nothing else", () => {
  const nothing = { job: "{}", names: [], list: "", column: "device", tenant: "", settings: {} };

  assert.deepEqual(posted.postedJob(nothing), { job: "{}" });
  assert.deepEqual(posted.postedJob({ ...nothing, names: ["dev-0001"], tenant: "north", settings: { version: "2" } }), {
    job: "{}",
    devices: ["dev-0001"],
    tenant: "north",
    set: { version: "2" },
  });
  assert.deepEqual(posted.postedJob({ ...nothing, list: "ab" }), { job: "{}", device_list: "ab", column: "device" });
});

test("posted job: a parameter's value may hold what it likes, its line must be one", () => {
  const { values, wrong } = posted.settingsIn("version=2.14.0\n\nurl = https://x/?a=b\nnonsense\n=5");

  assert.deepEqual(values, { version: "2.14.0", url: "https://x/?a=b" });
  assert.deepEqual(wrong, ["nonsense", "=5"]);
});

test("posted job: the command line can be pasted into a shell, whatever the file is called", () => {
  const more = { column: "", tenant: "north", settings: { version: "2.14.0" } };

  assert.equal(
    posted.submitCommand({ ...more, fileName: "", listName: "" }, 5),
    "sluice submit job.json --set version=2.14.0 --tenant north --expect-devices 5",
  );
  assert.equal(
    posted.submitCommand({ ...more, fileName: "it's $(x).json", listName: "a b.csv", column: "hw", settings: {} }, 5),
    "sluice submit 'it'\\''s $(x).json' --devices 'a b.csv' --column hw --tenant north --expect-devices 5",
  );
});

test("posted job: the command line names the column of a table, and none of plain names", () => {
  const command = (fileName, text, column) =>
    posted.submitCommand(
      { fileName: "", listName: posted.listNameOf(fileName, text), column, tenant: "", settings: {} },
      5,
    );
  const rows = [
    ["fleet.csv", "", "", "--devices fleet.csv --column device"],
    ["fleet.csv", "", "serial", "--devices fleet.csv --column serial"],
    ["fleet.txt", "", "serial", "--devices fleet.txt"],
    ["", "device,hw\ndev-0001,a", "", "--devices devices.csv --column device"],
    ["", '{"serial": "dev-0001"}', "serial", "--devices devices.ndjson --column serial"],
    ["", "dev-0001\n", "left from before", "--devices devices.txt"],
  ];
  for (const [name, text, column, options] of rows)
    assert.equal(command(name, text, column), `sluice submit job.json ${options} --expect-devices 5`);
  assert.equal(command("", " \n", ""), "sluice submit job.json --expect-devices 5");
});

test("posted job: a column left in the field goes along with no list of plain names", () => {
  assert.equal(posted.columnOf("text/plain", "serial"), "");
  assert.equal(posted.columnOf("text/csv", ""), "device");
  assert.equal(posted.columnOf("application/x-ndjson", "serial"), "serial");
});

test("posted job: more than 500 devices at once must be typed; stages are what makes it unnecessary", () => {
  const plan = (devices, stages) => ({ devices, stages: Array.from({ length: stages }, () => ({})) });

  assert.equal(posted.mustBeTyped(plan(500, 1)), false);
  assert.equal(posted.mustBeTyped(plan(501, 1)), true);
  assert.equal(posted.mustBeTyped(plan(50_000, 3)), false);
});
