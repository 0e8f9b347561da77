/**
 * The parts of the Data page that change by themselves.
 *
 * They are HTML from the server, put in its place here and not by Dash (ADR 10).
 */
import { currentAddress } from "../core/address.js";
import { elementChanged } from "../core/commands.js";
import { byId } from "../core/dom.js";
import { patchHtml } from "./patch_html.js";

/**
 * @typedef {object} Painted What a part of the page shows.
 * @property {string | null} html Null: it was changed here.
 * @property {number} moment The newest event that the server knew of.
 * @property {string} address
 */

/** @type {WeakMap<Element, Painted>} */
const painted = new WeakMap();

/**
 * Paint parts of the page; nothing newer is painted over, nor what is the same.
 *
 * @param {Record<string, string>} html By the part's id.
 * @param {number} moment The newest event that the server knew of.
 * @returns {string[]} Ids of the parts that have changed.
 */
export function paintRegions(html, moment) {
  return Object.entries(html).flatMap(([id, text]) => (paintRegion(id, text, moment) ? [id] : []));
}

/** @param {string} id @param {string} html @param {number} moment @returns {boolean} */
function paintRegion(id, html, moment) {
  const place = byId(id);
  if (!place) return false;
  const address = currentAddress();
  const before = painted.get(place);
  if (before && before.address === address && before.moment > moment) return false;
  painted.set(place, { html, moment, address });
  if (before ? before.html === html : !html) return false;
  patchHtml(place, html);
  return true;
}

// A part that was changed here is painted again even if the server answers as before.
elementChanged.listen((element) => {
  for (
    let parent = /** @type {Element | null} */ (element);
    parent;
    parent = parent.parentElement
  ) {
    const before = painted.get(parent);
    if (before) before.html = null;
  }
});
