/**
 * Which part of the image is on show.
 *
 * A zoom is painted within the event that asks for it; Plotly draws its axes once the pointer stops
 * (ADR 9).
 */
import { noteParameter, parameter, parseNumbers } from "../core/address.js";
import { concernsAxes, drawnEdges, edgesAfter, isDrawingBox } from "../core/plot_geometry.js";
import { areAxesBehind, fits, moveTicks, setShownEdges, shownEdges, showTicks } from "./axes.js";
import { paintNow, paintSoon } from "./paint.js";
import { imageOnShow, isReady, viewer } from "./state.js";
import { requestView } from "./view_requests.js";
import { writeView } from "./zoom_geometry.js";

/** @typedef {import("../core/plot_geometry.js").Edges} Edges */

const CALM_MS = 300; // after a pause of so long a zoom is made sharp at once,
const REST_MS = 90; // in a row of zooms the last one, for which Plotly draws its axes

/** @type {ReturnType<typeof setTimeout> | undefined} */
let resting;
let changedAt = 0;
/** Plotly drags an axis. */
let isAxisDragged = false;
/** Plotly was asked for these axes and has not drawn yet. */
let isAsked = false;

/**
 * Show a part of the image at once.
 *
 * @param {Edges} edges
 */
export function zoomTo(edges) {
  setShownEdges(edges);
  if (fits(edges)) {
    paintNow();
    moveTicks();
  } else {
    drawAxes();
  }
  changed();
}

/** Ask for what is on show and keep it in the address; of a row of zooms, the last one. */
function changed() {
  const now = performance.now();
  if (now - changedAt > CALM_MS) void requestView();
  changedAt = now;
  clearTimeout(resting);
  resting = setTimeout(() => {
    resting = undefined;
    void requestView();
    catchUp();
    rememberZoom();
  }, REST_MS);
}

/** Let Plotly draw its axes for what is on show. */
export function catchUp() {
  if (isReady() && !isAxisDragged && areAxesBehind()) drawAxes();
}

/** By `update`: of a relayout Dash takes note, three times as long as it takes. */
function drawAxes() {
  if (!viewer.graph || !window.Plotly) return;
  const edges = shownEdges();
  showTicks();
  isAsked = true;
  const ranges = { "xaxis.range": edges.slice(0, 2), "yaxis.range": edges.slice(2) };
  void window.Plotly.update(viewer.graph, {}, ranges);
}

/**
 * Plotly has drawn: the axes on the page must be those of the image.
 *
 * Dash's graph draws the figure that it was given whenever it is drawn again, without the zoom.
 */
export function checkAxes() {
  if (isAxisDragged) return;
  const asked = isAsked;
  isAsked = false;
  if (!areAxesBehind()) return;
  if (resting) moveTicks();
  else if (asked)
    setShownEdges(null); // it has drawn what it makes of these edges
  else drawAxes();
}

/**
 * Follow a drag or wheel turn on an axis, which is Plotly's.
 *
 * @param {Record<string, any> | null} change
 */
export function followPlotly(change) {
  if (viewer.graph && concernsAxes(change) && !isDrawingBox(viewer.graph)) {
    isAxisDragged = true;
    setShownEdges(edgesAfter(shownEdges(), change));
  }
  paintSoon();
}

/**
 * Plotly has drawn other axes of its own accord.
 *
 * @param {Record<string, any> | null} change
 */
export function plotlyZoomed(change) {
  isAxisDragged = false;
  paintSoon();
  if (!viewer.graph || !concernsAxes(change)) return; // only the size, or the mode of dragging
  setShownEdges(drawnEdges(viewer.graph));
  changed();
}

/** Keep a zoom in the address; that of the whole image is not kept. */
export function rememberZoom() {
  const image = imageOnShow();
  if (image && isReady()) noteParameter("view", writeView(shownEdges(), image.home));
}

/** Show the part of the image that the address names. */
export function restoreZoom() {
  const edges = parseNumbers(parameter("view"), 4);
  if (!edges || edges[0] === edges[1] || edges[2] === edges[3]) return;
  zoomTo(/** @type {Edges} */ (edges));
}
