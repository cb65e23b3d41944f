// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownChunks } from "../../../src/dashboard/known_chunks.js";

const detail = (states) => ({ chunks: states.length, states, ids: [], stages: [], devices: [] });
const lean = (states) => ({ chunks: states.length, states });

/** The daemon's chunk map, whose tag is its states; a detail can be refused. */
function daemon(states) {
  const known = { states, isRefusing: false, asked: [] };
  known.read = async (path, tag) => {
    known.asked.push(`${path.split("/").at(-1)} ${tag}`.trim());
    if (path.endsWith("detail=true")) {
      if (known.isRefusing) throw new Error("the store is busy");
      return { tag: "", content: detail(known.states) };
    }
    return { tag: known.states, content: tag === known.states ? null : lean(known.states) };
  };
  return known;
}

test("known chunks: the places come once, then the states, then nothing as long as they stay", async () => {
  const there = daemon("pp");
  const chunks = new KnownChunks(7, there.read);

  assert.deepEqual(await chunks.look(), detail("pp"));
  there.states = "ap";
  assert.deepEqual(await chunks.look(), lean("ap"));
  assert.equal(await chunks.look(), null);
  assert.deepEqual(there.asked, ["chunk-map?detail=true", "chunk-map", "chunk-map ap"]);
});

test("known chunks: the places that a split has moved are asked for until they come", async () => {
  const there = daemon("ap");
  const chunks = new KnownChunks(7, there.read);
  await chunks.look();
  await chunks.look();

  Object.assign(there, { states: "aap", isRefusing: true });
  await assert.rejects(chunks.look());
  there.isRefusing = false;

  assert.deepEqual(await chunks.look(), detail("aap"));
  assert.equal(await chunks.look(), null);
});
