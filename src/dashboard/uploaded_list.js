// SPDX-License-Identifier: MIT
// A device list that is too long to go along with its job: it goes up once, however often the job beside it changes.
import { Problem, upload } from "./api.js";

/**
 * Whether a file is still the one that was opened. The browser lets nothing be read of one that was written to since:
 * to read it, and to send it, fails as if the daemon were away.
 */
export const isAsOpened = (file) =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );

export class UploadedList {
  #content = null;
  #type = "";
  #id = "";

  /** @param content text or a file @return what the daemon calls the list; a Problem if the file has changed */
  async idOf(content, type) {
    if (content instanceof File && !(await isAsOpened(content)))
      throw new Problem(409, `the file ${content.name} has changed since it was opened`, "Open it again.");
    if (content !== this.#content || type !== this.#type) {
      this.#id = (await upload("device-lists", content, type)).device_list;
      [this.#content, this.#type] = [content, type];
    }
    return this.#id;
  }
}
