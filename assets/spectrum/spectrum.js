/**
 * A spectrum on a canvas behind the transparent axes of a Plotly graph.
 *
 * The numbers come once for each file (`api/spectra.py`). Whatever is done to them is done in the
 * page, so that it follows the pointer.
 */
import { noteParameter } from "../core/address.js";
import { byId } from "../core/dom.js";
import { concernsAxes } from "../core/plot_geometry.js";
import { showToast } from "../core/toasts.js";
import { showNote, showTitle } from "../viewer/display.js";
import { readSettings, writeSettings } from "./address.js";
import { firstAtOrAfter, nearestPixel } from "./arithmetic.js";
import {
  config,
  endDrag,
  followDrag,
  fromFileUnit,
  layout,
  shownEdges,
  toFileUnit,
  yScale,
} from "./axes.js";
import { aimAt, cursorPixel } from "./crosshair.js";
import { computeCurves } from "./curves.js";
import { loadSpectrum, readSpectrum } from "./numbers.js";
import { clear, currentView, paintNow, paintSoon } from "./paint.js";
import {
  MOST_OTHERS,
  otherSpectra,
  overlaid,
  settings,
  shown,
  spectrumDrawn,
  zoom,
} from "./state.js";

/** @typedef {import("./state.js").Spectrum} Spectrum */

const NOTE_MS = 350; // browsers allow few changes of the address in a short time
const LIBRARY_MS = 20;
/** An empty trace: without one Plotly draws no axes. */
const NO_TRACE = [{ x: [null], y: [null], mode: "lines", hoverinfo: "skip" }];

let requests = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let noteTimer;

// -- drawing -------------------------------------------------------------------------------------

/** Draw the spectrum on show with the present view. */
export function render() {
  const { main } = shown;
  const plot = /** @type {PlotlyGraph | null} */ (byId("spectrum-plot"));
  if (!main || !plot) return;
  if (!window.Plotly) return void setTimeout(render, LIBRARY_MS);
  shown.curves = computeCurves(main);
  const isNew = plot !== shown.plot || !plot.layout;
  shown.plot = plot;
  endDrag();
  // With a configuration Plotly would begin from scratch.
  void window.Plotly.react(plot, NO_TRACE, layout(), isNew ? config(showWhole) : undefined);
  if (isNew) listenTo(plot);
  paintNow();
  plot.dataset.file = String(main.facts.id);
  const count = overlaid().length;
  const more = count ? `, with ${count} more` : "";
  plot.setAttribute("aria-label", `Spectrum ${main.facts.name}, ${main.facts.n} pixels${more}`);
  showTitle(main.facts.heading);
  noteSettings();
  spectrumDrawn.emit();
}

/** @param {PlotlyGraph} plot */
function listenTo(plot) {
  plot.on("plotly_relayouting", (change) => {
    followDrag(change);
    paintSoon();
  });
  plot.on("plotly_relayout", rememberZoom);
  plot.on("plotly_doubleclick", showWhole);
  plot.on("plotly_afterplot", paintNow);
  plot.addEventListener("mousemove", pointAt);
  plot.addEventListener("mouseleave", () => aimAt(null, currentView()));
  const stage = byId("stage");
  const options = { attributes: true, attributeFilter: ["data-saturated"] };
  if (stage) new MutationObserver(paintSoon).observe(stage, options);
}

/** Keep the view in the address. */
export function noteSettings() {
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => {
    const { main } = shown;
    const edges = shownEdges();
    if (!main || !edges) return;
    const zoomed = zoom.x[main.facts.axis] || zoom.y;
    const values = writeSettings(settings, zoomed ? toFileUnit(edges) : null);
    for (const [name, value] of Object.entries(values)) noteParameter(name, value);
  }, NOTE_MS);
}

// -- zoom ----------------------------------------------------------------------------------------

/** @param {Record<string, any> | null} change Of Plotly's axes, at its end. */
function rememberZoom(change) {
  endDrag();
  paintSoon();
  const edges = shownEdges();
  const { main } = shown;
  if (!edges || !main) return;
  const [x0, x1, y0, y1] = edges;
  if (concernsAxes(change, /^xaxis/)) zoom.x[main.facts.axis] = [x0, x1];
  if (concernsAxes(change, /^yaxis/)) zoom.y = { range: [y0, y1], scale: yScale() };
  noteSettings();
}

/** Show all of the spectrum. */
export function showWhole() {
  if (!shown.main) return;
  zoom.x[shown.main.facts.axis] = null;
  zoom.y = null;
  render();
}

/**
 * Zoom along the wavelengths about the crosshair, or the middle.
 *
 * @param {number} factor Below 1: closer.
 */
export function zoomBy(factor) {
  const edges = shownEdges();
  if (!shown.main || !edges) return;
  const [low, high] = edges;
  const pixel = cursorPixel();
  const middle = pixel === null ? (low + high) / 2 : shown.curves[0].x[pixel];
  const range = [middle - (middle - low) * factor, middle + (high - middle) * factor];
  zoom.x[shown.main.facts.axis] = /** @type {[number, number]} */ (range);
  zoom.y = null;
  render();
}

// -- crosshair -----------------------------------------------------------------------------------

/** @param {MouseEvent} event */
function pointAt(event) {
  const view = currentView();
  if (!view || !shown.plot) return;
  const corner = shown.plot.getBoundingClientRect();
  const px = event.clientX - corner.left - view.left;
  const py = event.clientY - corner.top - view.top;
  const outside = px < 0 || py < 0 || px > view.width || py > view.height;
  aimAt(outside ? null : nearestPixel(shown.curves[0].x, view.xValue(px)), view);
}

/**
 * Move the crosshair by some pixels.
 *
 * @param {number} pixels
 */
export function stepCrosshair(pixels) {
  const view = currentView();
  if (!view) return;
  const { x } = shown.curves[0];
  const cursor = cursorPixel();
  const middle = (view.range[0] + view.range[1]) / 2;
  const next = cursor === null ? firstAtOrAfter(x, middle) : cursor + pixels;
  aimAt(Math.max(0, Math.min(x.length - 1, next)), view);
}

// -- other spectra -------------------------------------------------------------------------------

/**
 * Lay another spectrum over the one on show.
 *
 * @param {number} id
 */
export async function addOther(id) {
  if (settings.others.includes(id)) return;
  if (settings.others.length >= MOST_OTHERS) {
    const text = `At most ${MOST_OTHERS} spectra can be compared with one.`;
    return showToast({ kind: "warning", text });
  }
  settings.others.push(id);
  try {
    otherSpectra.set(id, await loadSpectrum(id));
    render();
  } catch (error) {
    settings.others = settings.others.filter((other) => other !== id);
    const text = `Spectrum ${id} cannot be shown: ${/** @type {Error} */ (error).message}`;
    showToast({ key: `over-${id}`, kind: "danger", text });
  }
}

/**
 * Take a spectrum away from over the one on show.
 *
 * @param {number} id
 */
export function removeOther(id) {
  settings.others = settings.others.filter((other) => other !== id);
  otherSpectra.delete(id);
  if (!settings.others.length) settings.mode = "together";
  render();
}

// -- what the page asks for ----------------------------------------------------------------------

/**
 * Show a spectrum, or none.
 *
 * @param {import("../viewer/state.js").FileInfo | null} info
 * @param {import("../viewer/state.js").Opened | null} opened Its numbers, if they have come too.
 */
export function showSpectrum(info, opened) {
  const serial = ++requests;
  if (!info || info.kind !== "spectrum") return hide();
  if (opened) return put(readSpectrum(opened.spectrum, opened.body, opened.offset));
  const facts = shown.main?.facts;
  const onShow = facts && facts.id === info.id && facts.checksum === info.checksum;
  if (onShow && byId("spectrum-plot") === shown.plot) return; // since the click
  loadSpectrum(info.id, info.checksum).then(
    (spectrum) => serial === requests && put(spectrum),
    (error) => serial === requests && refuse(error.message),
  );
}

function hide() {
  shown.main = null;
  for (const id of ["spectrum-tools", "arc-panel"]) {
    const part = byId(id);
    if (part) part.hidden = true;
  }
}

/** @param {Spectrum} spectrum */
function put(spectrum) {
  const [plot, stage] = [byId("spectrum-plot"), byId("stage")];
  if (!plot || !stage) return;
  aimAt(null, null);
  stage.dataset.kind = "spectrum";
  showNote("");
  const opens = plot !== shown.plot;
  shown.main = spectrum;
  if (opens) restore(spectrum);
  render();
}

/** Look at a spectrum as the address says. @param {Spectrum} spectrum */
function restore({ facts }) {
  const { settings: restored, edges } = readSettings(location.search);
  const others = restored.others || [];
  delete restored.others;
  Object.assign(settings, restored);
  for (const id of others.slice(0, MOST_OTHERS)) void addOther(id);
  if (!edges) return;
  const [x0, x1, y0, y1] = fromFileUnit(edges);
  zoom.x[facts.axis] = [x0, x1];
  if (y0 < y1) zoom.y = { range: [y0, y1], scale: yScale() };
}

/** @param {string} message */
function refuse(message) {
  shown.main = null;
  shown.curves = [];
  clear();
  showNote(`This spectrum cannot be shown: ${message}`);
}
