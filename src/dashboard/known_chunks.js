// SPDX-License-Identifier: MIT
// What the daemon knows of a run's chunks, asked for again and again: their states, and where each belongs only when
// there are more of them than before.
import { getIfChanged } from "./api.js";

export class KnownChunks {
  #path;
  #read;
  #tag = "";
  #chunks = null;

  /** @param read as getIfChanged() does it */
  constructor(run, read = getIfChanged) {
    this.#path = `runs/${run}/chunk-map`;
    this.#read = read;
  }

  /** @return the daemon's answer, with `ids`, `stages` and `devices` if those are new; null: nothing has changed */
  async look(signal) {
    if (this.#chunks === null) return this.#readDetail(signal);
    const { tag, content } = await this.#read(this.#path, this.#tag, signal);
    if (content === null) return null;
    // Only a split makes more chunks: their places are asked for anew.
    const news = content.chunks === this.#chunks ? content : await this.#readDetail(signal);
    // Not before: with the tag of an answer that was not taken, nothing would ever have changed.
    this.#tag = tag;
    return news;
  }

  async #readDetail(signal) {
    const { content } = await this.#read(`${this.#path}?detail=true`, "", signal);
    this.#chunks = content.chunks;
    return content;
  }
}
