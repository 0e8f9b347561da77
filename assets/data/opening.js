/**
 * Opening a file: its pixels are requested at the click (`GET /show/<id>`), beside the rest of the
 * page, and shown as soon as they arrive. An answer that is no longer waited for shows nothing.
 */
import { fileIdOf, setFollower } from "../core/address.js";
import { announceAddress } from "../core/dash.js";
import { byId } from "../core/dom.js";
import { isLeaving } from "../core/session.js";
import { showSensitivity } from "../sensitivity/sensitivity.js";
import { showSpectrum } from "../spectrum/spectrum.js";
import { viewer } from "../viewer/state.js";
import { stageQuery } from "../viewer/view_requests.js";
import { showImage } from "../viewer/viewer.js";

/** @typedef {import("../viewer/state.js").FileInfo} FileInfo */
/** @typedef {import("../viewer/state.js").Opened} Opened */

const AHEAD_MS = 60; // Dash is told after the pixels, unless they take longer
const HOLD_MS = 4000;
/** They act on the previous file until the page has followed. */
const HELD = ["view-actions", "view-runs", "view-why", "view-comments"];
const HEAD_BYTES = 8; // the length of the JSON object that follows

/** @type {AbortController | null} */
let request = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let holding;
let navigations = 0;

/** Return whether one has gone on to another file. @param {FileInfo} info */
function isElsewhere(info) {
  const id = fileIdOf(location.href, location.href);
  return id !== null && info.id !== id;
}

/**
 * Show a file.
 *
 * @param {FileInfo | null} info
 * @param {Opened | null} [opened] Its pixels or numbers, if they have arrived too.
 */
export function presentFile(info, opened = null) {
  if (info && isElsewhere(info)) return;
  showImage(info, info?.kind === "image" ? opened : null);
  showSpectrum(info, opened);
  showSensitivity(info);
}

/**
 * Begin to fetch a file, if the Data page is to show another one.
 *
 * @param {string} href
 * @returns {Promise<void> | null} Kept once it is shown, or cannot be had this way.
 */
function begin(href) {
  request?.abort();
  request = null;
  const id = fileIdOf(href, location.href);
  const stage = byId("view") && byId("stage");
  if (id === null || !stage?.offsetParent || viewer.info?.id === id) return null;
  hold();
  request = new AbortController();
  return open(id, request).catch(() => {}); // the page itself reports what is wrong
}

/** @param {number} id @param {AbortController} control */
async function open(id, control) {
  const answer = await fetch(`/show/${id}?${stageQuery()}`, { signal: control.signal });
  if (answer.status !== 200) return;
  const body = await answer.arrayBuffer();
  if (control !== request || isLeaving()) return;
  const length = Number(new DataView(body).getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(body, HEAD_BYTES, length));
  const head = JSON.parse(text);
  presentFile(head.facts, { ...head, body, offset: HEAD_BYTES + length });
}

/** Tell Dash of a new address: at once, or after the pixels. @param {string} href */
function follow(href) {
  const serial = ++navigations;
  const tell = () => {
    if (serial === navigations) announceAddress();
  };
  const arriving = begin(href);
  if (!arriving) return tell();
  const pause = new Promise((done) => setTimeout(done, AHEAD_MS));
  void Promise.race([arriving, pause]).then(tell);
}

/** Fetch files as the address changes. */
export function watchNavigation() {
  setFollower(follow);
  window.addEventListener("popstate", () => void begin(location.href));
}

function hold() {
  setInert(true);
  clearTimeout(holding);
  holding = setTimeout(() => setInert(false), HOLD_MS);
}

/** @param {boolean} inert */
function setInert(inert) {
  for (const id of HELD) {
    const part = byId(id);
    if (part) part.inert = inert;
  }
}

/**
 * Release the parts that act on a file: the page has followed.
 *
 * @param {FileInfo | null} info
 */
export function releaseHeldParts(info) {
  if (info && isElsewhere(info)) return;
  clearTimeout(holding);
  setInert(false);
}
