/** Painting a spectrum on its canvas, behind the transparent axes of Plotly. */
import { byId, canvasById, contextOf } from "../core/dom.js";
import { plotArea } from "../core/plot_geometry.js";
import { themeChanged } from "../core/theme.js";
import { firstAtOrAfter } from "./arithmetic.js";
import { shownEdges } from "./axes.js";
import { placeCrosshair } from "./crosshair.js";
import { featuresReceived, paintBands, paintLines, paintWithoutFlux } from "./features.js";
import { colourOf, isCalibrated, isMarked, settings, shown } from "./state.js";

/**
 * @typedef {import("./state.js").Curve} Curve
 *
 * @typedef {object} View How values lie on the canvas, in CSS pixels.
 * @property {number} left Of the plot within the graph.
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {number} ratio Pixels of the screen to one CSS pixel.
 * @property {[number, number]} range Of the x axis.
 * @property {(value: number) => number} x
 * @property {(value: number) => number} y NaN below zero on a logarithmic axis.
 * @property {(px: number) => number} xValue
 */

const SATURATED = 2;
/** Second order and no sensitivity: remarks on long parts of the spectrum, no defects of a pixel. */
const REMARKS = 32 | 64;
const DENSE = 1.5; // pixels of the spectrum to one of the screen
const BELOW_PX = 10; // where an edge below zero lies on a logarithmic axis
let frame = 0;

/** Paint with the next frame. */
export function paintSoon() {
  frame ||= requestAnimationFrame(paintNow);
}

/** @returns {View | null} Null while there is nothing to paint, or nothing to paint on. */
export function currentView() {
  const area = shown.main && shown.curves.length ? plotArea(shown.plot) : null;
  const edges = area && shownEdges();
  if (!area || !edges) return null;
  const { left, top, width, height } = area;
  const [x0, x1, y0, y1] = edges;
  const isLog = shown.plot?.layout.yaxis.type === "log";
  const onAxis = (/** @type {number} */ value) =>
    isLog ? (value > 0 ? Math.log10(value) : NaN) : value;
  return {
    left,
    top,
    width,
    height,
    ratio: window.devicePixelRatio || 1,
    range: [x0, x1],
    x: (value) => ((value - x0) / (x1 - x0)) * width,
    y: (value) => height - ((onAxis(value) - y0) / (y1 - y0)) * height,
    xValue: (px) => x0 + (px / width) * (x1 - x0),
  };
}

/** Paint at once. */
export function paintNow() {
  cancelAnimationFrame(frame);
  frame = 0;
  const canvas = canvasById("spectrum-canvas");
  const view = currentView();
  if (!canvas || !view) return;
  const context = fittedContext(canvas, view);
  const [first, ...others] = shown.curves;
  if (isCalibrated()) paintBands(context, view);
  paintWithoutFlux(context, view, first);
  for (const other of others) paintCurve(context, view, other);
  if (isMarked("systematic") && first.systematic) {
    paintBand(context, view, first, first.systematic, "--band-systematic");
  }
  if (settings.marks.has("sigma")) paintBand(context, view, first, first.sigma, "--band");
  paintCurve(context, view, first);
  if (settings.marks.has("flags")) paintFlags(context, view, first);
  if (isCalibrated()) paintLines(context, view);
  placeCrosshair(view);
}

/** Nothing can be shown: the canvas is empty. */
export function clear() {
  const canvas = canvasById("spectrum-canvas");
  if (canvas) contextOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
}

/** Lay the canvas over the plot. @param {HTMLCanvasElement} canvas @param {View} view */
function fittedContext(canvas, { left, top, width, height, ratio }) {
  for (const [name, value] of Object.entries({ left, top, width, height })) {
    canvas.style.setProperty(name, value + "px");
  }
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * Return which pixels of a curve are painted.
 *
 * @param {View} view
 * @param {Curve} curve
 * @returns {{start: number, stop: number, dense: boolean}}
 */
function pixelsInView(view, curve) {
  const start = Math.max(0, firstAtOrAfter(curve.x, view.range[0]) - 1);
  const stop = Math.min(curve.x.length, firstAtOrAfter(curve.x, view.range[1]) + 1);
  return { start, stop, dense: stop - start > DENSE * view.width * view.ratio };
}

/** @param {CanvasRenderingContext2D} context @param {View} view @param {Curve} curve */
function paintCurve(context, view, curve) {
  const { start, stop, dense } = pixelsInView(view, curve);
  const colour = colourOf(curve.colour);
  if (dense) {
    const y = (/** @type {number} */ i) => view.y(curve.flux[i]);
    context.fillStyle = colour;
    paintBars(context, view, curve.x, {
      start,
      stop,
      above: y,
      below: y,
      margin: 0.6,
      joined: true,
    });
    return;
  }
  context.beginPath();
  let connected = false;
  for (let i = start; i < stop; i++) {
    const y = view.y(curve.flux[i]);
    const known = Number.isFinite(y);
    if (known && connected) context.lineTo(view.x(curve.x[i]), y);
    else if (known) context.moveTo(view.x(curve.x[i]), y);
    connected = known;
  }
  context.strokeStyle = colour;
  context.lineWidth = 1.2;
  context.lineJoin = "round";
  context.stroke();
}

/**
 * Paint flux ± σ.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {Curve} curve
 * @param {ArrayLike<number>} sigma
 * @param {string} colour
 */
function paintBand(context, view, curve, sigma, colour) {
  const { x, flux } = curve;
  const { start, stop, dense } = pixelsInView(view, curve);
  /** @type {(sign: number) => (i: number) => number} */
  const edge = (sign) => (i) => {
    const value = flux[i] + sign * sigma[i];
    if (!Number.isFinite(value)) return NaN;
    const y = view.y(value);
    return Number.isFinite(y) ? y : view.height + BELOW_PX;
  };
  const [above, below] = [edge(1), edge(-1)];
  context.fillStyle = colourOf(colour);
  if (dense) {
    return paintBars(context, view, x, { start, stop, above, below, margin: 0, joined: false });
  }
  context.beginPath();
  for (let i = start; i < stop; i++) {
    const from = i;
    while (i < stop && Number.isFinite(flux[i]) && Number.isFinite(sigma[i])) i++;
    if (i === from) continue;
    context.moveTo(view.x(x[from]), above(from));
    for (let k = from + 1; k < i; k++) context.lineTo(view.x(x[k]), above(k));
    for (let k = i - 1; k >= from; k--) context.lineTo(view.x(x[k]), below(k));
    context.closePath();
  }
  context.fill();
}

/**
 * Paint many pixels to a column of the screen: bars from the lowest to the highest of them. They
 * look as a line of so many strokes does, which takes a browser without a graphics card 0.1 s.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {ArrayLike<number>} x
 * @param {object} bars
 * @param {number} bars.start
 * @param {number} bars.stop
 * @param {(i: number) => number} bars.above
 * @param {(i: number) => number} bars.below
 * @param {number} bars.margin CSS pixels.
 * @param {boolean} bars.joined Bars reach to where the one before ended.
 */
function paintBars(context, view, x, { start, stop, above, below, margin, joined }) {
  const step = 1 / view.ratio;
  let [column, top, bottom, last] = [NaN, 0, 0, NaN];
  const fillTo = (/** @type {number} */ end) => {
    if (Number.isNaN(column)) return;
    const width = (end - column) * step;
    context.fillRect(column * step, top - margin, width, bottom - top + 2 * margin);
  };
  for (let i = start; i < stop; i++) {
    const [high, low] = [above(i), below(i)];
    const here = Math.floor(view.x(x[i]) * view.ratio);
    if (!Number.isFinite(high) || !Number.isFinite(low)) {
      fillTo(column + 1);
      column = last = NaN;
      continue;
    }
    if (here !== column) {
      fillTo(joined ? here : column + 1);
      column = here;
      [top, bottom] = [high, low];
      if (joined && last < top) top = last;
      if (joined && last > bottom) bottom = last;
    }
    top = Math.min(top, high);
    bottom = Math.max(bottom, low);
    last = low;
  }
  fillTo(column + 1);
}

/** Flagged pixels: a tick at the foot of the plot, saturated ones also where they lie. */
/** @param {CanvasRenderingContext2D} context @param {View} view @param {Curve} curve */
function paintFlags(context, view, { x, flux, mask }) {
  if (!mask) return;
  const start = Math.max(0, firstAtOrAfter(x, view.range[0]));
  const stop = Math.min(x.length, firstAtOrAfter(x, view.range[1]));
  const saturatedColour = colourOf("--saturated");
  const colour = colourOf("--flag");
  const showsSaturated = byId("stage")?.dataset.saturated !== "hidden"; // the person's choice
  for (let i = start; i < stop; i++) {
    if (!(mask[i] & ~REMARKS)) continue;
    const saturated = showsSaturated && mask[i] & SATURATED;
    const px = view.x(x[i]);
    const length = saturated ? 9 : 6;
    context.fillStyle = saturated ? saturatedColour : colour;
    context.fillRect(px - 0.5, view.height - length, 1.4, length);
    const y = view.y(flux[i]);
    if (saturated && Number.isFinite(y)) context.fillRect(px - 2, y - 2, 4, 4);
  }
}

themeChanged.listen(paintSoon);
featuresReceived.listen(paintSoon);
