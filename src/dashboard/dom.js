// SPDX-License-Identifier: MIT
// Elements of the page. What comes from elsewhere (names of devices, texts of servers) is only ever text here: there
// is no way from a string to markup in the whole dashboard.

/**
 * element("button", {class: "danger", onclick: press, disabled: true}, "Stop"): functions become listeners, true an
 * attribute without a value; false, null and undefined leave it away. Children are nodes or texts.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.replace(/^on/, ""), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Sets a text only where it differs, so that nothing is drawn anew and no selection is lost. */
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Sets an attribute only where it differs; null takes it away. */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

const mayKeepFocus = (node) => node.isConnected && !node.disabled && node.checkVisibility();

/** Brings a place up to date. Where that takes away what has the focus, the place's first button has it then. */
export function keepFocus(place, update) {
  const focused = document.activeElement;
  const isHere = place.contains(focused);
  update();
  if (!isHere || mayKeepFocus(focused)) return;
  const next = [...place.querySelectorAll("button")].find(mayKeepFocus) ?? document.getElementById("page");
  next.focus({ preventScroll: true });
}

/**
 * Keeps the children of a node in step with a list: one child per key, made once, updated each time, so that focus
 * and scrolling survive an update.
 */
export function keepList(parent, items, keyOf, make, update) {
  const known = parent.keptChildren ?? new Map();
  const kept = new Map();
  const focused = document.activeElement;
  const keys = new Set(items.map(keyOf));
  // First, so that what stays need not be moved past it.
  for (const [key, child] of known) if (!keys.has(key)) child.remove();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const child = known.get(key) ?? make(item);
    update(child, item);
    kept.set(key, child);
    if (child === place) place = place.nextSibling;
    else parent.insertBefore(child, place);
  }
  parent.keptChildren = kept;
  // What has been moved has lost it.
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}
