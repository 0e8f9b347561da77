/** The field over the file index: the address follows it, and the index follows the address. */
import { goTo, withParameters } from "../core/address.js";
import { byId } from "../core/dom.js";

const REST_MS = 250;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Put the text of the field into the address once typing has stopped.
 *
 * @param {string | null} value
 */
export function filterByName(value) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const name = (value || "").trim();
    if (!location.pathname.startsWith("/data")) return;
    if (nameInQuery(location.search) === name) return;
    goTo(withParameters(location.href, { name, page: "" }), true);
  }, REST_MS);
}

/** @param {string | null} search @returns {string} */
const nameInQuery = (search) => new URLSearchParams(search || "").get("name") || "";

/**
 * Return the name that the address holds, nothing while the field is being edited.
 *
 * @param {string | null} search
 * @returns {string | undefined}
 */
export function nameInAddress(search) {
  const field = byId("index-name");
  return !field || field === document.activeElement ? undefined : nameInQuery(search);
}
