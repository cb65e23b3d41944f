// SPDX-License-Identifier: MIT
// What time it is for the daemon, by the date of its answers: countdowns stay right on a machine whose clock is not.

let ahead = 0;

/** @param date as the Date header has it, in whole seconds: differences below that are none */
export function noteDaemonTime(date) {
  const difference = Date.parse(date) + 500 - Date.now();
  if (!Number.isNaN(difference) && Math.abs(difference - ahead) > 1500)
    ahead = Math.abs(difference) > 1500 ? difference : 0;
}

/** Milliseconds since 1970. */
export const daemonNow = () => Date.now() + ahead;
