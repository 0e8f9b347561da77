/** The address of the page: going elsewhere within the site, and what the address keeps. */
import { announceAddress } from "./dash.js";

/**
 * Return an address with other parameters.
 *
 * @param {string} href Absolute address.
 * @param {Record<string, string | number | null | undefined>} changes Empty values are removed.
 * @returns {string} Path and query.
 */
export function withParameters(href, changes) {
  const url = new URL(href);
  for (const [name, value] of Object.entries(changes)) {
    if (value) url.searchParams.set(name, String(value));
    else url.searchParams.delete(name);
  }
  return url.pathname + url.search;
}

/**
 * Return the id of the file that an address of the Data page names, null if it names none.
 *
 * @param {string} href
 * @param {string} base What the address is relative to.
 * @returns {number | null}
 */
export function fileIdOf(href, base) {
  const match = new URL(href, base).pathname.match(/^\/data\/(\d+)\/?$/);
  return match ? Number(match[1]) : null;
}

/**
 * Return the numbers of a list such as `1,2.5,3`.
 *
 * @param {string | null} text
 * @param {number} count How many there must be.
 * @returns {number[] | null} Null unless there are so many finite numbers.
 */
export function parseNumbers(text, count) {
  const numbers = (text || "").split(",").map(Number);
  return text && numbers.length === count && numbers.every(Number.isFinite) ? numbers : null;
}

/**
 * Return the address of the login page that leads back to where one is.
 *
 * @param {string} path Path and query.
 * @returns {string}
 */
export const loginAddress = (path) => `/login?next=${encodeURIComponent(path)}`;

/** @returns {string} Path and query of the page. */
export const currentAddress = () => location.pathname + location.search;

/**
 * @param {string} name
 * @returns {string | null}
 */
export const parameter = (name) => new URLSearchParams(location.search).get(name);

/** @type {(href: string) => void} */
let follow = announceAddress;

/**
 * Set what happens after the address has changed, before or after Dash is told.
 *
 * @param {(href: string) => void} follower
 */
export function setFollower(follower) {
  follow = follower;
}

/**
 * Go to an address of this site without loading the page again.
 *
 * @param {string} href Path and query.
 * @param {boolean} [replace] Leave no entry in the history.
 */
export function goTo(href, replace = false) {
  if (href === currentAddress()) return;
  history[replace ? "replaceState" : "pushState"]({}, "", href);
  follow(href);
}

/**
 * Go where a callback says.
 *
 * @param {{href: string, replace?: boolean} | null} target
 */
export function goToTarget(target) {
  if (target) goTo(target.href, target.replace);
}

/**
 * Change a parameter without telling Dash: state that only the browser keeps, such as the zoom.
 *
 * @param {string} name
 * @param {string} value
 */
export function noteParameter(name, value) {
  const href = withParameters(location.href, { [name]: value }).replaceAll("%2C", ",");
  if (href !== currentAddress()) history.replaceState(history.state, "", href);
}
