// SPDX-License-Identifier: MIT
// How many requests each tenant sent in each of the last ten minutes' seconds. Nothing of it grows.

export const historySeconds = 600;

/** One tenant's sends, second by second, the oldest first; `end` is the second after the last. */
export class SendHistory {
  values = new Float64Array(historySeconds);
  end = 0;

  /**
   * @param end the first unix second that is not over yet
   * @param sends {first_second, counts}: what the daemon knows; seconds before it keep what is known of them
   */
  take(end, sends) {
    this.#moveTo(end);
    sends.counts.forEach((count, index) => {
      const place = sends.first_second + index - this.#begin;
      if (place >= 0 && place < historySeconds) this.values[place] = count;
    });
  }

  get #begin() {
    return this.end - historySeconds;
  }

  // A clock that was set back makes all that is known belong to no time.
  #moveTo(end) {
    const seconds = end - this.end;
    if (seconds < 0 || seconds >= historySeconds) this.values.fill(0);
    else if (seconds > 0) {
      this.values.copyWithin(0, seconds);
      this.values.fill(0, historySeconds - seconds);
    }
    this.end = end;
  }

  /** Requests per second, over the last so many of them. */
  rate(seconds) {
    let sent = 0;
    for (let place = historySeconds - seconds; place < historySeconds; place += 1) sent += this.values[place];
    return sent / seconds;
  }

  highest() {
    return this.values.reduce((most, count) => Math.max(most, count), 0);
  }

  /** Means over equal pieces of the time, into `pieces`, which has as many places as are wanted. */
  summarize(pieces) {
    const width = historySeconds / pieces.length;
    for (let piece = 0; piece < pieces.length; piece += 1) {
      const [from, to] = [Math.round(piece * width), Math.round((piece + 1) * width)];
      let sent = 0;
      for (let place = from; place < to; place += 1) sent += this.values[place];
      pieces[piece] = sent / (to - from);
    }
    return pieces;
  }

  /** The seconds that the values belong to, into `times`. */
  fillTimes(times) {
    for (let place = 0; place < historySeconds; place += 1) times[place] = this.#begin + place;
    return times;
  }
}
