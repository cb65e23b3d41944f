// SPDX-License-Identifier: MIT
// The two things that a plan is made of, a job file and its devices: typed, pasted, opened or dropped.
import { element, keepFocus, setText } from "./dom.js";
import { listType } from "./posted_job.js";
import { offsetOf } from "./job_findings.js";
import { count } from "./text.js";

const example = `{
  "name": "hello",
  "call": {
    "product_key": "a1BwAGVxxxx",
    "identifier": "Set",
    "args": {"version": "2.14.0", "ratio": 10.0}
  },
  "targets": {"devices": ["dev-000001", "dev-000002"]}
}
`;

// What is larger is no job file, and would only make the page slow.
const job_bytes_max = 1_000_000;

const size = (bytes) =>
  bytes < 1_000_000 ? `${count(Math.ceil(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

/** A field with its label; `take` gets its text at each change. */
function field(name, label, text, take, attributes = {}) {
  const input = element("textarea", { name, spellcheck: "false", autocomplete: "off", wrap: "off", ...attributes });
  input.value = text;
  input.addEventListener("input", () => take(input.value));
  return { input, node: element("label", {}, element("span", {}, label), input) };
}

/** A button that opens a file; the browser's own shows the name of the last one, which may be long gone. */
function fileSource(label, take) {
  const input = element("input", { type: "file", hidden: true, "aria-label": label });
  input.addEventListener("change", () => {
    if (input.files[0]) take(input.files[0]);
    input.value = "";
  });
  return [element("button", { type: "button", onclick: () => input.click() }, `${label} …`), input];
}

function makeDroppable(node, take) {
  const mark = (is) => node.classList.toggle("over", is);
  node.addEventListener("dragover", (event) => (event.preventDefault(), mark(true)));
  node.addEventListener("dragleave", () => mark(false));
  node.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}

function jumpTo(input, line, column) {
  const at = offsetOf(input.value, line, column);
  input.focus();
  input.setSelectionRange(at, Math.min(at + 1, input.value.length));
  const height = parseFloat(getComputedStyle(input).lineHeight);
  input.scrollTop = Math.max(0, (line - 4) * height);
}

function jobFields(draft, changed) {
  const job = field("job", "Job file (JSON)", draft.job, (text) => (note(""), changed({ job: text })), { rows: 16 });
  const noted = element("p", { class: "quiet", role: "status" });
  const note = (text) => setText(noted, text);
  const put = (text, jobFile) => {
    job.input.value = text;
    changed({ job: text, jobFile });
  };
  const take = async (file) => {
    if (file.size > job_bytes_max) return note(`${file.name} is ${size(file.size)}: too large for a job file.`);
    note("");
    put(await file.text(), file.name);
  };
  const begin = () => {
    // What was typed or pasted is nowhere else.
    if (job.input.value.trim() !== "") return note("There is a job in the field: empty it first.");
    note("");
    return put(example, "");
  };
  const start = element("button", { type: "button", onclick: begin }, "Start from an example");
  const node = element(
    "fieldset",
    {},
    element("legend", {}, "Job"),
    job.node,
    element("p", { class: "sources" }, fileSource("Open a job file", take), start),
    noted,
  );
  makeDroppable(node, take);
  return { node, input: job.input };
}

function deviceFields(draft, changed) {
  const list = field(
    "devices",
    "Devices, one a line, or CSV or NDJSON; none: the job's own",
    draft.devices,
    (text) => change({ devices: text }),
    { rows: 6 },
  );
  const column = element("input", { name: "column", placeholder: "device", autocomplete: "off" });
  const columnLabel = element("label", {}, "Column that holds the device's name", column);
  const name = element("span", { class: "name" });
  const chosen = element(
    "p",
    { class: "sources" },
    name,
    element("button", { type: "button", onclick: () => change({ file: null }) }, "Take it away"),
  );
  column.value = draft.column;
  column.addEventListener("input", () => change({ column: column.value.trim() }));

  const showState = () => {
    keepFocus(node, () => {
      list.node.hidden = draft.file !== null;
      chosen.hidden = draft.file === null;
    });
    setText(name, draft.file ? `${draft.file.name}, ${size(draft.file.size)}` : "");
    columnLabel.hidden = listType(draft.file?.name ?? "", draft.devices) === "text/plain";
  };
  function change(what) {
    changed(what);
    showState();
  }
  const take = (file) => change({ file });
  const node = element(
    "fieldset",
    {},
    element("legend", {}, "Devices"),
    list.node,
    chosen,
    columnLabel,
    element("p", { class: "sources" }, fileSource("Open a device list", take)),
  );
  makeDroppable(node, take);
  showState();
  return { node, input: list.input };
}

function furtherFields(draft, changed) {
  const tenant = element(
    "select",
    { name: "tenant", onchange: () => changed({ tenant: tenant.value }) },
    element("option", { value: "" }, "as the job says"),
  );
  const settings = field(
    "settings",
    "Parameters of the job, version=2.14.0 one a line",
    draft.settings,
    (text) => changed({ settings: text }),
    { rows: 2 },
  );
  const node = element(
    "fieldset",
    {},
    element("legend", {}, "More"),
    element("label", {}, element("span", {}, "Tenant"), tenant),
    settings.node,
  );
  const offerTenants = (names) => {
    tenant.append(...names.map((name) => element("option", { value: name, selected: name === draft.tenant }, name)));
  };
  return { node, offerTenants };
}

/**
 * @param draft {job, jobFile, devices, file, column, tenant, settings}: filled in as it is typed
 * @param changed called after each change
 * @return {node, jump(source, line, column), offerTenants(names), leave()}
 */
export function planForm(draft, changed) {
  const change = (what) => {
    Object.assign(draft, what);
    changed();
  };
  const job = jobFields(draft, change);
  const devices = deviceFields(draft, change);
  const further = furtherFields(draft, change);
  // A file that misses its place must not take the page's.
  const stray = new AbortController();
  for (const kind of ["dragover", "drop"])
    addEventListener(kind, (event) => event.preventDefault(), { signal: stray.signal });
  const node = element(
    "form",
    { class: "plan-form", onsubmit: (event) => event.preventDefault() },
    job.node,
    devices.node,
    further.node,
  );
  const inputs = { job: job.input, devices: devices.input };
  return {
    node,
    jump: (source, line, column) => jumpTo(inputs[source], line, column),
    offerTenants: further.offerTenants,
    leave: () => stray.abort(),
  };
}
