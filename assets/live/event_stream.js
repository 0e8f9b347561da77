/** The stream of events: what happens on the server, sent to the page. */
import { announceArrivals } from "./announcements.js";
import { setProps } from "../core/dash.js";
import { byId } from "../core/dom.js";
import { createSignal } from "../core/signal.js";
import { leaveIfSignedOut } from "../core/session.js";

/**
 * @typedef {object} ServerEvent
 * @property {number} id
 * @property {string} name Such as "file-added" or "run-changed".
 * @property {number} [file]
 * @property {number} [original]
 * @property {number} [parent]
 * @property {number} [run]
 * @property {string} [state]
 * @property {number} [data_type]
 * @property {string} [file_name]
 */

const GATHER_MS = 120; // events come in bursts: the page is updated once for each,
const FIRST_MS = 5; // and at once after a pause
const RETRY_MS = 3000;
const HIDDEN_MS = 5000; // a browser has six connections for a host: a hidden tab gives its own up

/** An event has arrived. @type {import("../core/signal.js").Signal<ServerEvent>} */
export const eventReceived = createSignal();

/** A burst of events has arrived. */
/** @type {import("../core/signal.js").Signal<{events: ServerEvent[], isRelated: (event: ServerEvent) => boolean}>} */
export const eventsGathered = createSignal();

/** @type {EventSource | null} */
let source = null;
/** @type {number | null} */
let lastId = null;
/** @type {ServerEvent[]} */
let batch = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let hiding;
let serial = 0;
let gatheredAt = 0;

/** Connect, as soon as the page is there; a connection that is lost is made again. */
export function openEventStream() {
  const live = byId("live");
  if (!live) return void setTimeout(openEventStream, 100);
  if (lastId === null) lastId = Number(live.dataset.since) || 0;
  if (source) return;
  source = new EventSource("/events?since=" + lastId);
  source.onopen = () => showState("live", "Live: new frames and results appear by themselves");
  source.onerror = () => {
    showState("lost", "Not connected: trying again");
    // The browser tries again by itself, unless the answer was an error.
    if (source && source.readyState === EventSource.CLOSED) {
      close();
      void leaveIfSignedOut();
      setTimeout(() => !document.hidden && openEventStream(), RETRY_MS);
    }
  };
  source.onmessage = (message) => receive(JSON.parse(message.data));
}

function close() {
  if (source) source.close();
  source = null;
}

/** @param {string} state @param {string} title */
function showState(state, title) {
  const lamp = byId("lamp");
  if (!lamp) return;
  lamp.dataset.state = state;
  lamp.title = title;
  lamp.setAttribute("aria-label", title);
}

/** @param {ServerEvent} event */
function receive(event) {
  lastId = Math.max(lastId || 0, Number(event.id) || 0);
  eventReceived.emit(event);
  batch.push(event);
  const isFirst = performance.now() - gatheredAt > GATHER_MS;
  timer ??= setTimeout(handBatchOn, isFirst ? FIRST_MS : GATHER_MS);
}

/** @returns {number[]} Ids of the file on show and of its family. */
function familyOnShow() {
  /** @type {HTMLElement | null} */
  const mark = document.querySelector("#view-head [data-family]");
  return mark?.dataset.family ? mark.dataset.family.split(" ").map(Number) : [];
}

function handBatchOn() {
  timer = undefined;
  gatheredAt = performance.now();
  const events = batch;
  batch = [];
  serial += 1;
  const family = familyOnShow();
  const isRelated = (/** @type {ServerEvent} */ event) =>
    [event.file, event.original, event.parent].some((id) => id != null && family.includes(id));
  eventsGathered.emit({ events, isRelated });
  updateStores(events, isRelated);
  announceArrivals(events, isRelated);
}

/**
 * Ask Dash's callbacks for what the events concern.
 *
 * @param {ServerEvent[]} events
 * @param {(event: ServerEvent) => boolean} isRelated
 */
function updateStores(events, isRelated) {
  const data = serial;
  const happened = (/** @type {string} */ prefix) =>
    events.some((event) => event.name.startsWith(prefix));
  // A person was added to a proposal or removed from one: all of the page may differ.
  const access = happened("access-changed");
  if (access) setProps("live-access", { data });
  const hasIndex = byId("file-list") !== null;
  const listed = access || happened("file-") || happened("run-changed");
  if (listed && !hasIndex) setProps("live-index", { data });
  if (location.search.includes("run=") && (access || events.some(isRelated))) {
    setProps("live-run", { data });
  }
  if (happened("log-added") && !hasIndex) setProps("live-logs", { data });
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(close, HIDDEN_MS);
  else openEventStream();
});
window.addEventListener("pagehide", close);
