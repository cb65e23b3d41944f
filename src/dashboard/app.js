// SPDX-License-Identifier: MIT
// The frame around every page: which page the address names, the connection to the daemon, the token, and the button
// that stops everything.
import { get, onTokenWanted, post, setToken } from "./api.js";
import { watchTroubles } from "./daemon_troubles.js";
import { ask, askForToken } from "./dialog.js";
import { element, setText } from "./dom.js";
import { followEvents, watchConnection } from "./live.js";
import { attempt, say, sayItIsBack, sayProblem, unsay } from "./notice.js";
import { showOverview } from "./overview.js";
import { showPlan } from "./plan.js";
import { showRun } from "./run.js";
import { showSchedules } from "./schedules.js";
import { stopConsequence, stoppedText } from "./stop_text.js";
import { localTime } from "./text.js";

/**
 * The pages. Each is shown by show(place, frame, ...parts of the address), which fills the place and returns how it
 * is left: a function that stops what it has begun.
 */
const pages = [
  { pattern: /^$/, title: () => "Overview", show: showOverview },
  { pattern: /^runs\/(\d+)$/, title: (run) => `Run ${run}`, show: showRun },
  { pattern: /^plan$/, title: () => "Plan a job", show: showPlan },
  {
    pattern: /^schedules(?:\/([^/]+))?$/,
    title: (name) => (name ? `Schedule ${name}` : "Schedules"),
    show: showSchedules,
  },
];

const byId = (id) => document.getElementById(id);
let leave = () => {};

/** What a page may use of the frame. */
const frame = { say, sayProblem, attempt };

function markPage(address) {
  for (const link of document.querySelectorAll("nav a")) {
    const page = link.getAttribute("href").slice(2);
    const isThis = address === page || (page !== "" && address.startsWith(`${page}/`));
    if (isThis) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** A part of an address; what is no encoding of anything is taken as it stands. */
function decoded(part) {
  try {
    return part && decodeURIComponent(part);
  } catch {
    return part;
  }
}

function showPage() {
  const address = location.hash.replace(/^#\/?/, "");
  const place = byId("page");
  leave();
  leave = () => {};
  place.replaceChildren();
  unsay();
  markPage(address);
  for (const page of pages) {
    const found = page.pattern.exec(address);
    if (!found) continue;
    const parts = found.slice(1).map(decoded);
    document.title = `${page.title(...parts)} – sluice`;
    leave = page.show(place, frame, ...parts);
    return;
  }
  document.title = "No such page – sluice";
  place.append(element("p", {}, "There is no such page. ", element("a", { href: "#/" }, "Overview")));
}

/** The question comes up at once, however slow the store is; how many runs it is about comes from memory alone. */
async function stopEverything() {
  const command = "sluice stop";
  const consequence = element("span", {}, stopConsequence(null));
  get("live").then(
    (live) => setText(consequence, stopConsequence(live)),
    () => {},
  );
  const answer = await ask({
    title: "Stop everything",
    consequence,
    command,
    action: "Stop everything",
    isDangerous: true,
    reason: true,
  });
  if (!answer) return;
  const body = answer.reason ? { reason: answer.reason } : {};
  const stopped = await attempt(() => post("stop", body), { verb: "stop", command });
  if (stopped) say(stoppedText(stopped));
}

async function takeToken(wasRefused) {
  const token = await askForToken(wasRefused);
  if (token) {
    setToken(token);
    unsay();
  }
  return token;
}

function tellConnection(lostAt) {
  const place = byId("connection");
  place.className = lostAt ? "lost" : "";
  setText(
    place,
    lostAt ? `✗ No answer from the daemon since ${localTime(lostAt.toISOString())}. What is shown is from then.` : "",
  );
  if (!lostAt) sayItIsBack();
}

onTokenWanted(takeToken);
watchConnection(tellConnection);
byId("token").addEventListener("click", () => takeToken(false));
byId("stop").addEventListener("click", stopEverything);
document.querySelector(".skip").addEventListener("click", (event) => {
  // The address names the page that is shown, and stays.
  event.preventDefault();
  byId("page").focus();
});
// What the focus comes to is not hidden behind the header, however much that has to say.
new ResizeObserver(([header]) => {
  document.documentElement.style.scrollPaddingTop = `${header.borderBoxSize[0].blockSize}px`;
}).observe(document.querySelector("header"));
addEventListener("hashchange", () => {
  showPage();
  byId("page").focus();
});
showPage();
watchTroubles(byId("troubles"));
followEvents();
