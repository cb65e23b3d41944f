// SPDX-License-Identifier: MIT
// How a chunk's state looks in a cell: its colour, and a sign or, where a cell is too small for one, a pattern.
import { chunkStates } from "./text.js";

/** In pixels of the page; below it a sign could not be read. */
const signFrom = 12;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Each takes the side of the square, and draws with the colour of the ground over that of the state. */
const patterns = {
  f(ink, side) {
    ink.beginPath();
    ink.moveTo(0, side);
    ink.lineTo(side, 0);
    ink.stroke();
  },
  d: (ink, side) => ink.fillRect(side * 0.3, side * 0.3, side * 0.4, side * 0.4),
  u: (ink, side) => ink.fillRect(0, 0, side, side * 0.4),
  i: (ink, side) => ink.fillRect(side * 0.35, 0, side * 0.3, side),
  c: (ink, side) => ink.fillRect(0, side * 0.35, side, side * 0.3),
  h: (ink, side) => ink.fillRect(side * 0.2, side * 0.2, side * 0.6, side * 0.6),
};

function drawSign(ink, sign, side) {
  ink.font = `bold ${Math.round(side * 0.8)}px system-ui, sans-serif`;
  ink.textAlign = "center";
  ink.textBaseline = "middle";
  ink.fillText(sign, side / 2, side * 0.54);
}

function drawTile(letter, size, scale) {
  const { state, sign } = chunkStates[letter];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const ink = canvas.getContext("2d");
  const side = size - Math.max(1, Math.round(scale));
  ink.fillStyle = colour("ground");
  ink.fillRect(0, 0, size, size);
  ink.fillStyle = colour(state);
  ink.fillRect(0, 0, side, side);
  ink.fillStyle = ink.strokeStyle = letter === "p" ? colour("text") : colour("ground");
  ink.lineWidth = Math.max(1, side / 4);
  if (size >= signFrom * scale) drawSign(ink, sign, side);
  else patterns[letter]?.(ink, side);
  return canvas;
}

/** @param size of a tile, in device pixels @return {letter: canvas} in the colours of the moment */
export const tilesOf = (size, scale) =>
  Object.fromEntries(Object.keys(chunkStates).map((letter) => [letter, drawTile(letter, size, scale)]));
