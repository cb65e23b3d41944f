// SPDX-License-Identifier: MIT
// Lifting a tenant's pause. The API does so with the resume of one of its runs; one that has a pause of its own, as a
// person or a threshold gave it, would be resumed with it, and is never taken.
import { get, post } from "./api.js";
import { ask } from "./dialog.js";
import { element } from "./dom.js";
import { count, counted } from "./text.js";

const runsOnPage = 50;
const runsNamed = 4;

const namesOf = (runs) => {
  const named = runs.slice(0, runsNamed).map(({ run }) => run);
  return named.join(", ") + (runs.length > runsNamed ? " …" : "");
};

/** @return {held: what only the tenant's pause keeps, own: what has a pause of its own, isAll}, the newest first */
async function pausedRuns(tenant) {
  const found = { held: [], own: [], isAll: false };
  let path = `runs?status=paused&tenant=${encodeURIComponent(tenant)}&limit=${runsOnPage}`;
  while (path && found.held.length === 0) {
    const page = await get(path);
    const runs = await Promise.all(page.items.map(({ run }) => get(`runs/${run}`)));
    for (const run of runs.filter(({ status }) => status === "paused")) {
      (run.control === "active" ? found.held : found.own).push(run);
    }
    path = page.next?.replace("/api/v1/", "");
  }
  return { ...found, isAll: !path };
}

function stayingText(own) {
  const runs = `${counted(own.length, "run")} (${namesOf(own)})`;
  if (own.length === 0) return "";
  return ` ${runs} ${own.length === 1 ? "has a pause of its own and stays so" : "have pauses of their own and stay so"}.`;
}

/** What goes on, what does not, and why it stood. @param paused of pausedRuns() */
function consequenceOf(record, { held, own, isAll }) {
  const devices = held.reduce((sum, run) => sum + run.devices.pending, 0);
  const more = isAll ? "" : " at least";
  return (
    `Tenant ${record.tenant} is not paused any more. Then sent to${more}: ${counted(devices, "device")} in ` +
    `${counted(held.length, "run")} (${namesOf(held)}).${stayingText(own)} Why it was paused: ${record.pause_reason}`
  );
}

function tellWhichThereAre(frame, tenant, own) {
  const links = own.slice(0, runsNamed).flatMap(({ run }, index) => [
    index > 0 ? ", " : "",
    element("a", { href: `#/runs/${run}` }, `run ${run}`),
  ]);
  const more = own.length > runsNamed ? ` and ${count(own.length - runsNamed)} more` : "";
  frame.say(
    element(
      "span",
      {},
      `✗ Nothing was resumed: each paused run of tenant ${tenant} has a pause of its own, too. Open the one that is ` +
        `to go on and resume it there; that lifts the tenant's pause as well: `,
      links,
      more,
    ),
  );
}

/** @param record of GET /tenants */
export async function askToResume(frame, record) {
  const { tenant } = record;
  const paused = await pausedRuns(tenant);
  const { held, own } = paused;
  if (held.length === 0 && own.length === 0) return frame.say(`Tenant ${tenant} has no paused run any more.`);
  if (held.length === 0) return tellWhichThereAre(frame, tenant, own);
  const { run } = held[0];
  const command = `sluice resume ${run}`;
  const answer = await ask({
    title: `Resume tenant ${tenant}`,
    consequence: consequenceOf(record, paused),
    command,
    action: "Resume",
    reason: true,
  });
  if (!answer) return undefined;
  // A question may be open for long.
  if ((await get(`runs/${run}`)).control !== "active")
    return frame.say(`✗ Nothing was resumed: run ${run} has got a pause of its own meanwhile. Press again.`);
  const body = answer.reason ? { reason: answer.reason } : {};
  const resumed = await frame.attempt(() => post(`runs/${run}:resume`, body), { verb: "resume", command });
  if (!resumed) return undefined;
  const going = `${counted(held.length, "run")} of it (${namesOf(held)}) may go on`;
  return frame.say(`✓ Tenant ${tenant} is not paused any more: ${going}.`);
}
