/** Asking for the 16-bit numbers of what is on show (`api/images.py`). */
import { byId } from "../core/dom.js";
import { plotArea } from "../core/plot_geometry.js";
import { isLeaving } from "../core/session.js";
import { shownEdges } from "./axes.js";
import { showNote, showView } from "./display.js";
import { HALF_PIXEL } from "./paint.js";
import { readView } from "./pixels.js";
import { imageOnShow, isReady, viewer } from "./state.js";

const MOST_SCREEN_PIXELS = 2; // to a CSS pixel
const PREPARING_MS = 350;
const RETRY_MS = 4000;

/** The request under way, or the last one answered. */
/** @type {{query: string, control: AbortController} | null} */
let request = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retryTimer;

/** @returns {string | null} What the axes on the page are those of. */
const revision = () => viewer.graph?.layout?.uirevision || null;

/** Size of the plot in pixels of the screen. @returns {{w: number, h: number}} */
function screenSize() {
  const scale = Math.min(window.devicePixelRatio || 1, MOST_SCREEN_PIXELS);
  const stage = byId("stage");
  const area = revision() ? plotArea(viewer.graph) : null;
  const width = area ? area.width : stage?.clientWidth || 0;
  const height = area ? area.height : stage?.clientHeight || 0;
  return { w: Math.max(1, Math.round(width * scale)), h: Math.max(1, Math.round(height * scale)) };
}

/** @returns {number[]} What is on show, as edges of pixels. */
const shownBox = () => shownEdges().map((edge) => edge + HALF_PIXEL);

/** @returns {Record<string, string>} */
function boxQuery() {
  const [x0, x1, y0, y1] = shownBox().map((edge) => edge.toFixed(1));
  return { x0, x1, y0, y1 };
}

/** @param {Record<string, string | number>} values */
const queryOf = (values) =>
  new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)]));

/**
 * Return what is asked for with the next file (`api/show.py`): all of it, or the zoom on show if
 * the file is of the same kind.
 *
 * @returns {URLSearchParams}
 */
export function stageQuery() {
  const like = isReady() ? revision() : null;
  return queryOf(like ? { ...screenSize(), ...boxQuery(), like } : screenSize());
}

/** @param {string} text @param {number} after ms */
function retry(text, after) {
  request = null;
  showNote(text);
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => void requestView(), after);
}

/** Wait for no view any more. */
export function forgetRequest() {
  request?.control.abort();
  request = null;
  clearTimeout(retryTimer);
}

/** Ask for the view of what is on show, unless it is under way or has come. */
export async function requestView() {
  const info = imageOnShow();
  if (!info || !isReady() || isLeaving()) return;
  const query = `/img/${info.id}/view?${queryOf({ ...boxQuery(), ...screenSize(), v: info.checksum })}`;
  if (request && request.query === query) return;
  forgetRequest();
  const mine = (request = { query, control: new AbortController() });
  try {
    const answer = await fetch(query, { signal: mine.control.signal });
    if (mine !== request || isLeaving()) return;
    if (answer.status === 202) return retry("The image is being prepared…", PREPARING_MS);
    if (answer.status === 401) return location.reload();
    if (!answer.ok)
      return retry("The image cannot be shown at the moment; trying again.", RETRY_MS);
    const facts = JSON.parse(answer.headers.get("X-View") || "{}");
    const body = await answer.arrayBuffer();
    if (mine === request) showView(readView(info.id, facts, body));
  } catch {
    if (mine === request) retry("The server does not answer; trying again.", RETRY_MS);
  }
}

/**
 * Return whether the view at hand makes the plot sharp: the server's rule for cuts
 * (`figures/pyramid.py`).
 *
 * @returns {boolean}
 */
export function isViewSharp() {
  const { info, view } = viewer;
  if (!info || !view || view.id !== info.id) return false;
  const [x0, x1, y0, y1] = shownBox();
  const { w, h } = screenSize();
  /** @type {(low: number, high: number, n: number, box: number[], bin: number, screen: number) =>
   *  boolean} */
  const suffices = (low, high, n, [from, to], bin, screen) => {
    const [first, last] = [Math.floor(Math.max(low, 0)), Math.ceil(Math.min(high, n))];
    const needed = Math.max(1, Math.floor((last - first) / screen));
    return from <= first && to >= last && bin <= needed;
  };
  const { box, bins } = view;
  return (
    suffices(x0, x1, info.n_x, box.slice(0, 2), bins[0], w) &&
    suffices(y0, y1, info.n_y, box.slice(2), bins[1], h)
  );
}
