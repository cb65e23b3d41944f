// SPDX-License-Identifier: MIT
// How long the page waits for the daemon, by a clock that the tests move.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { get, post, Problem, stream } from "../../../src/dashboard/api.js";

/** Lets what is due come about; no time passes. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function pass(milliseconds) {
  await settle();
  mock.timers.tick(milliseconds);
  await settle();
}

/** What became of a promise so far: "waits", "done", or how it failed. */
function fateOf(promise) {
  const fate = { now: "waits" };
  promise.then(
    () => (fate.now = "done"),
    (trouble) => (fate.now = trouble instanceof Problem ? `problem ${trouble.status}` : trouble.name),
  );
  return fate;
}

/** Does nothing until it is given up, as a daemon that hangs. */
const untilAborted = (signal) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

const daemon = { answer: null };

/** An answer whose body comes as the test says, unless it is given up. @return {response, send(text)} */
function openAnswer(signal) {
  let body;
  const response = new Response(new ReadableStream({ start: (controller) => (body = controller) }));
  signal.addEventListener("abort", () => body.error(signal.reason));
  return { response, send: (text) => body.enqueue(new TextEncoder().encode(text)) };
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  // The platform's own goes by a clock that cannot be moved.
  mock.method(AbortSignal, "timeout", (milliseconds) => {
    const late = new AbortController();
    setTimeout(() => late.abort(new DOMException("too late", "TimeoutError")), milliseconds);
    return late.signal;
  });
  mock.method(globalThis, "fetch", (_, { signal }) => daemon.answer(signal));
  daemon.answer = untilAborted;
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

test("api: an answer is waited for 20 s, and then the daemon counts as away", async () => {
  const fate = fateOf(get("runs/7"));

  await pass(19_999);
  assert.equal(fate.now, "waits");
  await pass(1);
  assert.equal(fate.now, "problem 0");
});

test("api: an answer that stops in its midst has the same 20 s", async () => {
  daemon.answer = async (signal) => {
    const { response, send } = openAnswer(signal);
    send('{"run":');
    return response;
  };
  const fate = fateOf(get("runs/7"));

  await pass(19_999);
  assert.equal(fate.now, "waits");
  await pass(1);
  assert.equal(fate.now, "problem 0");
});

test("api: a page that is left gives up its question at once, and that is no problem", async () => {
  const leaving = new AbortController();
  const fate = fateOf(get("runs/7", leaving.signal));

  await pass(1000);
  leaving.abort();
  await settle();
  assert.equal(fate.now, "AbortError");
});

test("api: an order is not given up, however long the store takes", async () => {
  let come;
  daemon.answer = (signal) => Promise.race([untilAborted(signal), new Promise((resolve) => (come = resolve))]);
  const order = post("runs/7:pause");
  const fate = fateOf(order);

  await pass(600_000);
  assert.equal(fate.now, "waits");
  come(new Response('{"recorded":true}'));
  assert.deepEqual(await order, { recorded: true });
});

test("api: a stream ends when nothing has come for 40 s, each piece counting anew", async () => {
  let answer;
  daemon.answer = async (signal) => (answer = openAnswer(signal)).response;
  const pieces = [];
  const reading = (async () => {
    for await (const piece of stream("events")) pieces.push(piece);
  })();
  const fate = fateOf(reading);

  for (const piece of [": hello\n\n", "id: a-1\n"]) {
    await pass(39_999);
    answer.send(piece);
    await settle();
  }
  await pass(39_999);
  assert.deepEqual(pieces, [": hello\n\n", "id: a-1\n"]);
  assert.equal(fate.now, "waits");
  await pass(1);
  assert.equal(fate.now, "done");
});

test("api: a stream that does not begin within 20 s is given up, one that has begun goes on", async () => {
  const never = fateOf(stream("events").next());
  await pass(19_999);
  assert.equal(never.now, "waits");
  await pass(1);
  assert.equal(never.now, "problem 0");

  daemon.answer = async (signal) => openAnswer(signal).response;
  const begun = fateOf(stream("events").next());
  await pass(20_001);
  assert.equal(begun.now, "waits");
});

test("api: a stream that nobody reads on gives its connection back", async () => {
  let isGivenBack = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("a line\n")),
    cancel: () => void (isGivenBack = true),
  });
  daemon.answer = async () => new Response(body);

  for await (const piece of stream("runs/1/devices")) {
    assert.match(piece, /^a line\n/);
    break;
  }
  await settle();

  assert.equal(isGivenBack, true);
});

test("api: an order has the connections of what is only looked at, and that is asked for behind it", async () => {
  const asked = [];
  mock.method(globalThis, "fetch", async (path, { signal }) => {
    asked.push(path);
    return asked.length === 1 ? untilAborted(signal) : new Response("{}");
  });
  const look = get("runs");
  await settle();

  await post("stop");
  await look;

  assert.deepEqual(asked, ["/api/v1/runs", "/api/v1/stop", "/api/v1/runs"]);
});
