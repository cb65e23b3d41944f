// SPDX-License-Identifier: MIT
// The line that says what a press did, in sight on every page: one thing at a time, until the next.
import { Problem } from "./api.js";
import { element } from "./dom.js";
import { isAway, lost } from "./live.js";
import { backText, doingText, lateText, unansweredText } from "./order_text.js";

const answerExpectedWithin = 5000;
// What was not taken at all is refused at once; whatever takes longer may have come to the daemon.
const refusedWithin = 1000;

const place = document.getElementById("notice");
const closing = document.getElementById("close-notice");
let whenBack = null; // what is said once the daemon answers again

function show(...content) {
  whenBack = null;
  place.replaceChildren(...content);
  closing.hidden = content.length === 0;
}

/** Says something to whoever looks, and to screen readers; stays until the next, or until it is closed. */
export const say = (...content) => show(element("span", {}, content));

function sayTrouble(text) {
  // What is tried once a second is not said anew each time.
  if (place.textContent !== text) show(element("span", { class: "problem" }, text));
  whenBack = null;
}

/** Says what went wrong and what to do next. @return takes it back, if it is what is said by then */
export function sayProblem(trouble) {
  const hint = trouble instanceof Problem && trouble.hint ? ` ${trouble.hint}` : "";
  const text = `✗ ${trouble.message}.${hint}`;
  sayTrouble(text);
  return () => {
    if (place.textContent === text) unsay();
  };
}

export const unsay = () => show();

closing.addEventListener("click", () => {
  unsay();
  document.getElementById("page").focus({ preventScroll: true });
});

/** What was said about a daemon that was away is over. */
export function sayItIsBack() {
  if (whenBack === null) return;
  if (whenBack === "") unsay();
  else say(whenBack);
}

/** @param order null: it was a look, and nothing has come of it */
function sayUnanswered(order, wasReached) {
  lost();
  sayTrouble(order ? unansweredText(order, wasReached) : "✗ The daemon does not answer. Press once more when it does.");
  whenBack = order ? backText(order, wasReached) : "";
}

/**
 * Does something that may be refused, and says so.
 * @param order {verb, command} (see order_text.js): what is asked of the daemon; it is said at once. Without: a look
 * @return what it gave, or undefined
 */
export async function attempt(work, order = null) {
  const [wasAway, begun] = [isAway(), performance.now()];
  if (order) say(doingText(order));
  const late = order && setTimeout(() => say(lateText(order)), answerExpectedWithin);
  try {
    return await work();
  } catch (trouble) {
    // Whoever has left a page does not wait for its answers any more.
    if (trouble.name === "AbortError") return undefined;
    const isUnanswered = trouble instanceof Problem && trouble.status === 0;
    if (isUnanswered) sayUnanswered(order, !wasAway || performance.now() - begun > refusedWithin);
    else sayProblem(trouble);
    return undefined;
  } finally {
    clearTimeout(late);
  }
}
