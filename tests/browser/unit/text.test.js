// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  count,
  counted,
  duration,
  localTime,
  percent,
  runSign,
  shellWord,
  shortTime,
  words,
} from "../../../src/dashboard/text.js";

test("text: a share is never 100 % while something is missing, nor 0 % where something is there", () => {
  assert.equal(percent(999_999, 1_000_000), "> 99.9 %");
  assert.equal(percent(1, 1_000_000), "< 0.1 %");
  assert.equal(percent(1_000_000, 1_000_000), "100 %");
  assert.equal(percent(0, 1_000_000), "0 %");
  assert.equal(percent(1, 3), "33 %");
  assert.equal(percent(0, 0), "0 %");
});

test("text: a duration has the two units that matter", () => {
  const rows = [
    [0, "0.0 s"],
    [9.94, "9.9 s"],
    [59.4, "59 s"],
    [75, "1 min 15 s"],
    [3599.6, "1 h 0 min"],
    [7500, "2 h 5 min"],
    [200_000, "2 d 7 h"],
    [null, "–"],
  ];
  for (const [seconds, told] of rows) assert.equal(duration(seconds), told);
});

test("text: numbers are grouped, and one device is no devices", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(counted(1, "device"), "1 device");
  assert.equal(counted(50_000, "device"), "50,000 devices");
  assert.equal(counted(2, "entry", "entries"), "2 entries");
});

test("text: what is unknown is told by a dash or a dot, not by an error", () => {
  assert.equal(localTime(""), "–");
  assert.equal(localTime(null), "–");
  assert.equal(runSign("brand_new_status"), "·");
  assert.equal(words("finished_in_doubt"), "finished in doubt");
});

test("text: a time of today goes without its day, another one without its seconds", () => {
  const now = new Date(2026, 10, 28, 7, 30).getTime();
  const at = (...parts) => new Date(...parts).toISOString();
  assert.equal(shortTime(at(2026, 10, 28, 23, 59, 58), now), "23:59:58");
  assert.equal(shortTime(at(2026, 10, 29, 0, 0, 1), now), "2026-11-29 00:00");
  assert.equal(shortTime(null, now), "–");
});

test("text: a word for a shell stands as it is, or in quotes that hold whatever is in it", () => {
  assert.equal(shellWord("fw-2.14_config"), "fw-2.14_config");
  assert.equal(shellWord("two words"), "'two words'");
  assert.equal(shellWord("it's $HOME"), "'it'\\''s $HOME'");
  assert.equal(shellWord(""), "''");
});
