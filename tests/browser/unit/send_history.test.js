// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { historySeconds, SendHistory } from "../../../src/dashboard/send_history.js";

const sends = (first_second, ...counts) => ({ first_second, counts });

test("sends: a second keeps its count while newer ones come, and leaves after ten minutes", () => {
  const history = new SendHistory();
  history.take(1000, sends(998, 7, 9));
  history.take(1002, sends(1000, 3, 4));
  assert.deepEqual([...history.values.slice(-4)], [7, 9, 3, 4]);

  history.take(1002 + historySeconds - 1, sends(1002 + historySeconds - 1));
  assert.deepEqual([...history.values.slice(0, 2)], [4, 0]);
});

test("sends: a rate is the mean of the last seconds, those without a send among them", () => {
  const history = new SendHistory();
  history.take(1000, sends(990, 10, 10, 10, 10, 0, 0, 0, 0, 0, 5));
  assert.equal(history.rate(10), 4.5);
  assert.equal(history.rate(1), 5);
  assert.equal(history.highest(), 10);
});

test("sends: seconds that nobody told are without sends, and those of a restarted daemon keep what was told before", () => {
  const history = new SendHistory();
  history.take(1000, sends(998, 7, 9));
  history.take(1004, sends(1003, 5));
  assert.deepEqual([...history.values.slice(-6)], [7, 9, 0, 0, 0, 5]);
});

test("sends: a clock that was set back begins anew instead of showing a future", () => {
  const history = new SendHistory();
  history.take(2000, sends(1998, 8, 8));
  history.take(1000, sends(999, 3));
  assert.equal(history.highest(), 3);
  assert.equal(history.fillTimes(new Float64Array(historySeconds)).at(-1), 999);
});

test("sends: the summary's pieces are means, and have the same sum as the seconds", () => {
  const history = new SendHistory();
  history.take(1000, sends(980, ...Array(10).fill(2), ...Array(10).fill(6)));
  const pieces = history.summarize(new Float64Array(60));
  assert.deepEqual([...pieces.slice(-3)], [0, 2, 6]);
  assert.equal(
    pieces.reduce((sum, mean) => sum + 10 * mean, 0),
    80,
  );
});
