/**
 * Asking the server for the parts of the Data page after an event.
 *
 * What an event concerns is requested at once, what is around it a moment later.
 */
import { currentAddress } from "../core/address.js";
import { setProps } from "../core/dash.js";
import { byId } from "../core/dom.js";
import { eventsGathered } from "../live/event_stream.js";
import { isLeaving, leaveIfSignedOut } from "../core/session.js";
import { refreshOverlays } from "../viewer/viewer.js";
import { paintRegions } from "./regions.js";

/** @typedef {import("../live/event_stream.js").ServerEvent} ServerEvent */

/**
 * @typedef {object} RegionAnswer
 * @property {Record<string, string>} [html] By the part's id.
 * @property {number} at The newest event that the server knew of.
 * @property {boolean} [other] The address now leads to another file than the one on show.
 * @property {{id: number, checksum: string} | null} [of] The file on show.
 */

const PAUSE_MS = 100; // between an answer and the next request
const AROUND_MS = 250; // and up to as much again, at random: not all pages at the same time
const RETRY_MS = 2000;
const RUNS_KEPT = 2000;
const INDEX = "index";
const FAMILY = ["view-head", "view-runs", "view-notes", "view-actions", "view-why"];
const ALL = [...FAMILY, "comments", INDEX];

/** @type {{id: number, checksum: string} | null} */
let shown = null;
/** @type {Set<string>} */
let wanted = new Set();
/** @type {Set<string>} */
let wantedSoon = new Set();
/** The last known state of each run. @type {Map<number, string>} */
const runStates = new Map();
let asking = false;
let answeredAt = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let soonTimer;
let serial = 0;

const isDataPage = () => /^\/data(\/[^/]*)?\/?$/.test(location.pathname);
const followsNewest = () => location.pathname.replace(/\/$/, "") === "/data";

/** @param {Set<string>} set @param {...string} names */
const add = (set, ...names) => names.forEach((name) => set.add(name));

/** Return whether a run is in another state, and not only further. @param {ServerEvent} event */
function hasOtherState({ run, state }) {
  if (run === undefined || runStates.get(run) === state) return false;
  if (runStates.size > RUNS_KEPT) runStates.clear();
  runStates.set(run, String(state));
  return true;
}

/** Note what an event concerns. @param {ServerEvent} event @param {boolean} related */
function consider(event, related) {
  const isRun = event.name === "run-changed";
  if (event.name.startsWith("comment-")) {
    if (shown && event.file === shown.id) add(wanted, "comments");
  } else if (event.name.startsWith("file-")) {
    add(related ? wantedSoon : wanted, INDEX);
    if (related || followsNewest()) {
      add(wanted, "view-head");
      add(wantedSoon, ...FAMILY);
    }
  } else if (isRun) {
    considerRun(related, hasOtherState(event));
  } else if (event.name === "access-changed") {
    add(wanted, ...ALL);
  }
}

/** @param {boolean} related @param {boolean} otherState */
function considerRun(related, otherState) {
  if (related) add(wanted, "view-runs");
  if (otherState) add(wantedSoon, INDEX);
  if (otherState && related) add(wantedSoon, "view-actions");
  if (otherState && followsNewest()) add(wanted, "view-head");
}

/** Ask for what events from the server concern. */
export function watchEvents() {
  eventsGathered.listen(({ events: batch, isRelated }) => {
    if (!isDataPage()) return;
    for (const event of batch) consider(event, isRelated(event));
    ask();
  });
}

/**
 * Something was done on this page: ask for all of it, even if no event comes.
 *
 * @param {unknown} done
 */
export function askForAll(done) {
  if (!done || !isDataPage()) return;
  add(wanted, ...ALL);
  ask();
}

function ask() {
  if (wantedSoon.size) soonTimer ??= setTimeout(askSoon, AROUND_MS * (1 + Math.random()));
  if (asking || timer || !wanted.size) return;
  const pause = answeredAt + PAUSE_MS - performance.now();
  if (pause <= 0) return void request();
  timer = setTimeout(() => {
    timer = undefined;
    void request();
  }, pause);
}

function askSoon() {
  soonTimer = undefined;
  add(wanted, ...wantedSoon);
  wantedSoon = new Set();
  ask();
}

const isUnreadable = () => Boolean(byId("view")?.classList.contains("unreadable"));

async function request() {
  const names = [...wanted].filter((name) => name !== "view-notes" || !isUnreadable());
  wanted = new Set();
  if (!isDataPage() || isLeaving()) return;
  const asked = { address: currentAddress(), id: shown?.id };
  asking = true;
  const query = new URLSearchParams({
    path: location.pathname,
    search: location.search,
    want: names.join(","),
    file: String(shown?.id ?? ""),
    checksum: shown?.checksum ?? "",
  });
  const answer = await fetchAnswer(query);
  asking = false;
  answeredAt = performance.now();
  if (answer === null) setTimeout(() => (add(wanted, ...names), ask()), RETRY_MS);
  // One may have gone on meanwhile: the page itself brings all of the other file.
  else if (asked.address === currentAddress() && asked.id === shown?.id) take(answer);
  ask();
}

/**
 * @param {URLSearchParams} query
 * @returns {Promise<RegionAnswer | null>} Null: there was none, and it is requested again.
 */
async function fetchAnswer(query) {
  try {
    const answer = await fetch(`/live/data?${query}`);
    if (answer.status === 401) void leaveIfSignedOut();
    if (answer.status >= 500) return null;
    return answer.ok ? await answer.json() : { at: 0 };
  } catch {
    return null;
  }
}

/** @param {RegionAnswer} answer */
function take(answer) {
  if (!answer.html) return;
  const changed = paintRegions(answer.html, answer.at);
  if (answer.other) setProps("live-view", { data: ++serial });
  // Another spectrum may have been made of the image.
  else if (changed.includes("view-head")) refreshOverlays();
}

/**
 * Paint what a callback of Dash has answered.
 *
 * @param {RegionAnswer & {html: Record<string, string>} | null} answer
 */
export function paintAnswer(answer) {
  if (!answer) return;
  if (answer.of !== undefined) shown = answer.of;
  paintRegions(answer.html, answer.at);
}
