/** Asking the server for what has changed of the night on show. */
import { setProps } from "../core/dash.js";
import { byId } from "../core/dom.js";
import { eventsGathered } from "../live/event_stream.js";

/** @typedef {import("../live/event_stream.js").ServerEvent} ServerEvent */

const GATHER_MS = 60; // what comes within this time is requested at once
const GATHER_ALL_MS = 10 * GATHER_MS;
const ANSWER_MS = 4000; // an answer that has not arrived by then is requested again
const WORK_MS = 1000;
const TRENDS_MS = 5000;
const SLACK_MS = 20;

/** The night on show. @type {string | null} */
let night = null;
/** Frames that have changed and were not requested yet. @type {Set<number>} */
let changed = new Set();
let allChanged = false;
/** What is under way. @type {{ids: number[], all: boolean, until: number} | null} */
let request = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const due = new Map();
let serial = 0;

/** Return whether the page of a night is on show. */
export const isNightPage = () => /^\/night(\/|$)/.test(location.pathname);

/** @param {ServerEvent} event */
function consider(event) {
  if (event.name === "access-changed") allChanged = true;
  if (event.name !== "run-changed" && !event.name.startsWith("file-")) return;
  if (event.original != null) changed.add(event.original);
  else allChanged = true; // a master: every frame of its series
}

eventsGathered.listen(({ events }) => {
  if (!isNightPage()) return;
  events.forEach(consider);
  if (!changed.size && !allChanged) return;
  ask();
  refreshLater("live-work", WORK_MS);
  refreshTrends(TRENDS_MS);
});

function ask() {
  if (timer) return;
  const wait = request ? request.until - Date.now() : 0;
  timer = setTimeout(send, Math.max(wait, allChanged ? GATHER_ALL_MS : GATHER_MS));
}

function send() {
  timer = undefined;
  if (!isNightPage()) return;
  if (request) {
    if (Date.now() < request.until) return ask();
    request.ids.forEach((id) => changed.add(id)); // that answer never came
    allChanged ||= request.all;
  }
  const mine = { ids: [...changed], all: allChanged, until: Date.now() + ANSWER_MS };
  request = mine;
  changed = new Set();
  allChanged = false;
  const ids = mine.all ? null : mine.ids;
  setProps("live-night", { data: { ids, night, n: ++serial } });
  setTimeout(() => request === mine && ask(), ANSWER_MS + SLACK_MS);
}

/**
 * The server has answered about a night.
 *
 * @param {string | null} shown The night on show.
 */
export function takeAnswer(shown) {
  night = shown;
  request = null;
  clearTimeout(timer);
  timer = undefined;
  if (changed.size || allChanged) ask();
}

/** @param {string} store @param {number} wait ms */
function refreshLater(store, wait) {
  if (due.has(store)) return;
  const refresh = () => {
    due.delete(store);
    if (!isNightPage() || (store === "live-trends" && !areTrendsShown())) return;
    setProps(store, { data: ++serial });
  };
  due.set(store, setTimeout(refresh, wait));
}

function areTrendsShown() {
  const fold = byId("night-fold");
  return fold instanceof HTMLDetailsElement && fold.open;
}

/**
 * Ask for the plots of the night, if they are shown.
 *
 * @param {number} wait ms
 */
export function refreshTrends(wait) {
  refreshLater("live-trends", wait);
}
