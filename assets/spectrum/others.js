/** Other spectra over the one on show: finding them, and the list of those laid over. */
import { byId, closest, create, inputById } from "../core/dom.js";
import { showToast } from "../core/toasts.js";
import { addOther, removeOther, render } from "./spectrum.js";
import { otherSpectra, overlaid, settings, shown } from "./state.js";

/** @typedef {{id: number, name: string, object: string, type: string, date: string}} Candidate */

const SEARCH_MS = 200;
const INPUT = "over-search";
const LIST = "over-found";

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searchTimer;
let searches = 0;
/** The spectra were normalised here, since their units differ. */
let normalisedForUnits = false;

/** @returns {HTMLElement} A field in which other spectra are searched for. */
export function createFinder() {
  const list = create("ul", { id: LIST, hidden: true, on: { keydown: moveFocus } });
  const input = create("input", {
    type: "search",
    id: INPUT,
    placeholder: "Add by name or object",
    autocomplete: "off",
    maxLength: 200,
    "aria-label": "Add a spectrum by file name or object",
    on: {
      input: () => search(SEARCH_MS),
      focus: () => search(0),
      keydown(/** @type {KeyboardEvent} */ event) {
        if (event.key === "Escape") list.hidden = true;
        const first = list.querySelector("button");
        if (event.key !== "ArrowDown" || !first) return;
        event.preventDefault();
        first.focus();
      },
    },
  });
  return create("div", { className: "finder" }, input, list);
}

/** @param {KeyboardEvent} event */
function moveFocus(event) {
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const buttons = [...list.querySelectorAll("button")];
  const current = buttons.findIndex((button) => button === document.activeElement);
  const next = { ArrowDown: current + 1, ArrowUp: current - 1 }[event.key];
  if (event.key === "Escape") close(true);
  else if (next === undefined) return;
  else if (next < 0) byId(INPUT)?.focus();
  else buttons[Math.min(next, buttons.length - 1)].focus();
  event.preventDefault();
  event.stopPropagation();
}

/** @param {boolean} toInput The focus goes back to the field. */
function close(toInput) {
  const list = byId(LIST);
  if (list) list.hidden = true;
  if (toInput) byId(INPUT)?.focus();
}

/** @param {number} wait ms */
function search(wait) {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(async () => {
    const serial = ++searches;
    if (!shown.main) return;
    const text = encodeURIComponent(inputById(INPUT)?.value ?? "");
    try {
      const answer = await fetch(`/spectrum/${shown.main.facts.id}/others?text=${text}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const { files } = await answer.json();
      if (serial === searches) offer(files);
    } catch {
      const message = "The list of spectra cannot be loaded at the moment.";
      showToast({ key: "over", kind: "danger", text: message });
    }
  }, wait);
}

/** @param {Candidate[]} files */
function offer(files) {
  const list = byId(LIST);
  if (!list) return;
  const candidates = files.filter((file) => !settings.others.includes(file.id));
  list.replaceChildren(...candidates.map(createCandidate));
  if (!candidates.length) {
    list.append(create("li", { className: "none" }, "No other spectrum with this kind of axis."));
  }
  list.hidden = false;
}

/** @param {Candidate} file */
function createCandidate({ id, name, object, type, date }) {
  const time = date.slice(0, 16).replace("T", " ");
  const facts = create("small", {}, `${object || "no object"} · ${type} · ${time}`);
  const click = () => {
    close(true);
    void addOther(id).then(() => compareUnits(id));
  };
  return create("li", {}, create("button", { type: "button", on: { click } }, name, facts));
}

/** Spectra in different units are compared over their medians. @param {number} id */
function compareUnits(id) {
  const other = otherSpectra.get(id);
  if (!other || settings.normalise || other.facts.unit === shown.main?.facts.unit) return;
  settings.normalise = normalisedForUnits = true;
  render();
}

/** @param {number} id */
function remove(id) {
  if (normalisedForUnits && settings.others.length === 1) {
    settings.normalise = normalisedForUnits = false;
  }
  removeOther(id);
}

document.addEventListener("click", (event) => {
  if (!closest(event, ".finder")) close(false);
});

/** @returns {HTMLElement[]} A chip for each spectrum laid over, to take it away. */
export function createChips() {
  return settings.others.flatMap((id) => {
    const spectrum = otherSpectra.get(id);
    return spectrum ? [createChip(id, spectrum)] : [];
  });
}

/** @param {number} id @param {import("./state.js").Spectrum} spectrum */
function createChip(id, { facts: { name, unit } }) {
  const main = shown.main?.facts;
  const place = overlaid().findIndex((other) => other.facts.id === id);
  const dot = create("span", { className: "dot" });
  dot.style.background = place < 0 ? "var(--line)" : `var(--over-${place + 1})`;
  const hidden = id === main?.id ? " (on show)" : " (another kind of axis)";
  const remark = (unit === main?.unit ? "" : ` (${unit})`) + (place < 0 ? hidden : "");
  const close = create(
    "button",
    { type: "button", "aria-label": `Remove ${name}`, on: { click: () => remove(id) } },
    "×",
  );
  const text = create("span", { className: "text" }, name.replace(/\.fits$/, "") + remark);
  return create("span", { className: "chip over", title: name }, dot, text, close);
}
