/** Toasts: one line of text each, with a link where there is something to open. */
import { goTo } from "./address.js";
import { create } from "./dom.js";

/** How long a toast stays, in ms. @type {Record<string, number>} */
const LIFETIME_MS = { info: 7000, success: 7000, warning: 12000, danger: 15000 };

/** @type {WeakMap<Element, ReturnType<typeof setTimeout>>} */
const timers = new WeakMap();

/**
 * @typedef {object} Toast
 * @property {string} text
 * @property {"info" | "success" | "warning" | "danger"} [kind]
 * @property {string} [href] Where the text leads.
 * @property {string} [key] A toast replaces the one on show with the same key.
 */

/**
 * Show a toast.
 *
 * @param {Toast | null} toast
 */
export function showToast(toast) {
  const tray = document.getElementById("toasts");
  if (!tray || !toast || !toast.text) return;
  const kind = toast.kind || "info";
  const box = boxFor(tray, toast.key || "");
  box.className = "gsp-toast gsp-toast-" + kind;
  box.setAttribute("role", kind === "danger" ? "alert" : "status");
  const close = create("button", { type: "button", on: { click: () => box.remove() } }, "×");
  close.setAttribute("aria-label", "Dismiss");
  box.replaceChildren(bodyOf(toast, box), close);
  clearTimeout(timers.get(box));
  timers.set(
    box,
    setTimeout(() => box.remove(), LIFETIME_MS[kind]),
  );
}

/** @param {HTMLElement} tray @param {string} key @returns {HTMLElement} */
function boxFor(tray, key) {
  /** @type {HTMLElement | null} */
  const shown = key ? tray.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
  if (shown) return shown;
  const box = create("div");
  box.dataset.key = key;
  tray.append(box);
  return box;
}

/** @param {Toast} toast @param {HTMLElement} box @returns {HTMLElement} */
function bodyOf({ text, href }, box) {
  if (!href) return create("span", {}, text);
  const link = create("a", { href }, text);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    box.remove();
    goTo(href);
  });
  return link;
}
