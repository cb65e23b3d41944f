// SPDX-License-Identifier: MIT
// The chunks of a run, each a cell: which part of it is done, and where it went wrong. Only what changes is drawn.
import {
  cellAt,
  cellsMax,
  cellsOf,
  chunksPerCell,
  counting,
  countLetters,
  layOut,
  moved,
  nextWith,
  placeOf,
  positions,
  repeated,
  updateLetters,
  worstFirst,
} from "./chunk_grid.js";
import { tilesOf } from "./chunk_tiles.js";
import { element, setText } from "./dom.js";
import { KnownChunks } from "./known_chunks.js";
import { poll } from "./live.js";
import { chunkStates, count, counted } from "./text.js";

const heightMax = 440;
/** So many chunks are asked for as often as the page wants. */
const calmFrom = 20000;
const keysText = "Arrow keys move over the chunks, Enter shows the attempts of one.";

function detailOf(answer) {
  const devices = repeated(answer.devices);
  return {
    chunks: answer.chunks,
    ids: counting(answer.ids),
    stages: repeated(answer.stages),
    stageRuns: answer.stages,
    devices,
    positions: positions(devices),
  };
}

/** The list of what is what: the cell as it is drawn, the state's name, how many chunks are in it. */
function makeLegendEntry(letter, press) {
  const sample = element("canvas", { "aria-hidden": "true" });
  const text = element("span");
  const { sign, name } = chunkStates[letter];
  const button = element("button", { type: "button", onclick: press, title: `Go to the next that is ${name}` });
  button.append(sample, `${sign} ${name} `, text);
  return { entry: element("li", {}, button), sample, text };
}

function showSample(sample, tile, scale) {
  sample.width = tile.width;
  sample.height = tile.height;
  // A small cell is shown enlarged: its pattern is what has to be recognised.
  sample.style.width = sample.style.height = `${Math.max(14, tile.width / scale)}px`;
  sample.getContext("2d").drawImage(tile, 0, 0);
}

export class ChunkMap {
  #known;
  #open;
  #canvas = element("canvas", {
    tabindex: 0,
    role: "application",
    "aria-label": "Map of the chunks",
    class: "chunk-map",
  });
  #cursorBox = element("div", { class: "chunk-cursor", hidden: true });
  #tip = element("div", { class: "chunk-tip", hidden: true, "aria-hidden": "true" });
  #told = element("p", { class: "chunk-told quiet", role: "status" }, keysText);
  #legend = element("ul", { class: "chunk-legend", "aria-label": "States of the chunks" });
  #grouped = element("p", { class: "quiet", hidden: true });
  #entries = new Map();
  #pace = 1000;
  #detail = null;
  #states = "";
  #cells = { firsts: [0], bands: [] };
  #letters = [];
  #layout = null;
  #tiles = null;
  #scale = 1;
  #cursor = -1;
  #names = [];
  #width = 0;
  #polling;
  #resized = new ResizeObserver(() => this.#fit());
  #scheme = matchMedia("(prefers-color-scheme: dark)");
  #recolour = () => this.#layOut();

  /** @param open called with a chunk, {id, stage, devices, position, letter}, when it is chosen */
  constructor(run, open) {
    this.#known = new KnownChunks(run);
    this.#open = open;
    const place = element("div", { class: "chunk-place" }, this.#canvas, this.#cursorBox, this.#tip);
    this.element = element("div", {}, this.#legend, this.#grouped, place, this.#told);
    for (const letter of worstFirst) this.#addLegend(letter);
    this.#listen();
    this.#resized.observe(place);
    this.#scheme.addEventListener("change", this.#recolour);
    this.#polling = poll(
      () => this.#pause(),
      (signal) => this.#ask(signal),
    );
  }

  /** A map of very many chunks is a long answer, and a cell of several changes less: it is asked for less often. */
  #pause() {
    return this.#pace * Math.max(1, Math.round((this.#detail?.chunks ?? 0) / calmFrom));
  }

  /** @param pace milliseconds between two looks @param names of the stages, the first one first */
  follow(pace, names) {
    const isFaster = pace < this.#pace;
    const areOther = names.join("\n") !== this.#names.join("\n");
    this.#pace = pace;
    this.#names = names;
    if (isFaster) this.#polling.now();
    if (areOther && this.#layout) this.#layOut();
  }

  /** How a chunk stands by now; null: it was split. */
  chunk(id) {
    const index = this.#detail ? this.#detail.ids.indexOf(id) : -1;
    return index === -1 ? null : this.#chunkAt(index);
  }

  /** The chunk `step` places further on; null: there is none. */
  neighbour(id, step) {
    const index = this.#detail.ids.indexOf(id) + step;
    return index >= 0 && index < this.#detail.chunks ? this.#chunkAt(index) : null;
  }

  destroy() {
    this.#polling.stop();
    this.#resized.disconnect();
    this.#scheme.removeEventListener("change", this.#recolour);
  }

  async #ask(signal) {
    const answer = await this.#known.look(signal);
    if (answer?.ids) this.#takeDetail(answer);
    else if (answer) this.#takeStates(answer.states);
  }

  #takeDetail(answer) {
    this.#detail = detailOf(answer);
    this.#states = answer.states;
    this.#group();
    this.#tellCounts();
  }

  #takeStates(states) {
    this.#states = states;
    for (const cell of updateLetters(this.#letters, this.#cells.firsts, states)) this.#drawCell(cell);
    this.#tellCounts();
  }

  #group() {
    if (this.#detail === null || this.#width === 0) return;
    const size = chunksPerCell(this.#detail.chunks, cellsMax(this.#width));
    this.#cells = cellsOf(this.#detail.stageRuns, size);
    this.#letters = [];
    updateLetters(this.#letters, this.#cells.firsts, this.#states);
    this.#cursor = Math.min(this.#cursor, this.#letters.length - 1);
    this.#grouped.hidden = size === 1;
    setText(this.#grouped, `Each cell stands for up to ${count(size)} chunks, and shows the worst state among them.`);
    this.#canvas.setAttribute("aria-label", `Map of ${counted(this.#detail.chunks, "chunk")}. ${keysText}`);
    this.#layOut();
  }

  #fit() {
    const width = this.#canvas.parentNode.clientWidth;
    if (width === this.#width && devicePixelRatio === this.#scale) return;
    this.#width = width;
    this.#group();
  }

  #layOut() {
    if (this.#letters.length === 0) return;
    this.#scale = devicePixelRatio;
    const width = Math.floor(this.#width * this.#scale);
    this.#layout = layOut(this.#cells.bands, width, heightMax * this.#scale, this.#scale);
    this.#tiles = tilesOf(this.#layout.size, this.#scale);
    this.#canvas.width = width;
    this.#canvas.height = this.#layout.height;
    this.#canvas.style.width = `${width / this.#scale}px`;
    this.#canvas.style.height = `${this.#layout.height / this.#scale}px`;
    for (let cell = 0; cell < this.#letters.length; ++cell) this.#drawCell(cell);
    for (const band of this.#layout.bands) this.#drawHead(band);
    for (const [letter, { sample }] of this.#entries) showSample(sample, this.#tiles[letter], this.#scale);
    // Whoever was here before the chunks came is told where.
    if (this.#cursor === -1 && document.activeElement === this.#canvas) this.#moveTo(0);
    else this.#placeCursor();
  }

  #drawCell(cell) {
    if (!this.#layout) return;
    const { x, y } = placeOf(this.#layout, cell);
    this.#canvas.getContext("2d").drawImage(this.#tiles[this.#letters[cell]] ?? this.#tiles.p, x, y);
  }

  #drawHead(band) {
    if (this.#layout.head === 0) return;
    const ink = this.#canvas.getContext("2d");
    const style = getComputedStyle(this.#canvas);
    const top = band.top - this.#layout.head;
    ink.fillStyle = style.borderTopColor;
    ink.fillRect(0, top, this.#canvas.width, Math.max(1, Math.round(this.#scale)));
    ink.fillStyle = style.color;
    ink.font = `${Math.round(12 * this.#scale)}px system-ui, sans-serif`;
    ink.textBaseline = "middle";
    ink.fillText(this.#stageText(band.stage).slice(0, 60), 0, top + this.#layout.head * 0.55);
  }

  #stageText = (stage) => (this.#names[stage - 1] ? `stage ${stage}, ${this.#names[stage - 1]}` : `stage ${stage}`);

  #chunkAt(index) {
    const { ids, stages, devices, positions: starts } = this.#detail;
    const [id, stage, position] = [ids[index], stages[index], starts[index]];
    return { id, stage, devices: devices[index], position, letter: this.#states[index] };
  }

  /** Of a cell's chunks the one that it shows. */
  #chunkOf(cell) {
    const [first, end] = [this.#cells.firsts[cell], this.#cells.firsts[cell + 1]];
    for (let index = first; index < end; ++index)
      if (this.#states[index] === this.#letters[cell]) return this.#chunkAt(index);
    return this.#chunkAt(first);
  }

  #describe(cell) {
    const chunks = this.#cells.firsts[cell + 1] - this.#cells.firsts[cell];
    const chunk = this.#chunkOf(cell);
    const { sign, name } = chunkStates[this.#letters[cell]];
    const stage = this.#cells.bands.length > 1 ? `, ${this.#stageText(chunk.stage)}` : "";
    const more = chunks > 1 ? ` (the worst of ${chunks} here)` : `, ${counted(chunk.devices, "device")}`;
    return `chunk ${chunk.id}${stage}, ${sign} ${name}${more}`;
  }

  #addLegend(letter) {
    const parts = makeLegendEntry(letter, () => {
      const cell = nextWith(this.#letters, Math.max(0, this.#cursor), letter);
      if (cell !== -1) this.#moveTo(cell);
      this.#canvas.focus();
    });
    parts.entry.hidden = true;
    this.#entries.set(letter, parts);
    this.#legend.append(parts.entry);
  }

  #tellCounts() {
    const counts = countLetters(this.#states);
    for (const [letter, { entry, text }] of this.#entries) {
      // What has been there stays, so that nothing changes its place under the pointer.
      if (counts[letter]) entry.hidden = false;
      setText(text, count(counts[letter] ?? 0));
    }
  }

  #listen() {
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    this.#canvas.addEventListener("click", (event) => {
      const cell = this.#cellUnder(event);
      if (cell === -1) return;
      this.#moveTo(cell);
      this.#open(this.#chunkOf(cell));
    });
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerleave", () => (this.#tip.hidden = true));
    this.#canvas.addEventListener("focus", () => this.#layout && this.#moveTo(Math.max(0, this.#cursor)));
    this.#canvas.addEventListener("blur", () => (this.#cursorBox.hidden = true));
  }

  #key(event) {
    if (!this.#layout || event.ctrlKey || event.altKey || event.metaKey) return;
    const from = Math.max(0, this.#cursor);
    if (event.key === "Enter") this.#open(this.#chunkOf(from));
    const cell = moved(this.#layout, from, event.key);
    if (cell !== null) this.#moveTo(cell);
    if (cell !== null || event.key === "Enter") event.preventDefault();
  }

  #cellUnder(event) {
    if (!this.#layout) return -1;
    return cellAt(this.#layout, event.offsetX * this.#scale, event.offsetY * this.#scale);
  }

  #point(event) {
    const cell = this.#cellUnder(event);
    this.#tip.hidden = cell === -1;
    if (cell === -1) return;
    setText(this.#tip, this.#describe(cell));
    const left = Math.min(event.offsetX + 12, this.#width - this.#tip.offsetWidth);
    this.#tip.style.left = `${Math.max(0, left)}px`;
    this.#tip.style.top = `${event.offsetY + 18}px`;
  }

  #moveTo(cell) {
    this.#cursor = cell;
    this.#placeCursor();
    setText(this.#told, this.#describe(cell));
  }

  #placeCursor() {
    this.#cursorBox.hidden = this.#cursor === -1 || document.activeElement !== this.#canvas;
    if (this.#cursor === -1) return;
    const { x, y } = placeOf(this.#layout, this.#cursor);
    const box = this.#cursorBox.style;
    [box.left, box.top] = [`${x / this.#scale}px`, `${y / this.#scale}px`];
    box.width = box.height = `${this.#layout.size / this.#scale}px`;
  }
}
