// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { queryOf, resultsCommand, saveText } from "../../../src/dashboard/device_search.js";

const all = { state: "", code: null, match: "prefix", name: "" };

test("device search: the query has what was asked for, and nothing else", () => {
  assert.equal(queryOf(all, { limit: 50 }), "limit=50");
  assert.equal(queryOf({ ...all, state: "failed" }, { format: "csv" }), "format=csv&state=failed");
  assert.equal(
    queryOf({ ...all, state: "failed", match: "search", name: "a&b" }, { limit: 50, cursor: "c" }),
    "limit=50&cursor=c&state=failed&search=a%26b",
  );
});

test("device search: any code is told from no code", () => {
  assert.equal(queryOf({ ...all, code: "a&b" }, {}), "code=a%26b");
  assert.equal(queryOf({ ...all, code: "" }, {}), "code=");
  assert.equal(saveText({ ...all, code: "" }, "csv"), "Save these as CSV");
  assert.equal(
    resultsCommand(7, { ...all, state: "failed", code: "it's; rm" }, "csv"),
    "sluice results 7 --output csv --state failed --code 'it'\\''s; rm' > devices.csv",
  );
  assert.equal(resultsCommand(7, { ...all, code: "" }, "csv"), "sluice results 7 --output csv --code none > devices.csv");
});

test("device search: the button says whether it saves all devices or those that were found", () => {
  assert.equal(saveText(all, "csv"), "Save all as CSV");
  assert.equal(saveText({ ...all, match: "search" }, "ndjson"), "Save all as NDJSON");
  assert.equal(saveText({ ...all, state: "failed" }, "csv"), "Save these as CSV");
  assert.equal(saveText({ ...all, name: "dev-1" }, "ndjson"), "Save these as NDJSON");
});

test("device search: there is a command line for a state, and none for a name", () => {
  assert.equal(resultsCommand(7, all, "csv"), "sluice results 7 --output csv > devices.csv");
  assert.equal(
    resultsCommand(7, { ...all, state: "in_doubt" }, "ndjson"),
    "sluice results 7 --output ndjson --state in_doubt > devices.ndjson",
  );
  assert.equal(resultsCommand(7, { ...all, state: "failed", name: "dev-1" }, "csv"), "");
});
