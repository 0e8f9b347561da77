/** Keys of every page: files with ↑ ↓, products with ← →, and a list of the keys with ?. */
import { showKeys } from "./commands.js";
import { byId, closest, isDialogOpen } from "./dom.js";

/** @param {string} selector @param {boolean} forward @returns {boolean} */
function step(selector, forward) {
  /** @type {HTMLElement[]} */
  const links = [...document.querySelectorAll(`${selector} a[data-go]`)].map(
    (link) => /** @type {HTMLElement} */ (link),
  );
  if (!links.length) return false;
  const current = links.findIndex((link) => link.getAttribute("aria-current"));
  if (current < 0) return follow(links[forward ? 0 : links.length - 1]);
  const next = links[current + (forward ? 1 : -1)];
  return next ? follow(next) : turnPage(selector, forward);
}

/** @param {HTMLElement} link @returns {boolean} */
function follow(link) {
  link.click();
  link.scrollIntoView({ block: "nearest" });
  return true;
}

/** Beyond the end of the list: its next page. @param {string} selector @param {boolean} forward */
function turnPage(selector, forward) {
  if (selector !== "#file-list") return false;
  /** @type {HTMLElement | null} */
  const link = document.querySelector(forward ? "#pager a[rel=next]" : "#pager a[rel=prev]");
  link?.click();
  return Boolean(link);
}

/** @param {string} id @returns {boolean} */
function focusField(id) {
  const field = byId(id);
  if (!(field instanceof HTMLInputElement)) return false;
  /** @type {HTMLDetailsElement | null} */
  const fold = field.closest("details:not([open])");
  if (fold) fold.open = true;
  else if (!field.offsetParent) document.body.classList.add("index-open");
  field.focus();
  field.select();
  return true;
}

/** @param {string} id @returns {boolean} */
function click(id) {
  const element = byId(id);
  /** @type {HTMLElement | null} */
  const button = element && (element.querySelector("input[type=checkbox]") || element);
  button?.click();
  return Boolean(button);
}

/** A spectrum has keys of its own (`spectrum/tools.js`). */
const isImageShown = () => byId("stage")?.dataset.kind === "image";

/** @type {Record<string, () => boolean>} */
const KEYS = {
  ArrowDown: () => step("#file-list", true),
  ArrowUp: () => step("#file-list", false),
  ArrowRight: () => step("#view-head", true),
  ArrowLeft: () => step("#view-head", false),
  "/": () => ["index-name", "q-file_name", "log-text", "list-text"].some(focusField),
  g: () => ["index-page", "search-page", "list-page"].some(focusField),
  h: () => click("header-toggle"),
  o: () => click("options-toggle"),
  f: () => click("follow"),
  t: () => click("theme-toggle"),
  s: () => isImageShown() && click("show-saturated"),
  c: () => isImageShown() && click("show-cosmic"),
  a: () => isImageShown() && click("show-apertures"),
  w: () => isImageShown() && click("show-wavelengths"),
  "?": () => {
    showKeys();
    return true;
  },
};

/** Elements that use the keys themselves. */
export const FIELDS = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = closest(event, FIELDS);
  if (field) {
    if (event.key === "Escape") field.blur();
    return;
  }
  if (isDialogOpen()) return;
  if (closest(event, ".ag-root") && event.key.startsWith("Arrow")) return; // cells of the table
  if (KEYS[event.key]?.()) event.preventDefault();
});
