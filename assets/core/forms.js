/** Forms: a field is tied to its help and its error, and the focus goes where an input is refused. */
import { byId } from "./dom.js";

const CONTROLS = "input, select, textarea, button";

/** @param {string} id @returns {HTMLElement | null} */
function controlOf(id) {
  const element = byId(id);
  return element && !element.matches(CONTROLS) ? element.querySelector(CONTROLS) : element;
}

/**
 * Give the focus to a field.
 *
 * @param {{id: string} | null} target
 */
export function focusField(target) {
  if (target) setTimeout(() => controlOf(target.id)?.focus(), 0);
}

/** Set the `aria-*` attributes, which Dash's controls do not take. @param {Element} field */
function describe(field) {
  const label = field.querySelector("label");
  const input = label && controlOf(label.htmlFor);
  if (!label || !input) return;
  const error = byId(label.htmlFor + "-error");
  const help = byId(label.htmlFor + "-help");
  const ids = [help, error].flatMap((text) => (text?.textContent ? [text.id] : []));
  if (ids.length) input.setAttribute("aria-describedby", ids.join(" "));
  else input.removeAttribute("aria-describedby");
  if (error?.textContent) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function describeAll() {
  for (const file of document.querySelectorAll(".upload input[type=file]")) {
    file.setAttribute("aria-label", file.closest(".upload")?.textContent || "");
  }
  for (const form of document.querySelectorAll("form.form")) {
    /** @type {HTMLFormElement} */ (form).noValidate = true;
  }
  document.querySelectorAll(".form .field").forEach(describe);
}

/** A second click while the first one is answered does nothing. @param {Event} event */
function ignoreWhileBusy(event) {
  if (!(event.target instanceof Element) || !event.target.classList.contains("busy")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Keep the forms of every page described, as they are drawn and change. */
export function watchForms() {
  let due = false;
  new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      describeAll();
    });
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  document.addEventListener("submit", ignoreWhileBusy, true);
}
