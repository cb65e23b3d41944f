// SPDX-License-Identifier: MIT
// What keeps a tenant from sending, or what it does, in one word with its reason and what to do about it.
import { localTime } from "./text.js";

const perSecond = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** 9.25 is "9.3/s". */
export const rateText = (rate) => `${perSecond.format(rate)}/s`;

const is = (sign, text, reason = "", hint = "") => ({ sign, text, reason, hint });

function trouble(live, record, now) {
  if (live.stuck) return is("✗", "stuck", live.stuck, "Correct the configuration, then send the daemon SIGHUP.");
  if (record?.paused) return is("‖", "paused", record.pause_reason, "Resuming one of its runs lifts the pause.");
  if (live.store_held) return is("‖", "store held", "another program keeps the store from being written");
  if (!live.endpoint_reachable)
    return is("✗", "no answer", "its endpoint cannot be reached; it is tried again and again");
  if (record?.silent_until && Date.parse(record.silent_until) > now)
    return is("‖", "waiting", `the cloud asked for silence until ${localTime(record.silent_until)}`);
  if (live.retries_held) return is("!", "retries held", "too many requests fail: what is to be repeated waits");
  return null;
}

/** @return whose rate is lower than its limit, and by whom, as a sentence; "" if it is not */
function slowedText(live, record) {
  if (live.rate_in_force >= live.rate_limit) return "";
  const order = record?.ordered_rate;
  const by = order ? `as ${order.actor} ordered until ${localTime(order.until)}` : "after throttling";
  return `held to ${rateText(live.rate_in_force)}, ${by}`;
}

/**
 * @param live the tenant as GET /live has it @param record as GET /tenants has it; undefined: not known
 * @param now milliseconds since 1970
 * @return {sign, text, reason, hint, isTrouble}
 */
export function tenantState(live, record, now) {
  const found = trouble(live, record, now);
  if (found) return { ...found, isTrouble: true };
  const runs = live.serving_runs;
  const slowed = slowedText(live, record);
  if (runs.length === 0) return { ...is("·", "idle", slowed), isTrouble: false };
  const sends = `sends run${runs.length > 1 ? "s" : ""} ${runs.slice(0, 4).join(", ")}${runs.length > 4 ? " …" : ""}`;
  return { ...is(slowed ? "↓" : "→", sends, slowed), isTrouble: false };
}

/** Those in trouble first, each group by name: a list that stays calm while rates change. */
export const inOrder = (tenants) =>
  [...tenants].sort((a, b) => b.state.isTrouble - a.state.isTrouble || (a.live.tenant < b.live.tenant ? -1 : 1));
