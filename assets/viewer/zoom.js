/**
 * Which part of the image is on show.
 *
 * A zoom is painted within the event that asks for it; Plotly draws its axes once the hand rests
 * (ADR 9).
 */
import { noteParameter, parameter, parseNumbers } from "../core/address.js";
import { concernsAxes, edgesAfter, isDrawingBox } from "../core/plot_geometry.js";
import { edgesAhead, fits, moveTicks, setEdgesAhead, shownEdges, showTicks } from "./axes.js";
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
/** Plotly drags an axis: its ticks are its own. */
let axisDragged = false;

/**
 * Show a part of the image at once.
 *
 * @param {Edges} edges
 */
export function zoomTo(edges) {
  if (fits(edges)) {
    setEdgesAhead(edges);
    paintNow();
    moveTicks();
  } else {
    drawAxes(edges);
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
    void requestView();
    catchUp();
    rememberZoom();
  }, REST_MS);
}

/** Let Plotly draw its axes for what is on show. */
export function catchUp() {
  const edges = edgesAhead();
  if (edges && isReady() && !axisDragged) drawAxes(edges);
}

/** By `update`: of a relayout Dash takes note, three times as long as it takes. */
/** @param {Edges} edges */
function drawAxes(edges) {
  if (!viewer.graph || !window.Plotly) return;
  showTicks();
  const ranges = { "xaxis.range": edges.slice(0, 2), "yaxis.range": edges.slice(2) };
  setEdgesAhead(null);
  void window.Plotly.update(viewer.graph, {}, ranges);
}

/** Plotly has drawn: ticks that are not where the image is are moved. */
export function keepTicks() {
  if (edgesAhead() && !axisDragged) moveTicks();
}

/**
 * Follow a drag or wheel turn on an axis, which is Plotly's.
 *
 * @param {Record<string, any> | null} change
 */
export function followPlotly(change) {
  if (viewer.graph && concernsAxes(change) && !isDrawingBox(viewer.graph)) {
    axisDragged = true;
    setEdgesAhead(edgesAfter(shownEdges(), change));
  }
  paintSoon();
}

/**
 * Plotly has drawn other axes of its own accord.
 *
 * @param {Record<string, any> | null} change
 */
export function plotlyZoomed(change) {
  if (axisDragged) setEdgesAhead(null);
  axisDragged = false;
  paintSoon();
  if (concernsAxes(change)) changed(); // and not only the size
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
