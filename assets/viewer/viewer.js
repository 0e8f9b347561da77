/**
 * An image on a canvas behind the transparent graph of Plotly.
 *
 * Stretch, limits and colour map are a look-up table (`pixels.js`), so that they follow the pointer.
 * Plotly draws the axes only, and only when they change.
 */
import { byId } from "../core/dom.js";
import { setProps } from "../core/dash.js";
import { optionsChosen } from "../core/theme.js";
import { setShownEdges, shownEdges } from "./axes.js";
import { setOptions, showNote, showTitle, showView } from "./display.js";
import { attachGestures } from "./gestures.js";
import { loadOverlays } from "./overlays.js";
import { forgetColourBar, paintSoon } from "./paint.js";
import { readView } from "./pixels.js";
import "./readout.js";
import { fileShown, hasItsAxes, imageOnShow, overlaysReceived, viewer } from "./state.js";
import { forgetRequest, isViewSharp, requestView } from "./view_requests.js";
import { checkAxes, followPlotly, plotlyZoomed, rememberZoom, restoreZoom } from "./zoom.js";

/** @typedef {import("./state.js").FileInfo} FileInfo */

const SHOWN_MS = 500; // within which the overlays of a new image need not be asked for again
const RETRY_MS = 30;

let figure = ""; // what Plotly was given to draw
let figures = 0;
let shownAt = 0; // ms
let isFirst = true; // the zoom of the address is taken once, when the page opens
let settledFor = "";

// -- the graph -----------------------------------------------------------------------------------

/** Give Plotly's graph the axes of the image on show. */
function attach() {
  const image = imageOnShow();
  if (!image) return;
  /** @type {PlotlyGraph | null} */
  const graph = document.querySelector("#stage .js-plotly-plot");
  if (!graph || !graph.on) return void setTimeout(attach, RETRY_MS);
  if (graph !== viewer.graph) listenTo(graph);
  const wanted = JSON.stringify(image.figure);
  if (wanted === figure) return settle();
  figure = wanted;
  forgetColourBar();
  // By way of Dash: its graph draws what it was given last whenever it is drawn again.
  const id = graph.closest(".stage-graph")?.id || "";
  setProps(id, { figure: figureFor(image, graph) });
}

/** @param {PlotlyGraph} graph */
function listenTo(graph) {
  viewer.graph = graph;
  figure = "";
  graph.on("plotly_relayouting", followPlotly);
  graph.on("plotly_relayout", plotlyZoomed);
  graph.on("plotly_afterplot", settle);
  attachGestures(graph);
}

/**
 * Return the figure of an image, with the zoom and the mode of dragging on show.
 *
 * The zoom is kept as long as pixels mean the same. The ranges are given to Plotly explicitly; a
 * new `uirevision` of each axis keeps Plotly from restoring ranges of its own.
 *
 * @param {FileInfo} image
 * @param {PlotlyGraph} graph
 */
function figureFor(image, graph) {
  const { data, layout } = structuredClone(image.figure);
  const keepsZoom = graph.layout.uirevision === image.uirevision;
  const edges = keepsZoom ? shownEdges() : image.home;
  setShownEdges(edges);
  const uirevision = ++figures;
  layout.xaxis = { ...layout.xaxis, range: edges.slice(0, 2), uirevision };
  layout.yaxis = { ...layout.yaxis, range: edges.slice(2), uirevision };
  layout.dragmode = graph.layout.dragmode || layout.dragmode;
  return { data, layout };
}

/** Plotly has drawn. */
function settle() {
  const { info, graph } = viewer;
  if (!hasItsAxes() || !info || !graph) return;
  checkAxes();
  paintSoon();
  const key = [info.id, info.checksum, graph.clientWidth, graph.clientHeight].join();
  if (key === settledFor) return;
  settledFor = key;
  if (isFirst) restoreZoom();
  isFirst = false;
  rememberZoom();
  if (!isViewSharp()) void requestView();
}

// -- what the page asks for ----------------------------------------------------------------------

/**
 * Show an image, or make room for a spectrum, or for nothing.
 *
 * @param {FileInfo | null} info
 * @param {import("./state.js").Opened | null} opened Its pixels, if they have arrived too.
 */
export function showImage(info, opened) {
  const stage = byId("stage");
  if (!stage) return;
  const before = viewer.info;
  const same = before && info && before.id === info.id && before.checksum === info.checksum;
  viewer.info = info;
  stage.dataset.kind = info ? info.kind : "";
  if (!same) begin();
  const image = imageOnShow();
  if (image) showTitle(image.heading);
  if (image && opened) {
    showView(readView(image.id, opened.view, opened.body, opened.offset));
  }
  attach();
}

/** Another file is on show: nothing of the last one is. */
function begin() {
  forgetRequest();
  settledFor = "";
  viewer.view = null;
  Object.assign(viewer.options, { manual: null, cross: null, named: null });
  shownAt = performance.now();
  showNote("");
  paintSoon();
  refreshOverlays();
  fileShown.emit();
}

/** Ask again what lies over the image: another spectrum may have been made of it. */
export function refreshOverlays() {
  const image = imageOnShow();
  if (!image) return;
  void loadOverlays(image).then((arrived) => {
    if (!arrived) return;
    paintSoon();
    overlaysReceived.emit();
  });
}

/**
 * Ask again for the overlays of a file that the server has answered about, unless it has just come
 * with them.
 *
 * @param {FileInfo | null} info Null: it is out of reach by now.
 */
export function refreshIfSettled(info) {
  const same = viewer.info && info && info.id === viewer.info.id;
  if (same && performance.now() - shownAt > SHOWN_MS) refreshOverlays();
}

/** @param {unknown[] | null} values Of a checklist with one entry. */
const isChecked = (values) => (values || []).length > 0;

/** @param {unknown} value */
const numberOrNull = (value) => (value === "" || value == null ? null : Number(value));

/**
 * Take the options of the page (`callbacks/command.py`).
 *
 * @param {string} map
 * @param {string} stretch
 * @param {string} limits
 * @param {unknown} low
 * @param {unknown} high
 * @param {...(unknown[] | null)} checks Saturated pixels, title, cosmic rays, apertures, wavelengths.
 */
export function optionsFromPage(map, stretch, limits, low, high, ...checks) {
  const [saturated, title, cosmic, apertures, wavelengths] = checks.map(isChecked);
  const stage = byId("stage");
  if (stage) {
    stage.dataset.title = title ? "shown" : "hidden";
    stage.dataset.saturated = saturated ? "shown" : "hidden";
  }
  const [lowest, highest] = [numberOrNull(low), numberOrNull(high)];
  const typed = { low: lowest, high: highest };
  setOptions({
    map,
    invert: false,
    stretch,
    limits,
    ...typed,
    saturated,
    cosmic,
    apertures,
    wavelengths,
  });
  keepWithAccount({ colormap: map, "show-saturated": saturated, "show-title": title });
}

/** Keep with the account what was changed here. @param {Record<string, unknown>} values */
function keepWithAccount(values) {
  // Nothing has triggered the call that comes with the page itself.
  for (const { prop_id } of window.dash_clientside.callback_context.triggered) {
    const id = prop_id.replace(/\.value$/, "");
    if (id in values) optionsChosen.emit({ [id.replace("-", "_")]: values[id] });
  }
}

new MutationObserver(() => {
  // Another page took the graph away: the next one starts afresh.
  if (!viewer.graph || viewer.graph.isConnected) return;
  forgetRequest();
  setShownEdges(null);
  viewer.graph = viewer.view = viewer.info = null;
  settledFor = figure = "";
  isFirst = true;
}).observe(document.documentElement, { childList: true, subtree: true });
