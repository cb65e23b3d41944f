// SPDX-License-Identifier: MIT
// The tenants: how fast each sends against its limit, what keeps it from sending, and the last ten minutes of the
// one that is chosen.
import { timeChart } from "./charts.js";
import { daemonNow } from "./daemon_clock.js";
import { element, keepFocus, keepList, setAttribute, setText } from "./dom.js";
import { historySeconds, SendHistory } from "./send_history.js";
import { sparkline, updateSparkline } from "./sparkline.js";
import { tableOf } from "./table.js";
import { askToResume } from "./tenant_resume.js";
import { inOrder, rateText, tenantState } from "./tenant_state.js";
import { count, counted } from "./text.js";

const averageSeconds = 10;
const sparkPieces = 60;
const filterFrom = 12; // with fewer tenants a filter is more to read than it saves
const pieces = new Float64Array(sparkPieces);

const columns = {
  Tenant: "tenant",
  State: "state",
  [`Rate (${averageSeconds} s)`]: "rate number",
  "10 min": "spark",
  Others: "number",
  "In flight": "number",
  "To send": "number",
};

const sentBy = (tenant) => tenant.history.rate(historySeconds);
const cell = (name, ...children) => element("td", { class: name }, ...children);

function makeRow(tenant, choose, resume) {
  const name = tenant.live.tenant;
  const parts = {
    choose: element("button", { class: "plain name", type: "button", onclick: () => choose(name) }, name),
    state: element("span", {}),
    reason: element("span", { class: "quiet reason" }),
    resume: element("button", { type: "button", hidden: true, onclick: () => resume(name) }, "Resume"),
    rate: element("strong", {}),
    limit: element("span", { class: "quiet" }),
    spark: sparkline(sparkPieces),
    others: element("td", { class: "number", "data-head": "Others" }),
    inFlight: element("td", { class: "number", "data-head": "In flight" }),
    waiting: element("td", { class: "number", "data-head": "To send" }),
  };
  const row = element(
    "tr",
    {},
    element("th", { scope: "row" }, parts.choose),
    cell("state", parts.state, parts.reason, parts.resume),
    cell("number", parts.rate, parts.limit),
    cell("spark", parts.spark),
    parts.others,
    parts.inFlight,
    parts.waiting,
  );
  row.parts = parts;
  return row;
}

const limitText = (live) =>
  live.rate_in_force < live.rate_limit
    ? ` of ${rateText(live.rate_in_force)} (limit ${rateText(live.rate_limit)})`
    : ` of ${rateText(live.rate_limit)}`;

function updateRow(row, tenant, isChosen) {
  const { live, record, state, history } = tenant;
  const { parts } = row;
  setAttribute(parts.choose, "aria-pressed", isChosen);
  setText(parts.state, `${state.sign} ${state.text}`);
  setAttribute(parts.state, "class", state.isTrouble ? "problem" : null);
  setText(parts.reason, [state.reason, state.hint].filter((text) => text).join(". "));
  const mayResume = record?.paused && !live.stuck && record.unfinished_runs > 0;
  keepFocus(row, () => (parts.resume.hidden = !mayResume));
  setText(parts.rate, rateText(history.rate(averageSeconds)));
  setText(parts.limit, limitText(live));
  setText(parts.others, live.others_rate > 0 ? rateText(live.others_rate) : "–");
  setText(parts.inFlight, count(live.in_flight));
  setText(parts.waiting, record ? count(record.unfinished_devices) : "–");
  if (row.isSeen) updateSparkline(parts.spark, history.summarize(pieces), live.rate_limit);
}

/** The chart in words. */
function summaryOf(live, history) {
  const total = Math.round(history.rate(historySeconds) * historySeconds);
  const average = `${rateText(history.rate(averageSeconds))} on average in the last ${averageSeconds}`;
  const bounds = `at most ${rateText(history.highest())}; limit ${rateText(live.rate_limit)}`;
  return `${rateText(history.rate(1))} in the last second, ${average}; ${bounds}; ${counted(total, "request")} in all.`;
}

/** The chart of the tenant that is chosen. Its arrays are made once. */
function chosenChart() {
  const columns = [0, 1, 2, 3].map(() => new Float64Array(historySeconds));
  const [times, sent, inForce, limit] = columns;
  const title = element("h2", { id: "chosen-title" });
  const chart = timeChart({
    label: "Requests in each second of the last ten minutes",
    lines: [
      { name: "sent", colour: "--in_flight", isStepped: true },
      { name: "rate in force now", colour: "--in_doubt" },
      { name: "limit", colour: "--quiet" },
    ],
    height: 170,
    least: 1,
    tell: (index) => `${counted(sent[index], "request")}`,
  });
  const draw = ({ live, history }) => {
    setText(title, live.tenant);
    history.fillTimes(times);
    sent.set(history.values);
    inForce.fill(live.rate_in_force);
    limit.fill(live.rate_limit);
    chart.draw(columns, summaryOf(live, history));
  };
  return { title, element: chart.element, draw, destroy: chart.destroy };
}

const busiest = (tenants) =>
  tenants.reduce((most, tenant) => (sentBy(tenant) > sentBy(most) ? tenant : most), tenants[0])?.live.tenant ?? null;

/** Which rows are in view: only those are drawn. */
function watchView(root) {
  return new IntersectionObserver(
    (entries) => {
      for (const entry of entries) entry.target.isSeen = entry.isIntersecting;
    },
    { root, rootMargin: "100px" },
  );
}

/** @return {element, chart, take(live), takeRecords(records), leave}: take() once a second, with GET /live's answer */
export function tenantsSection(frame) {
  const known = new Map(); // by name: {live, record, history, state}
  const records = new Map();
  let chosen = null;
  let wanted = "";
  const rows = element("tbody");
  const table = element("div", {
    class: "tenants-rows",
    tabindex: 0,
    role: "region",
    "aria-label": "Rows of the tenants",
  });
  const sum = element("p", { class: "quiet" });
  const field = element("input", {
    type: "search",
    "aria-label": "Show tenants whose name has",
    placeholder: "name has …",
  });
  const view = watchView(table);
  const chart = chosenChart();

  const choose = (name) => {
    chosen = name;
    show();
  };
  const resume = (name) => frame.attempt(() => askToResume(frame, records.get(name)));
  const make = (tenant) => {
    const row = makeRow(tenant, choose, resume);
    view.observe(row);
    return row;
  };
  function show() {
    const now = daemonNow();
    for (const tenant of known.values()) {
      tenant.record = records.get(tenant.live.tenant);
      tenant.state = tenantState(tenant.live, tenant.record, now);
    }
    const tenants = inOrder(known.values());
    // At first the one that sends most, if one does.
    if (!known.has(chosen)) chosen = busiest(tenants);
    const matching = tenants.filter((tenant) => tenant.live.tenant.toLowerCase().includes(wanted));
    keepList(
      rows,
      matching,
      (tenant) => tenant.live.tenant,
      make,
      (row, tenant) => updateRow(row, tenant, tenant.live.tenant === chosen),
    );
    field.hidden = tenants.length < filterFrom;
    showSum(tenants, matching.length);
    if (chosen !== null) chart.draw(known.get(chosen));
  }
  function showSum(tenants, shown) {
    const rate = tenants.reduce((all, tenant) => all + tenant.history.rate(averageSeconds), 0);
    const blocked = tenants.filter((tenant) => tenant.state.isTrouble).length;
    const hidden = shown < tenants.length ? `, ${count(shown)} shown` : "";
    const trouble = blocked ? `, ${count(blocked)} not sending as they should` : "";
    setText(sum, `${counted(tenants.length, "tenant")}${hidden}, ${rateText(rate)} in all${trouble}`);
  }
  field.addEventListener("input", () => {
    wanted = field.value.trim().toLowerCase();
    show();
  });

  table.append(tableOf(columns, rows, { class: "tenants" }));
  return {
    element: element(
      "section",
      { class: "tenants-part", "aria-labelledby": "tenants-title" },
      element("div", { class: "title-line" }, element("h2", { id: "tenants-title" }, "Tenants"), sum, field),
      table,
    ),
    chart: element("section", { "aria-labelledby": "chosen-title" }, chart.title, chart.element),
    take(live) {
      const end = Math.floor(Date.parse(live.at) / 1000);
      const names = new Set(live.tenants.map((tenant) => tenant.tenant));
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
      for (const tenant of live.tenants) {
        const entry = known.get(tenant.tenant) ?? { history: new SendHistory() };
        entry.live = tenant;
        entry.history.take(end, tenant.sends);
        known.set(tenant.tenant, entry);
      }
      show();
    },
    takeRecords(newest) {
      records.clear();
      for (const record of newest) records.set(record.tenant, record);
    },
    leave() {
      view.disconnect();
      chart.destroy();
    },
  };
}
