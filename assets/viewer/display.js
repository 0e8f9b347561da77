/** Showing a view that has arrived, with the limits in force, and notes on the image. */
import { byId, create, inputById } from "../core/dom.js";
import { paintNow, recolour } from "./paint.js";
import { limitsOf } from "./pixels.js";
import { hasItsAxes, viewer, viewReceived } from "./state.js";

/**
 * Show a note in place of the image, or none.
 *
 * @param {string} text
 */
export function showNote(text) {
  const note = byId("stage-note");
  if (note) note.textContent = text;
}

/**
 * Show the lines of the title over the image or spectrum.
 *
 * @param {string[]} lines
 */
export function showTitle(lines) {
  byId("stage-title")?.replaceChildren(...lines.map((line) => create("span", {}, line)));
}

/**
 * Show a view of the image.
 *
 * @param {import("./state.js").View} view
 */
export function showView(view) {
  viewer.view = view;
  showNote("");
  showLimits();
  recolour();
  viewReceived.emit();
  if (hasItsAxes()) paintNow();
}

/** Write the limits in force into their fields, but not into a field being edited. */
function showLimits() {
  const { view, options } = viewer;
  if (!view || options.limits === "typed") return;
  const [low, high] = limitsOf(view, options);
  for (const [id, value] of /** @type {[string, number][]} */ ([
    ["limit-low", low],
    ["limit-high", high],
  ])) {
    const field = inputById(id);
    if (field && document.activeElement !== field) field.value = String(+value.toPrecision(6));
  }
}

/**
 * Look at the image in another way.
 *
 * @param {Partial<import("./state.js").Options>} changes
 */
export function setOptions(changes) {
  Object.assign(viewer.options, changes);
  if (!viewer.view) return;
  showLimits();
  recolour();
}
