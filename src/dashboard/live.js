// SPDX-License-Identifier: MIT
// What keeps the page up to date: the daemon's events as they happen, and figures that are asked for again and again.
// Both go on by themselves when the daemon was away.
import { onAnswer, Problem, stream } from "./api.js";
import { daemonNow } from "./daemon_clock.js";

const listeners = new Set();
const connection = { lostAt: null, tell: () => {} };

/** @param tell called with null when all is well, else with the time since when the daemon does not answer */
export function watchConnection(tell) {
  connection.tell = tell;
}

export const isAway = () => connection.lostAt !== null;

function reached() {
  if (connection.lostAt === null) return;
  connection.lostAt = null;
  connection.tell(null);
}

// Also one that refuses: a daemon that wants a token is there.
onAnswer(reached);

/** That an answer has not come. It is over with the next that does. */
export function lost() {
  connection.lostAt ??= new Date(daemonNow());
  connection.tell(connection.lostAt);
}

/** @param hear called with each event @return takes the listener away */
export function onEvent(hear) {
  listeners.add(hear);
  return () => listeners.delete(hear);
}

/** Ends early when one of the signals does. Takes its listeners away: a page that is left open sleeps very often. */
const sleep = (milliseconds, ...signals) =>
  new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    for (const signal of signals) signal.addEventListener("abort", wake);
    if (signals.some((signal) => signal.aborted)) wake();
  });

/** Server-sent events, as far as the daemon writes them: `id:` and `data:` lines, blank lines, comments. */
export class EventReader {
  #rest = "";
  #id = "";
  #data = [];

  /** Behind which event to go on; "" as long as nothing has said so. It may come without an event. */
  lastId = "";

  /** @return the events that are complete with this piece */
  take(piece) {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop();
    const complete = [];
    for (const line of lines) {
      if (line === "") this.#finish(complete);
      else if (line.startsWith("id:")) this.#id = line.slice(3).trim();
      else if (line.startsWith("data:")) this.#data.push(line.slice(5).trimStart());
    }
    return complete;
  }

  #finish(complete) {
    this.lastId = this.#id;
    if (this.#data.length > 0) complete.push({ id: this.#id, data: this.#data.join("\n") });
    this.#data = [];
  }
}

// A browser has six connections for all its tabs, and every stream takes one: those that nobody looks at must not keep
// the stop button of another tab waiting. Soon, but not whenever somebody leafs through tabs.
const hiddenMax = 3_000;

/** @return {signal, end}: the signal aborts once the page has been hidden for a while; end() takes the listener away */
function watchHiding() {
  const hiding = new AbortController();
  let timer;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => hiding.abort(), hiddenMax);
  };
  const end = () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return { signal: hiding.signal, end };
}

const untilShown = () =>
  new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });

// So many windows in sight keep a stream each; the others look for events again and again, so that of the browser's
// six connections some are always free.
const streamsMax = 3;
const [lookTime, lookPause] = [1000, 2000];

/** Does the work while this page has one of the streams that all of the browser's may keep. @return whether it had */
async function withStream(work) {
  let had = false;
  // Without TLS, and not on this machine, browsers know no locks: then nobody keeps a stream.
  for (let place = 0; navigator.locks && place < streamsMax && !had; ++place) {
    await navigator.locks.request(`event stream ${place}`, { ifAvailable: true }, (lock) => {
      had = lock !== null;
      return had ? work() : undefined;
    });
  }
  return had;
}

/** What has happened until now, by a stream that is let go of at once. */
async function lookForEvents(state, hiding) {
  const looking = new AbortController();
  const timer = setTimeout(() => looking.abort(), lookTime);
  try {
    await readEvents(state, AbortSignal.any([looking.signal, hiding]));
  } catch (trouble) {
    if (!looking.signal.aborted) throw trouble;
  } finally {
    clearTimeout(timer);
  }
  await sleep(lookPause, hiding);
}

async function readEvents(state, signal) {
  const headers = { Accept: "text/event-stream" };
  if (state.last) headers["Last-Event-ID"] = state.last;
  const reader = new EventReader();
  for await (const piece of stream("events", headers, signal)) {
    reached();
    state.wait = 500;
    const events = reader.take(piece);
    state.last = reader.lastId || state.last;
    for (const event of events.map(({ data }) => JSON.parse(data))) {
      for (const hear of listeners) hear(event);
    }
  }
}

/**
 * Never ends. Goes on behind the last event that came; a restored store counts anew, and is taken up there. While the
 * page is hidden nothing is read; what happened meanwhile comes when it is shown again.
 */
export async function followEvents() {
  const state = { last: "", wait: 500 };
  for (;;) {
    await untilShown();
    const hiding = watchHiding();
    try {
      const read = () => readEvents(state, hiding.signal);
      if (!(await withStream(read))) {
        await lookForEvents(state, hiding.signal);
        continue;
      }
    } catch (trouble) {
      if (hiding.signal.aborted) continue;
      if (trouble instanceof Problem && trouble.status === 0) lost();
      else if (!(trouble instanceof Problem) || trouble.status === 409) state.last = "";
    } finally {
      hiding.end();
    }
    await sleep(state.wait);
    state.wait = Math.min(2 * state.wait, 5000);
  }
}

/**
 * Calls work(signal) every so many milliseconds, never twice at once, not while the page is hidden, and at once when
 * it is looked at again.
 * @param milliseconds from the end of one call to the next; a function is asked each time
 * @param failed called with what went wrong; what it returns, if it does, takes back what it said, and is called when
 *   the work is done again
 * @return {stop, now}: now() calls it soon, however often it is called meanwhile
 */
export function poll(milliseconds, work, failed = () => {}) {
  const ending = new AbortController();
  let waking = new AbortController();
  const now = () => waking.abort();
  document.addEventListener("visibilitychange", now, { signal: ending.signal });

  let takeBack = null;
  const run = async () => {
    while (!ending.signal.aborted) {
      waking = new AbortController();
      if (!document.hidden) {
        try {
          await work(ending.signal);
          takeBack?.();
          takeBack = null;
        } catch (trouble) {
          if (ending.signal.aborted) return;
          // That the daemon is away is told once, by the frame.
          if (trouble instanceof Problem && trouble.status === 0) lost();
          else takeBack = failed(trouble) ?? takeBack;
        }
      }
      const pause = typeof milliseconds === "function" ? milliseconds() : milliseconds;
      await sleep(pause, waking.signal, ending.signal);
    }
  };
  run();
  return { stop: () => ending.abort(), now };
}
