// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader } from "../../../src/dashboard/live.js";

const stream =
  ': hello\n\nid: a-1\ndata: {"event":"run_begun"}\n\n: still there\n\nid: a-2\ndata: {"x":\ndata: "é:"}\n\n';
const events = [
  { id: "a-1", data: '{"event":"run_begun"}' },
  { id: "a-2", data: '{"x":\n"é:"}' },
];

test("EventReader: the events are the same, wherever the stream is cut", () => {
  for (let cut = 0; cut <= stream.length; ++cut) {
    const reader = new EventReader();

    const taken = [...reader.take(stream.slice(0, cut)), ...reader.take(stream.slice(cut))];

    assert.deepEqual(taken, events, `cut at ${cut}`);
  }
});

test("EventReader: an event that has not ended is none", () => {
  const reader = new EventReader();

  assert.deepEqual(reader.take("id: a-3\ndata: {}\n"), []);
  assert.deepEqual(reader.take("\n"), [{ id: "a-3", data: "{}" }]);
});

test("EventReader: comments alone keep nothing", () => {
  const reader = new EventReader();

  assert.deepEqual(reader.take(": still there\n\n".repeat(1000)), []);
  assert.deepEqual(reader.take("id: a-4\ndata: {}\n\n"), [{ id: "a-4", data: "{}" }]);
});

test("EventReader: a number without an event says where to go on, once its block has ended", () => {
  const reader = new EventReader();

  assert.deepEqual(reader.take("retry: 2000\nid: 41\n"), []);
  assert.equal(reader.lastId, "");
  assert.deepEqual(reader.take("\n: nothing new\n\n"), []);
  assert.equal(reader.lastId, "41");
  reader.take("id: 42\ndata: {}\n\n");
  assert.equal(reader.lastId, "42");
});
