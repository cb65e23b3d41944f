// SPDX-License-Identifier: MIT
// Where the chunks of a run lie on their map, and how each cell stands: numbers only, nothing is drawn here.

/** From what an operator has to see first to what needs no eye: what a cell of several chunks shows. */
export const worstFirst = "fdcihpua";

/** [[7, 3], [9, 1]] is 7, 7, 7, 9. */
export function repeated(runs) {
  const numbers = new Float64Array(runs.reduce((sum, [, times]) => sum + times, 0));
  let place = 0;
  for (const [number, times] of runs) {
    numbers.fill(number, place, place + times);
    place += times;
  }
  return numbers;
}

/** [[7, 3], [20, 1]] is 7, 8, 9, 20. */
export function counting(runs) {
  const numbers = new Float64Array(runs.reduce((sum, [, times]) => sum + times, 0));
  let place = 0;
  for (const [first, times] of runs) for (let i = 0; i < times; ++i) numbers[place++] = first + i;
  return numbers;
}

/** Where each chunk's devices begin in the run's list. */
export function positions(devices) {
  const starts = new Float64Array(devices.length);
  for (let i = 1; i < devices.length; ++i) starts[i] = starts[i - 1] + devices[i - 1];
  return starts;
}

/** How many chunks have each letter: {a: 12, f: 1}. */
export function countLetters(states) {
  const counts = {};
  for (const letter of states) counts[letter] = (counts[letter] ?? 0) + 1;
  return counts;
}

/**
 * Cells of up to `size` chunks; none goes over the end of a stage.
 * @param stages run lengths, [[stage, chunks], …]
 * @return {firsts, bands}: firsts[cell] is the cell's first chunk, with one more for the end; a band is a stage's cells
 */
export function cellsOf(stages, size) {
  const firsts = [];
  const bands = [];
  let chunk = 0;
  for (const [stage, chunks] of stages) {
    const end = chunk + chunks;
    const first = firsts.length;
    for (; chunk < end; chunk += size) firsts.push(chunk);
    chunk = end;
    bands.push({ stage, first, cells: firsts.length - first });
  }
  firsts.push(chunk);
  return { firsts, bands };
}

/** So many chunks share a cell that the map has about `most` cells. */
export const chunksPerCell = (chunks, most) => Math.max(1, Math.ceil(chunks / most));

function worst(states, from, to) {
  let rank = worstFirst.length - 1;
  for (let chunk = from; chunk < to && rank > 0; ++chunk) {
    const other = worstFirst.indexOf(states[chunk]);
    if (other !== -1 && other < rank) rank = other;
  }
  return worstFirst[rank];
}

/**
 * Brings the letters of the cells up to date.
 * @param letters one per cell, changed here @return the cells that differ from before
 */
export function updateLetters(letters, firsts, states) {
  const changed = [];
  for (let cell = 0; cell + 1 < firsts.length; ++cell) {
    const one = firsts[cell + 1] - firsts[cell] === 1;
    const letter = one ? states[firsts[cell]] : worst(states, firsts[cell], firsts[cell + 1]);
    if (letters[cell] === letter) continue;
    letters[cell] = letter;
    changed.push(cell);
  }
  return changed;
}

const sizes = [22, 18, 15, 12, 10, 8, 7, 6, 5];
const headHeight = 22;
const gapHeight = 4;
/** With more stages than that a line for each would be most of the map. */
const headsMax = 12;

/** How many cells a map of that width may have, so that each stays large enough to be pointed at. */
export const cellsMax = (width) => Math.max(1, Math.floor(width / sizes.at(-1))) * 120;

/**
 * Lays the bands out below each other with the largest cells that keep the map within `heightMax`; with the smallest
 * it may be higher. All lengths but `scale` are whole device pixels, so that cells have sharp edges.
 * @param scale device pixels per pixel of the page
 * @return {size, columns, height, head, bands}, each band with its `top`, where its cells begin
 */
export function layOut(bands, width, heightMax, scale = 1) {
  const scaled = (length) => Math.max(1, Math.round(length * scale));
  const head = bands.length > 1 && bands.length <= headsMax ? scaled(headHeight) : 0;
  const rowsOf = (band, columns) => Math.ceil(band.cells / columns);
  const at = (each) => {
    const size = scaled(each);
    const columns = Math.max(1, Math.floor(width / size));
    let height = 0;
    const placed = bands.map((band) => {
      const top = height + head;
      height = top + rowsOf(band, columns) * size + scaled(gapHeight);
      return { ...band, top };
    });
    return { size, columns, height, head, bands: placed };
  };
  for (const each of sizes) {
    const layout = at(each);
    if (layout.height <= heightMax || each === sizes.at(-1)) return layout;
  }
}

const bandOf = (layout, cell) => layout.bands.find((band) => cell < band.first + band.cells);

/** The upper left corner of a cell. */
export function placeOf(layout, cell) {
  const band = bandOf(layout, cell);
  const within = cell - band.first;
  const row = Math.floor(within / layout.columns);
  return { x: (within % layout.columns) * layout.size, y: band.top + row * layout.size };
}

/** @return -1: there is none */
export function cellAt(layout, x, y) {
  const column = Math.floor(x / layout.size);
  if (x < 0 || column >= layout.columns) return -1;
  for (const band of layout.bands) {
    const row = Math.floor((y - band.top) / layout.size);
    const within = row * layout.columns + column;
    if (y >= band.top && within < band.cells && row * layout.columns < band.cells) return band.first + within;
  }
  return -1;
}

/** Up and down keep the column, over the borders of stages too. */
function vertical(layout, cell, step) {
  const band = bandOf(layout, cell);
  const column = (cell - band.first) % layout.columns;
  const within = cell - band.first + step * layout.columns;
  if (within >= 0 && within < band.cells) return band.first + within;
  const lastRow = Math.floor((band.cells - 1) / layout.columns);
  if (step > 0 && Math.floor((cell - band.first) / layout.columns) < lastRow) return band.first + band.cells - 1;
  const next = layout.bands[layout.bands.indexOf(band) + step];
  if (!next || next.cells === 0) return cell;
  const row = step > 0 ? 0 : Math.floor((next.cells - 1) / layout.columns);
  return next.first + Math.min(row * layout.columns + column, next.cells - 1);
}

/** Where a key takes the cursor; null: it is none of the map's keys. */
export function moved(layout, cell, key) {
  const last = layout.bands.at(-1).first + layout.bands.at(-1).cells - 1;
  if (key === "ArrowLeft") return Math.max(0, cell - 1);
  if (key === "ArrowRight") return Math.min(last, cell + 1);
  if (key === "ArrowUp") return vertical(layout, cell, -1);
  if (key === "ArrowDown") return vertical(layout, cell, 1);
  if (key === "Home") return 0;
  if (key === "End") return last;
  return null;
}

/** The next cell from `cell` on whose letter is the wanted one, all around; -1: there is none. */
export function nextWith(letters, cell, wanted) {
  for (let step = 1; step <= letters.length; ++step) {
    const other = (cell + step) % letters.length;
    if (letters[other] === wanted) return other;
  }
  return -1;
}
