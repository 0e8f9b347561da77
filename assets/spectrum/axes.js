/** The axes of a spectrum: ranges, titles, Plotly's layout of them, and where they lie. */
import { drawnEdges, edgesAfter, isDrawingBox, plotArea } from "../core/plot_geometry.js";
import { median } from "./arithmetic.js";
import {
  currentMode,
  drawnUnit,
  exponent,
  isCalibrated,
  isRelative,
  medium,
  plainText,
  settings,
  shown,
  zoom,
} from "./state.js";
import { rangeInPower } from "./units.js";

/**
 * @typedef {import("./state.js").Curve} Curve
 * @typedef {import("../core/plot_geometry.js").Edges} Edges
 * @typedef {[number, number]} Range
 */

const GOOD = 20; // median standard deviations: pixels beyond it are measured badly
const MARGIN = 0.05;
const FAINT = 0.005; // of the pixels lie below a logarithmic axis

/** What Plotly shows while it is dragged. @type {Edges | null} */
let dragged = null;

/** @returns {Edges | null} What the axes show, null while there are none. */
export function shownEdges() {
  const { plot } = shown;
  return dragged || (plot && plotArea(plot) ? drawnEdges(plot) : null);
}

/**
 * Follow Plotly's drags and wheel turns.
 *
 * @param {Record<string, any> | null} change
 */
export function followDrag(change) {
  const edges = shownEdges();
  if (edges && shown.plot && !isDrawingBox(shown.plot)) dragged = edgesAfter(edges, change);
}

/** Plotly has drawn its axes. */
export function endDrag() {
  dragged = null;
}

/** @returns {string} What the y axis means: a zoom is kept as long as it means the same. */
export function yScale() {
  const { log, normalise } = settings;
  return [shown.main?.facts.unit, exponent(), log, normalise, currentMode()].join();
}

/**
 * Return edges in the unit of the file.
 *
 * @param {Edges} edges As drawn.
 * @returns {Edges}
 */
export function toFileUnit([x0, x1, y0, y1]) {
  return [x0, x1, ...rangeInPower([y0, y1], -exponent(), settings.log)];
}

/**
 * Return edges as they are drawn.
 *
 * @param {Edges} edges In the unit of the file.
 * @returns {Edges}
 */
export function fromFileUnit([x0, x1, y0, y1]) {
  return [x0, x1, ...rangeInPower([y0, y1], exponent(), settings.log)];
}

/**
 * Range of the flux that is measured well: a wild pixel at the edge must not flatten the spectrum.
 *
 * @param {Range} range Of the x axis.
 * @param {boolean} whole All of the spectrum is shown.
 * @returns {Range}
 */
function fluxRange([low, high], whole) {
  const values = [];
  for (const { x, flux, sigma } of shown.curves) {
    const most = median(sigma) * GOOD;
    for (let i = 0; i < x.length; i++) {
      const inside = x[i] >= low && x[i] <= high;
      if (inside && Number.isFinite(flux[i]) && sigma[i] <= most) values.push(flux[i]);
    }
  }
  if (!values.length) return settings.log ? [-1, 1] : [0, 1];
  values.sort((a, b) => a - b);
  let [bottom, top] = [values[0], values[values.length - 1]];
  if (settings.log) {
    const positive = values.filter((value) => value > 0);
    if (!positive.length) return [-1, 1];
    bottom = Math.log10(positive[Math.floor(FAINT * positive.length)]);
    top = Math.log10(positive[positive.length - 1]);
  }
  const margin = MARGIN * (top - bottom) || 0.5 * Math.abs(top) || 1;
  const fromZero = whole && !settings.log && currentMode() === "together";
  return [fromZero ? Math.min(bottom - margin, 0) : bottom - margin, top + margin];
}

/** Keep a zoom as long as something is seen through it. @returns {{x: Range, y: Range}} */
function ranges() {
  const kind = shown.main?.facts.axis || "pixel";
  const [{ x: values, flux }] = shown.curves;
  const [first, last] = [values[0], values[values.length - 1]];
  let x = zoom.x[kind] || null;
  if (x && (x[0] >= last || x[1] <= first)) x = zoom.x[kind] = null;
  const range = x || /** @type {Range} */ ([first, last]);
  if (zoom.y && (zoom.y.scale !== yScale() || !isSeen(flux, values, range, zoom.y.range))) {
    if (zoom.y.scale === yScale()) zoom.y = null;
    return { x: range, y: fluxRange(range, !x) };
  }
  return { x: range, y: zoom.y ? zoom.y.range : fluxRange(range, !x) };
}

/**
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number>} x
 * @param {Range} xRange
 * @param {Range} yRange
 */
function isSeen(flux, x, xRange, yRange) {
  const seen = Array.from(flux).filter((_, i) => x[i] >= xRange[0] && x[i] <= xRange[1]);
  const middle = median(seen);
  const at = settings.log ? Math.log10(middle) : middle;
  return at > yRange[0] && at < yRange[1];
}

function yTitle() {
  const unit = drawnUnit();
  const mode = currentMode();
  if (isRelative()) return mode === "ratio" ? "Ratio" : "Relative to the median";
  const quantity = unit.toLowerCase().includes("erg") ? "Flux" : "Intensity";
  return mode === "difference" ? `Difference (${unit})` : `${quantity} (${unit})`;
}

/** @returns {[string, string]} Titles of the axes. */
export const titles = () => [
  isCalibrated() ? `Wavelength in ${medium() || "air"} (Å)` : "Dispersion Axis (Pixels)",
  yTitle(),
];

/** @returns {object} Plotly's layout of the spectrum on show. */
export function layout() {
  const { x, y } = ranges();
  const common = {
    ticks: "outside",
    ticklen: 4,
    showline: true,
    mirror: true,
    zeroline: false,
    exponentformat: "power",
    minexponent: 6,
  };
  const [xText, yText] = titles();
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "inherit", size: 12 },
    margin: { l: 68, r: 16, t: 30, b: 46, autoexpand: false },
    showlegend: false,
    hovermode: false,
    dragmode: shown.plot?.layout?.dragmode || "zoom",
    xaxis: { ...common, title: { text: xText, standoff: 6 }, range: [...x] },
    yaxis: {
      ...common,
      title: { text: plainText(yText), standoff: 6 },
      range: [...y],
      type: settings.log ? "log" : "linear",
    },
  };
}

/**
 * Return Plotly's configuration.
 *
 * @param {() => void} showWhole
 * @returns {object}
 */
export function config(showWhole) {
  const whole = {
    name: "whole",
    title: "Whole spectrum (0)",
    icon: window.Plotly?.Icons.home,
    click: showWhole,
  };
  return {
    displaylogo: false,
    scrollZoom: true,
    doubleClick: false,
    showTips: false,
    responsive: true,
    modeBarButtons: [
      ["zoom2d", "pan2d"],
      ["zoomIn2d", "zoomOut2d", whole],
    ],
  };
}
