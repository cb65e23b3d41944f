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

/** @param text for which isToken() holds */
export function setToken(text) {
  token = text;
  refused = null;
  wasLeft = false;
}

/** @param ask shown when the daemon wants a token: resolves to one, or to "" if nobody gives one */
export const onTokenWanted = (ask) => (askForToken = ask);

/** What the daemon said against a request (RFC 9457), or that it could not be reached. */
export class Problem extends Error {
  constructor(status, detail, hint, devices = null) {
    super(detail);
    this.status = status; // 0: not reached
    this.hint = hint;
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

/** So that a daemon that hangs is told from one that is slow. */
function inTime(signal) {
  const late = AbortSignal.timeout(answerExpectedWithin);
  return signal ? AbortSignal.any([signal, late]) : late;
}

const always = { credentials: "omit", cache: "no-store", redirect: "error" };

async function ask(path, options) {
  const headers = { ...options.headers, ...authorization() };
  const signal = options.isShort ? inTime(options.signal) : options.signal;
  // Made first: what cannot be asked at all is no matter of the daemon's.
  const request = new Request(path, { ...options, headers, signal, ...always });
  try {
    const answer = await fetch(request);
    noteDaemonTime(answer.headers.get("Date"));
    return answer;
  } catch (trouble) {
    if (trouble.name === "AbortError") throw trouble;
    throw unreachable();
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

/** @param signal aborts it, with an AbortError */
export const get = async (path, signal) => (await request(`/api/v1/${path}`, { signal, isShort: true })).json();

/**
 * For what is asked for very often and changes seldom.
 * @param tag of the answer that is at hand; "" for none
 * @return {tag, content}: content is null if that answer still holds
 */
export async function getIfChanged(path, tag, signal) {
  const answer = await request(`/api/v1/${path}`, { signal, isShort: true, headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 304) {
    // Read to its end, empty as it is: what is left unread counts as given up.
    await answer.text();
    return { tag, content: null };
  }
  return { tag: answer.headers.get("ETag") ?? "", content: await answer.json() };
}

/**
 * A retry of the same press of a button carries the same key, so that work is never made twice. It is not tried again
 * by itself: whoever asks says so (see notice.js' attempt).
 */
export async function post(path, body = {}, key = crypto.randomUUID()) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  const answer = await request(`/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) }, true);
  return answer.json();
}

/** A question with a body: it changes nothing, and may come as often as somebody types. */
export async function preview(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await request(`/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

/** @param content text or a file; read from where it is, piece by piece @param type what it is, such as "text/csv" */
export async function upload(path, content, type) {
  const headers = { "Content-Type": type };
  return (await request(`/api/v1/${path}`, { method: "POST", headers, body: content })).json();
}

/** An answer that comes piece by piece: yields texts until it ends. */
export async function* stream(path, headers, signal) {
  const answer = await request(`/api/v1/${path}`, { headers, signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    // Of a daemon that hangs, nothing comes, and nothing ends either.
    const late = setTimeout(() => reader.cancel().catch(() => {}), silenceMax);
    const { done, value } = await reader
      .read()
      .catch((trouble) => {
        throw trouble.name === "AbortError" ? trouble : unreachable();
      })
      .finally(() => clearTimeout(late));
    if (done) return;
    yield value;
  }
}
