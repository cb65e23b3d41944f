// SPDX-License-Identifier: MIT
// What is said of an order to the daemon while its answer is not there.

const words = {
  stop: ["Stopping", "stopped"],
  pause: ["Pausing", "paused"],
  resume: ["Resuming", "resumed"],
  cancel: ["Canceling", "canceled"],
  approve: ["Approving", "approved"],
  decide: ["Deciding", "decided"],
  retry: ["Queueing", "queued"],
  submit: ["Queueing", "queued"],
  trigger: ["Beginning", "begun"],
};

const elsewhere = (order) => `On its machine: ${order.command}`;

/** @param order {verb, command}: `command` is the command line that does the same */
export const doingText = (order) => `${words[order.verb][0]} …`;

export const lateText = (order) => `${doingText(order)} The daemon has not answered yet. ${elsewhere(order)}`;

/** @param wasReached whether the daemon may have got the order before it went away */
export function unansweredText(order, wasReached) {
  const [, done] = words[order.verb];
  return wasReached
    ? `✗ Whether it is ${done} is not known: the daemon went away without an answer. ${elsewhere(order)}`
    : `✗ NOT ${done}: the daemon does not answer, and does not do it later. ${elsewhere(order)}`;
}

/** Once the daemon is back: what has become of the order, as far as is known. */
export function backText(order, wasReached) {
  const [, done] = words[order.verb];
  return wasReached
    ? `! The daemon answers again. See whether it is ${done}; if not, press once more.`
    : `! The daemon answers again. NOT ${done}: press once more if that is still wanted.`;
}
