// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cellAt,
  cellsOf,
  chunksPerCell,
  countLetters,
  counting,
  layOut,
  moved,
  nextWith,
  placeOf,
  positions,
  repeated,
  updateLetters,
} from "../../../src/dashboard/chunk_grid.js";

test("chunk grid: run lengths stand for each chunk's number", () => {
  assert.deepEqual(
    [
      ...repeated([
        [7, 3],
        [9, 1],
      ]),
    ],
    [7, 7, 7, 9],
  );
  assert.deepEqual(
    [
      ...counting([
        [7, 3],
        [20, 1],
      ]),
    ],
    [7, 8, 9, 20],
  );
  assert.deepEqual([...repeated([])], []);
});

test("chunk grid: a chunk's devices begin where those of the chunks before it end", () => {
  assert.deepEqual([...positions([100, 100, 50, 50, 7])], [0, 100, 200, 250, 300]);
});

test("chunk grid: a stage's last cell takes none of the next stage's chunks", () => {
  const { firsts, bands } = cellsOf(
    [
      [1, 5],
      [2, 4],
    ],
    2,
  );

  assert.deepEqual(firsts, [0, 2, 4, 5, 7, 9]);
  assert.deepEqual(bands, [
    { stage: 1, first: 0, cells: 3 },
    { stage: 2, first: 3, cells: 2 },
  ]);
});

test("chunk grid: a hundred thousand chunks share cells, ten thousand have one each", () => {
  assert.equal(chunksPerCell(10_000, 20_000), 1);
  assert.equal(chunksPerCell(100_000, 20_000), 5);
  assert.equal(chunksPerCell(0, 20_000), 1);
});

test("chunk grid: a cell of several chunks shows the worst of them, and a failure is worse than doubt", () => {
  const rows = [
    ["aaa", "a"],
    ["aup", "p"],
    ["afa", "f"],
    ["adf", "f"],
    ["ida", "d"],
    ["cip", "c"],
  ];
  for (const [states, shown] of rows) {
    const letters = [];
    updateLetters(letters, [0, 3], states);
    assert.deepEqual(letters, [shown], states);
  }
});

test("chunk grid: only the cells that differ are to be drawn anew", () => {
  const letters = [];
  assert.deepEqual(updateLetters(letters, [0, 1, 2, 3], "ppp"), [0, 1, 2]);
  assert.deepEqual(updateLetters(letters, [0, 1, 2, 3], "pap"), [1]);
  assert.deepEqual(updateLetters(letters, [0, 1, 2, 3], "pap"), []);
});

test("chunk grid: the counts are of chunks, not of cells", () => {
  assert.deepEqual(countLetters("aafp"), { a: 2, f: 1, p: 1 });
});

test("chunk grid: every cell is found again where it lies, whatever the width, the scale and the stages", () => {
  for (const width of [360, 801, 1240]) {
    for (const scale of [1, 1.25, 2]) {
      const { bands } = cellsOf(
        [
          [1, 20],
          [2, 980],
          [3, 9000],
        ],
        1,
      );
      const layout = layOut(bands, width * scale, 440 * scale, scale);
      assert.ok(layout.columns * layout.size <= width * scale);
      for (let cell = 0; cell < 10_000; cell += 7) {
        const { x, y } = placeOf(layout, cell);
        assert.equal(cellAt(layout, x, y), cell);
        assert.equal(cellAt(layout, x + layout.size - 1, y + layout.size - 1), cell);
      }
    }
  }
});

test("chunk grid: between and behind the cells there is none", () => {
  const layout = layOut(
    cellsOf(
      [
        [1, 3],
        [2, 3],
      ],
      1,
    ).bands,
    400,
    440,
  );

  assert.equal(cellAt(layout, 3.5 * layout.size, layout.bands[0].top), -1);
  assert.equal(cellAt(layout, 0, layout.bands[1].top - 1), -1);
  assert.equal(cellAt(layout, -1, layout.bands[0].top), -1);
  assert.equal(cellAt(layout, 0, layout.height + 5), -1);
});

test("chunk grid: few chunks are drawn large, many small", () => {
  const sizeFor = (chunks) => layOut(cellsOf([[1, chunks]], 1).bands, 1240, 440).size;

  assert.equal(sizeFor(400), 22);
  assert.ok(sizeFor(10_000) < 12);
});

// Three columns: 0 1 2 / 3 | 4 5 6 / 7 8, the bar being the border of two stages.
const small = {
  columns: 3,
  bands: [
    { first: 0, cells: 4 },
    { first: 4, cells: 5 },
  ],
};

test("chunk grid: up and down keep the column, over the border of a stage too", () => {
  const rows = [
    [0, "ArrowDown", 3],
    [1, "ArrowDown", 3],
    [3, "ArrowDown", 4],
    [4, "ArrowUp", 3],
    [5, "ArrowUp", 3],
    [8, "ArrowUp", 5],
    [6, "ArrowDown", 8],
    [8, "ArrowDown", 8],
    [0, "ArrowUp", 0],
    [3, "ArrowRight", 4],
    [0, "ArrowLeft", 0],
    [8, "ArrowRight", 8],
    [5, "Home", 0],
    [0, "End", 8],
  ];
  for (const [from, key, to] of rows) assert.equal(moved(small, from, key), to, `${key} from ${from}`);
  assert.equal(moved(small, 0, "x"), null);
});

test("chunk grid: the next of a state is looked for all around", () => {
  assert.equal(nextWith(["f", "a", "f"], 0, "f"), 2);
  assert.equal(nextWith(["f", "a", "f"], 2, "f"), 0);
  assert.equal(nextWith(["f", "a", "a"], 0, "f"), 0);
  assert.equal(nextWith(["a"], 0, "f"), -1);
});
