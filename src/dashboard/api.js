// SPDX-License-Identifier: MIT
// The daemon's API. The token lives in this page's memory alone and goes into the Authorization header: there are no
// cookies, and nothing is kept in the browser.
import { noteDaemonTime } from "./daemon_clock.js";

const answerExpectedWithin = 20_000;
// The daemon says something at least every fifteen seconds.
const silenceMax = 40_000;

let token = "";
let askForToken = async () => "";
let refused = null; // the token that the daemon did not take; it is not shown to it again
let question = null; // the one that is open
let wasLeft = false; // nobody gave a token, so that only the press of a button asks again

/** Whether a header may carry it. */
export const isToken = (text) => /^[\x21-\x7e]+$/.test(text);

const tokenListeners = new Set();

/** @param text for which isToken() holds */
export function setToken(text) {
  token = text;
  refused = null;
  wasLeft = false;
  for (const hear of tokenListeners) hear();
}

/** @param hear called when a token is given @return takes the listener away */
export function onToken(hear) {
  tokenListeners.add(hear);
  return () => tokenListeners.delete(hear);
}

/** @param ask shown when the daemon wants a token: resolves to one, or to "" if nobody gives one */
export const onTokenWanted = (ask) => (askForToken = ask);

let hearAnswer = () => {};

/** @param hear called whenever the daemon has answered, be it to refuse */
export const onAnswer = (hear) => (hearAnswer = hear);

/** What the daemon said against a request (RFC 9457), or that it could not be reached. */
export class Problem extends Error {
  constructor(status, detail, hint, devices = null) {
    super(detail);
    this.status = status; // 0: not reached
    this.hint = hint;
    this.isPassing = [0, 429, 503].includes(status); // the same may be answered in a moment
    this.devices = devices; // how many an order has that was refused for their number; null: for something else
  }
}

const unreachable = () =>
  new Problem(0, "the daemon does not answer", "It may be restarting; this page goes on by itself.");

async function problemOf(answer) {
  const { detail, hint, devices } = await answer.json().catch(() => ({}));
  return new Problem(answer.status, detail ?? `HTTP status ${answer.status}`, hint ?? "", devices ?? null);
}

const authorization = () => (token ? { Authorization: `Bearer ${token}` } : {});

/** What a broken answer means: whoever asked does not want it any more, or the daemon is away. */
const broken = (trouble, signal) => (signal?.aborted ? trouble : unreachable());

/** What is asked without changing anything, as long as no answer has begun. */
const looks = new Set();

/**
 * @param options of fetch(), and so that a daemon that hangs is told from one that is slow `isShort`: all of the
 *   answer comes in time; `isStream`: its beginning does
 */
async function askOnce(path, options) {
  const noBeginning = new AbortController();
  const late = options.isStream && setTimeout(() => noBeginning.abort(), answerExpectedWithin);
  const ends = [options.signal, noBeginning.signal, options.isShort && AbortSignal.timeout(answerExpectedWithin)];
  const signal = AbortSignal.any(ends.filter(Boolean));
  const plain = { credentials: "omit", cache: "no-store", redirect: "error" };
  try {
    const answer = await fetch(path, { ...options, ...plain, signal });
    noteDaemonTime(answer.headers.get("Date"));
    hearAnswer();
    return answer;
  } finally {
    clearTimeout(late);
  }
}

/**
 * A browser has six connections, and when the store is slow, looks have them all: an order does not wait for one.
 * Looks make way for it, and ask anew behind it.
 * @param options of askOnce(), and `isOrder`
 */
async function ask(path, options) {
  // Made first: what cannot be asked at all is no matter of the daemon's.
  const headers = new Headers({ ...options.headers, ...authorization() });
  if (options.isOrder) looks.forEach((look) => look.abort());
  for (;;) {
    const way = new AbortController();
    const signal = AbortSignal.any([options.signal, way.signal].filter(Boolean));
    if (options.isShort) looks.add(way);
    try {
      return await askOnce(path, { ...options, headers, signal });
    } catch (trouble) {
      if (!way.signal.aborted || options.signal?.aborted) throw broken(trouble, options.signal);
    } finally {
      looks.delete(way);
    }
  }
}

const tokenWanted = () => new Problem(401, "the daemon wants a token", "Give one: the button Token, above.");

/** Whether there is a token to try. There is one question at a time, however many requests wait for its answer. */
async function hasNewToken(isPressed) {
  if (token !== refused) return true;
  if (wasLeft && !isPressed) return false;
  question ??= askForToken(refused !== "").finally(() => (question = null));
  wasLeft = (await question) === "";
  if (wasLeft && token !== "") {
    // What may be seen without one is seen again.
    token = "";
    refused = null;
    return true;
  }
  return !wasLeft;
}

async function askWithToken(path, options) {
  const used = token;
  const answer = await ask(path, options);
  if (answer.status === 401 && token === used) refused = used;
  return answer;
}

/** A refused token, or a missing one, is asked for once; then what the daemon says stands. */
async function request(path, options = {}, isPressed = false) {
  if (token === refused && !(await hasNewToken(isPressed))) throw tokenWanted();
  let answer = await askWithToken(path, options);
  if (answer.status === 401 && (await hasNewToken(isPressed))) answer = await askWithToken(path, options);
  if (answer.ok || answer.status === 304) return answer;
  throw await problemOf(answer);
}

const textOf = (answer, signal) =>
  answer.text().catch((trouble) => {
    throw broken(trouble, signal);
  });

const contentOf = async (answer, signal) => JSON.parse(await textOf(answer, signal));

/** @param signal aborts it, with an AbortError */
export const get = async (path, signal) =>
  contentOf(await request(`/api/v1/${path}`, { signal, isShort: true }), signal);

/**
 * For what is asked for very often and changes seldom.
 * @param tag of the answer that is at hand; "" for none
 * @return {tag, content}: content is null if that answer still holds
 */
export async function getIfChanged(path, tag, signal) {
  const headers = tag ? { "If-None-Match": tag } : {};
  const answer = await request(`/api/v1/${path}`, { signal, isShort: true, headers });
  if (answer.status === 304) {
    // Read to its end, empty as it is: what is left unread counts as given up.
    await textOf(answer, signal);
    return { tag, content: null };
  }
  return { tag: answer.headers.get("ETag") ?? "", content: await contentOf(answer, signal) };
}

/**
 * A retry of the same press of a button carries the same key, so that work is never made twice. It is not tried again
 * by itself: whoever asks says so (see notice.js' attempt).
 */
export async function post(path, body = {}, key = crypto.randomUUID()) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  const order = { method: "POST", headers, body: JSON.stringify(body), isOrder: true };
  return contentOf(await request(`/api/v1/${path}`, order, true));
}

/** A question with a body: it changes nothing, and may come as often as somebody types. */
export async function preview(path, body) {
  const headers = { "Content-Type": "application/json" };
  return contentOf(await request(`/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** @param content text or a file; read from where it is, piece by piece @param type what it is, such as "text/csv" */
export async function upload(path, content, type) {
  const headers = { "Content-Type": type };
  return contentOf(await request(`/api/v1/${path}`, { method: "POST", headers, body: content }));
}

/** The next piece. Of a daemon that hangs, nothing comes, and nothing ends either. */
function pieceOf(reader, signal) {
  const late = setTimeout(() => reader.cancel().catch(() => {}), silenceMax);
  return reader
    .read()
    .catch((trouble) => {
      throw broken(trouble, signal);
    })
    .finally(() => clearTimeout(late));
}

/** An answer that comes piece by piece: yields texts until it ends. */
export async function* stream(path, headers, signal) {
  const answer = await request(`/api/v1/${path}`, { headers, signal, isStream: true });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await pieceOf(reader, signal);
      if (done) return;
      yield value;
    }
  } finally {
    // Who has enough gives the connection back: a browser has six, and the stop button needs one.
    reader.cancel().catch(() => {});
  }
}
