// SPDX-License-Identifier: MIT
// What a check of a job gave: what is to be corrected, or the plan.
import { element } from "./dom.js";
import { excerpt, findingsIn } from "./job_findings.js";
import { are, count, counted, duration, localTime } from "./text.js";

// Whoever has more than these will find the others when these are corrected.
const findings_max = 100;

/** Where in the two fields a finding is; absent: nowhere that can be shown. */
function placeOf(finding, names) {
  if (finding.source === "job" && finding.line) return { line: finding.line, column: finding.column };
  if (finding.source !== "devices") return undefined;
  if (finding.line) return { line: finding.line, column: finding.column };
  return names?.[finding.index] && { line: names[finding.index].line, column: 1 };
}

function findingItem(finding, draft, names, jump) {
  const where = placeOf(finding, names);
  const isShown = where && (finding.source === "job" || !draft.file);
  if (!isShown) {
    const line = where ? `${draft.file.name}, line ${count(where.line)}: ` : "";
    return element("li", {}, `${line}${finding.text}`);
  }
  const title = finding.source === "job" ? `Job ${where.line}:${where.column}` : `Devices, line ${where.line}`;
  const { piece, mark } = excerpt(finding.source === "job" ? draft.job : draft.devices, where.line, where.column);
  return element(
    "li",
    {},
    element(
      "button",
      { type: "button", class: "place", onclick: () => jump(finding.source, where.line, where.column) },
      title,
    ),
    ` ${finding.text}`,
    element("pre", { class: "excerpt", "aria-hidden": "true" }, `${piece}\n${mark}`),
  );
}

/**
 * @param detail of the daemon's answer @param names the devices as they were posted, each with its line, or null
 * @param jump called with where a finding is when it is pressed
 * @return {list, found: how many there are}
 */
export function findingList(detail, draft, names, jump) {
  const findings = findingsIn(detail);
  const items = findings.slice(0, findings_max).map((finding) => findingItem(finding, draft, names, jump));
  return { list: element("ol", { class: "findings" }, items), found: findings.length };
}

const doubts = {
  hold: "held until somebody decides",
  presume: "counted as presumed",
  resend: "sent again, although some may get it twice",
};

const row = (name, ...value) => [element("dt", {}, name), element("dd", {}, ...value)];

function leftOut(plan) {
  const kinds = [
    [plan.duplicates, plan.duplicates === 1 ? "duplicate" : "duplicates"],
    [plan.unmatched, "not matched"],
    [plan.excluded, "excluded"],
    [plan.denied, "on the deny list"],
  ];
  const told = kinds.filter(([number]) => number > 0).map(([number, words]) => `${count(number)} ${words}`);
  return told.length > 0 ? told.join(", ") : "none";
}

const overshoot = (devices) => `up to ${counted(devices, "device")} more ${are(devices)} reached`;

function figures(plan) {
  const atLeast = plan.seconds_at_least < plan.seconds_predicted ? `, ${duration(plan.seconds_at_least)} at least` : "";
  const isAnyApproved = plan.stages.some((stage) => stage.awaits_approval);
  const unlessApproved = isAnyApproved ? " and waits for nobody's approval" : "";
  return element(
    "dl",
    { class: "figures" },
    row("Tenant", plan.tenant, element("span", { class: "quiet" }, ` ${plan.endpoint}`)),
    row("Devices", count(plan.devices)),
    row("Left out", leftOut(plan)),
    row("Requests", `${count(plan.requests)}, with up to ${counted(plan.chunk_size, "device")} each`),
    row("Rate", `${count(plan.rate)} of the account's ${count(plan.account_limit)} requests a second`),
    row("Time", `about ${duration(plan.seconds_predicted)}${atLeast}`),
    row("Ends", `${localTime(plan.ends_at)}, if it begins now${unlessApproved}`),
    row("Limited by", plan.limited_by),
    row("If stopped", overshoot(plan.worst_case_overshoot)),
    row("In doubt", plan.safe_to_repeat ? "sent again: the job is safe to repeat" : doubts[plan.on_doubt]),
  );
}

function stageRow(stage) {
  const begins = stage.awaits_approval ? `${duration(stage.begins)} and an approval` : duration(stage.begins);
  const numbers = [count(stage.devices), count(stage.chunks), begins, duration(stage.ends - stage.begins)];
  return element(
    "tr",
    {},
    element("th", { scope: "row", class: "name" }, stage.name),
    numbers.map((text) => element("td", { class: "number" }, text)),
    element("td", {}, stage.soak > 0 ? `soaks ${duration(stage.soak)}` : "–"),
  );
}

function stageTable(stages) {
  const head = (text, isNumber) => element("th", { scope: "col", class: isNumber && "number" }, text);
  const heads = [
    head("Stage"),
    ...["Devices", "Chunks", "Begins after", "Takes"].map((text) => head(text, true)),
    head("Then"),
  ];
  return element(
    "table",
    { class: "stages" },
    element("thead", {}, element("tr", {}, heads)),
    element("tbody", {}, stages.map(stageRow)),
  );
}

const listed = (title, sign, texts) =>
  texts.length > 0 && [
    element("h3", {}, title),
    element(
      "ul",
      { class: "plain" },
      texts.map((text) => element("li", {}, `${sign} ${text}`)),
    ),
  ];

/** @param plan as the API has it */
export const planTables = (plan) =>
  element(
    "div",
    {},
    listed("Mind", "▲", plan.warnings),
    figures(plan),
    element("h3", {}, "Stages"),
    element("div", { class: "wide", role: "region", "aria-label": "Stages", tabindex: 0 }, stageTable(plan.stages)),
    listed("What stops it by itself", "■", plan.stops),
  );
