// SPDX-License-Identifier: MIT
// Questions to the operator. A dialog of the browser's own kind: Escape leaves it, focus stays in it and goes back.
import { isToken } from "./api.js";
import { element } from "./dom.js";

/** @param act the button that Enter presses, too @return its value; null: it was not pressed */
function show(title, content, act) {
  return new Promise((resolve) => {
    const heading = element("h2", { id: "dialog-title" }, title);
    const leave = element("button", { type: "button", onclick: () => dialog.close("") }, "Leave it");
    const buttons = element("p", { class: "buttons" }, leave, act);
    const form = element("form", { method: "dialog" }, heading, content, buttons);
    const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      // It has gone back to what asked, unless that is not there any more.
      if (document.activeElement === document.body) document.getElementById("page").focus();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// What the daemon takes of a reason, as UTF-8.
const reasonBytesMax = 500;

/** As much of a text as fits into so many bytes of UTF-8, in whole characters. */
export function shortened(text, bytesMax) {
  const bytes = new TextEncoder().encode(text);
  // As of a stream that goes on: a character that is cut in two does not come out.
  return bytes.length > bytesMax ? new TextDecoder().decode(bytes.subarray(0, bytesMax), { stream: true }) : text;
}

function reasonField(isRequired) {
  const field = element("input", { name: "reason", autocomplete: "off", required: isRequired });
  field.addEventListener("input", (event) => {
    const fitting = shortened(field.value, reasonBytesMax);
    // What an input method is still making of several keys is its own.
    if (!event.isComposing && fitting !== field.value) field.value = fitting;
  });
  return field;
}

const button = (value, text, attributes = {}) => element("button", { value, ...attributes }, text);

/** A command of the command line, to be read and copied. */
export const commandLine = (command) => element("code", { class: "command" }, command);

/**
 * Asks before something is done.
 * @param question {title, consequence, command, action, isDangerous, reason, confirm}: `consequence` says in numbers
 *   what will happen, `command` is the command line that does the same, `action` the button's text; with `reason` a
 *   reason may be given, and has to be if it is "required"; with `confirm` that text must be typed
 * @return {reason}, or null: do not do it
 */
export async function ask(question) {
  const reason = reasonField(question.reason === "required");
  const typed = element("input", { name: "confirm", autocomplete: "off", required: true });
  const wanted = question.confirm === undefined ? null : String(question.confirm);
  const act = button("do", question.action, { class: question.isDangerous ? "danger" : "primary", disabled: wanted !== null });
  typed.addEventListener("input", () => (act.disabled = typed.value.trim() !== wanted));
  const content = element(
    "div",
    {},
    element("p", {}, question.consequence),
    question.command ? element("p", { class: "quiet" }, "The same on the command line: ", commandLine(question.command)) : null,
    question.reason ? element("label", {}, "Reason, for the record ", reason) : null,
    wanted === null ? null : element("label", {}, `To confirm, type ${wanted} `, typed),
  );
  const answer = await show(question.title, content, act);
  return answer === "do" ? { reason: shortened(reason.value.trim(), reasonBytesMax) } : null;
}

/** @param wasRefused there was a token, and the daemon did not take it @return "" if none is given */
export async function askForToken(wasRefused) {
  const field = element("input", { type: "password", name: "token", autocomplete: "off", required: true });
  field.addEventListener("input", () => {
    const isFit = field.value.trim() === "" || isToken(field.value.trim());
    field.setCustomValidity(isFit ? "" : "This is no token: those have plain letters, digits and signs only.");
  });
  const content = element(
    "div",
    {},
    element("p", {}, wasRefused ? "The daemon did not take the token." : "The daemon wants a token for this."),
    element("label", {}, "Token ", field),
    element("p", { class: "quiet" }, "It is kept in this page until it is closed. A new one: ", commandLine("sluice token new NAME --scope operate")),
  );
  const answer = await show("Token", content, button("use", "Use it", { class: "primary" }));
  return answer === "use" ? field.value.trim() : "";
}
