// SPDX-License-Identifier: MIT
// Plan a job: its text and its devices in, what is wrong or what would happen out, and then have it sent. Nothing is
// sent, or kept but for a day's upload of a long list, until the button at the end is pressed.
import { get, onToken, post, preview, Problem } from "./api.js";
import { ask } from "./dialog.js";
import { element, setText } from "./dom.js";
import { planForm } from "./plan_form.js";
import { findingList, planTables } from "./plan_result.js";
import {
  columnOf,
  isInline,
  listNameOf,
  listType,
  mustBeTyped,
  namesIn,
  postedJob,
  settingsIn,
  submitCommand,
} from "./posted_job.js";
import { are, counted, duration } from "./text.js";
import { isAsOpened, UploadedList } from "./uploaded_list.js";

const typing_pause_ms = 400;
const away_pause_ms = 2000;
const invitation = "Paste a job file, or drop one on its field: what it would do is shown here at once.";

/** What would be posted. @return {body, names: each with its line, or null for a list that goes up by itself} */
async function gather(draft, uploaded) {
  const { values, wrong } = settingsIn(draft.settings);
  if (wrong.length > 0) throw new Problem(422, `"${wrong[0]}" is no parameter`, "Write one a line: version=2.14.0");
  const { job, tenant, column, file, devices } = draft;
  const names = file || !isInline(devices) ? null : namesIn(devices);
  const type = listType(file?.name ?? "", devices);
  const list = names ? "" : await uploaded.idOf(file ?? devices, type);
  const body = postedJob({
    job,
    names: names?.map(({ name }) => name),
    list,
    column: columnOf(type, column),
    tenant,
    settings: values,
  });
  return { body, names };
}

function consequence(plan) {
  const time = `about ${duration(plan.seconds_predicted)} at ${counted(plan.rate, "request")} a second`;
  const stop = `Once it is stopped, up to ${counted(plan.worst_case_overshoot, "device")} more may still be reached.`;
  const [first, ...others] = plan.stages;
  const approved = plan.stages.filter((stage) => stage.awaits_approval).map(({ name }) => name);
  const approval = approved.length > 0 ? ` It waits for an approval before ${approved.join(", and before ")}.` : "";
  const begin = others.length > 0 ? ` It begins with ${counted(first.devices, "device")} (${first.name}).` : "";
  return (
    `${counted(plan.devices, "device")} of tenant ${plan.tenant} ${are(plan.devices)} sent the command in ` +
    `${counted(plan.chunks, "request")}: ${time}.${begin}${approval} ${stop}`
  );
}

function commandOf(draft, plan) {
  const listName = listNameOf(draft.file?.name ?? "", draft.devices);
  const { values } = settingsIn(draft.settings);
  return submitCommand({ ...draft, fileName: draft.jobFile, listName, settings: values }, plan.devices);
}

// What was typed is still there when the page is come back to; it is nowhere but in this page's memory.
const draft = { job: "", jobFile: "", devices: "", file: null, column: "", tenant: "", settings: "" };

export function showPlan(place, frame) {
  const uploaded = new UploadedList();
  const state = { timer: 0, isChecking: false, isStale: false, hasLeft: false, hasTenants: false };
  const told = element("p", { class: "status", role: "status" });
  const result = element("div", {});
  const form = planForm(draft, changed);
  place.append(
    element("h1", {}, "Plan a job"),
    element(
      "div",
      { class: "plan" },
      form.node,
      element(
        "section",
        { "aria-labelledby": "plan-title" },
        element("h2", { id: "plan-title" }, "What would happen"),
        told,
        result,
      ),
    ),
  );

  function show(text, ...content) {
    setText(told, text);
    result.replaceChildren(...content);
  }

  /** What was found out about the old text goes at once, and with it the button that would send it. */
  function changed() {
    clearTimeout(state.timer);
    state.isStale = true;
    show(draft.job.trim() === "" ? invitation : "Checking …");
    state.timer = setTimeout(check, typing_pause_ms);
  }

  /** The same text, because the daemon may answer otherwise by now. What is shown stays until it has. */
  function checkAgain() {
    clearTimeout(state.timer);
    if (state.isChecking) return;
    // A page that nobody looks at asks for nothing.
    if (document.hidden) return void (state.timer = setTimeout(checkAgain, away_pause_ms));
    state.isStale = true;
    check();
  }

  /** One check at a time; what changed meanwhile is checked thereafter. */
  async function check() {
    if (state.isChecking || state.hasLeft) return;
    state.isChecking = true;
    try {
      while (state.isStale && !state.hasLeft) {
        state.isStale = false;
        // As it is now: what is typed while the daemon answers is no part of what it has checked.
        await checkOnce(Object.freeze({ ...draft }));
      }
    } finally {
      state.isChecking = false;
    }
  }

  async function checkOnce(checked) {
    if (checked.job.trim() === "") return show(invitation);
    let gathered = { names: null };
    try {
      gathered = await gather(checked, uploaded);
      await preview("jobs:validate", gathered.body);
      const plan = await preview("jobs:plan", gathered.body);
      if (!state.isStale) showPlanOf(plan, checked, gathered.body);
      // They may not have come while the daemon was away.
      offerTenants();
    } catch (trouble) {
      if (!(trouble instanceof Problem)) throw trouble;
      if (state.isStale || state.hasLeft) return;
      showTrouble(trouble, checked, gathered.names);
      if (trouble.isPassing) state.timer = setTimeout(checkAgain, away_pause_ms);
    }
  }

  function showTrouble(trouble, checked, names) {
    if (trouble.status !== 422) return show(`✗ ${trouble.message}`, element("p", {}, trouble.hint));
    const { list, found } = findingList(trouble.message, checked, names, form.jump);
    show(`✗ ${counted(found, "thing")} to correct`, list, element("p", { class: "quiet" }, trouble.hint));
  }

  /** @param checked the draft that the body was made of, and the plan is about */
  function showPlanOf(plan, checked, body) {
    // The same press twice, after an answer that got lost, makes one run: the key belongs to the plan.
    const key = crypto.randomUUID();
    const submit = element(
      "button",
      { type: "button", class: "primary", onclick: () => send(plan, checked, body, key) },
      "Send it …",
    );
    show(`✓ ${plan.job} is valid`, planTables(plan), element("p", { class: "buttons" }, submit));
  }

  /** Whoever has corrected the file in an editor finds no plan of the old one, and cannot have that sent. */
  async function isFileChanged(file) {
    if (file === null || (await isAsOpened(file))) return false;
    changed();
    return true;
  }

  async function send(plan, checked, body, key) {
    if (await isFileChanged(checked.file)) return;
    const command = commandOf(checked, plan);
    const yes = await ask({
      title: `Send ${plan.job}`,
      consequence: consequence(plan),
      command,
      action: `Send to ${counted(plan.devices, "device")}`,
      confirm: mustBeTyped(plan) ? plan.devices : undefined,
    });
    if (!yes) return;
    const order = { verb: "submit", command };
    const queued = await frame.attempt(() => post("runs", { ...body, expect_devices: plan.devices }, key), order);
    if (queued) location.hash = `#/runs/${queued.run}`;
  }

  async function offerTenants() {
    if (state.hasTenants) return;
    const tenants = await frame.attempt(() => get("tenants?limit=1000"));
    if (!tenants || state.hasTenants) return;
    state.hasTenants = true;
    form.offerTenants(tenants.items.map(({ tenant }) => tenant));
  }

  const unlisten = onToken(() => {
    offerTenants();
    checkAgain();
  });
  const lookAtFile = () => isFileChanged(draft.file);
  addEventListener("focus", lookAtFile);
  offerTenants();
  changed();
  return () => {
    removeEventListener("focus", lookAtFile);
    unlisten();
    state.hasLeft = true;
    clearTimeout(state.timer);
    form.leave();
  };
}
