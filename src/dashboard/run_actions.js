// SPDX-License-Identifier: MIT
// The buttons of a run. Each says what it will do before it does it, and what happened afterwards.
import { actionsOf, queuedAgain } from "./action_rules.js";
import { post } from "./api.js";
import { ask } from "./dialog.js";
import { element, keepFocus, keepList, setText } from "./dom.js";

const done = {
  pause: "paused",
  resume: "resumed",
  cancel: "canceled",
};

/** A new run, and the way to it. */
function tellNewRun(frame, made) {
  const link = element("a", { href: `#/runs/${made.run}` }, `run ${made.run}`);
  frame.say(element("span", {}, queuedAgain(made), link));
}

/**
 * Asks, posts, and says what became of it.
 * @param question as dialog.js takes it, with the verb of the order @param tell called with the answer @return whether it was done
 */
export async function carryOut(frame, question, path, body, tell) {
  const answer = await ask(question);
  if (!answer) return false;
  const reason = answer.reason ? { reason: answer.reason } : {};
  const given = await frame.attempt(() => post(path, { ...body, ...reason }), question);
  if (given !== undefined) tell(given);
  return given !== undefined;
}

const questionOf = (run, action) => ({ title: `${action.text}: run ${run.run}`, action: action.text, ...action });

/** Asks until the number that was agreed to is the daemon's; whatever else it refuses is said, and is the end. */
async function retry(frame, run, action) {
  for (let asked = action; await ask(questionOf(run, asked)); ) {
    let refusal = null;
    const send = () =>
      post(`runs/${run.run}:retry`, asked.body).catch((trouble) => {
        if ((trouble.devices ?? null) === null) throw trouble;
        refusal = trouble;
      });
    const made = await frame.attempt(send, asked);
    if (made) tellNewRun(frame, made);
    if (refusal === null) return made !== undefined;
    frame.sayProblem(refusal);
    asked = action.withLeft(refusal.devices, refusal.message);
  }
  return false;
}

async function press(frame, run, action) {
  if (action.verb === "retry") return retry(frame, run, action);
  const tell = (given) => {
    const unrecorded = given.recorded ? "" : " It is not on record yet: the store does not answer.";
    return frame.say(`✓ Run ${run.run} is ${done[action.verb]}.${unrecorded}`);
  };
  return carryOut(frame, questionOf(run, action), `runs/${run.run}:${action.verb}`, action.body ?? {}, tell);
}

const kindOf = (action) => (action.isDangerous ? "danger" : action.isMain ? "primary" : null);

/** @param changed called when something was done @return {update(run)} */
export function runActions(place, frame, changed) {
  let now = null;
  const make = (action) => {
    const button = element("button", { type: "button", class: kindOf(action) });
    // What is asked is about the run as it stands when the button is pressed, not when it was made.
    button.addEventListener("click", async () => {
      const newest = actionsOf(now).find((each) => keyOf(each) === keyOf(action));
      if (newest && (await press(frame, now, newest))) changed();
    });
    return button;
  };
  const keyOf = (action) => `${action.verb} ${Object.keys(action.body ?? {})[0] ?? ""}`;
  return {
    update(run) {
      now = run;
      keepFocus(place, () =>
        keepList(place, actionsOf(run), keyOf, make, (button, action) => setText(button, action.text)),
      );
    },
  };
}
