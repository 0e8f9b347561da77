/**
 * Painting what lies over an image: traces, apertures, background windows, the wavelength axis.
 *
 * Everything is kept in pixels of the image (integers are centres) and drawn through the axes of the
 * plot, like the image itself: the two stay registered at every zoom.
 */
import { themeColour } from "../core/dom.js";
import { ticks } from "../core/ticks.js";
import { columnAt, traceRow, wavelengthAt } from "./coordinates.js";
import { scaleNearest } from "./overlays.js";

/**
 * @typedef {import("./state.js").Aperture} Aperture
 * @typedef {import("../core/plot_geometry.js").Plane} Plane
 */

export const APERTURE_COLOUR = "#ffb000";
export const BACKGROUND_COLOUR = "#a99bff";
const HALO = "rgba(0,0,0,.55)";
const CROSS = "rgba(79, 163, 255, .45)";
const STEP_PX = 6; // a trace is straight over so many pixels of the screen
const EDGE_DASH = [5, 4];
const TRACE_DASH = [1, 4];
const OLDER = 0.45; // opacity of windows that are not the newest

/** Columns at which a trace is evaluated. @param {Plane} plane @returns {number[]} */
function columnsOf(plane) {
  const [left, right] = plane.edges;
  const n = Math.max(2, Math.ceil(plane.width / STEP_PX));
  return Array.from({ length: n + 1 }, (_, k) => left + ((right - left) * k) / n);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {number[]} trace
 * @param {number} offset Rows from the trace.
 */
function addPath(context, plane, trace, offset) {
  columnsOf(plane).forEach((x, k) => {
    const [px, py] = [plane.x(x), plane.y(traceRow(trace, x) + offset)];
    if (k) context.lineTo(px, py);
    else context.moveTo(px, py);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {number[]} trace
 * @param {number[]} rows From the trace.
 */
function fillBand(context, plane, trace, [low, high]) {
  context.beginPath();
  addPath(context, plane, trace, low);
  for (const x of columnsOf(plane).reverse()) {
    context.lineTo(plane.x(x), plane.y(traceRow(trace, x) + high));
  }
  context.closePath();
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {number[]} trace
 * @param {number} offset
 * @param {number[]} dash
 */
function strokeLine(context, plane, trace, offset, dash) {
  const colour = context.strokeStyle;
  context.setLineDash(dash);
  context.beginPath();
  addPath(context, plane, trace, offset);
  for (const [style, width] of /** @type {[typeof colour, number][]} */ ([
    [HALO, 2.5],
    [colour, 1.2],
  ])) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {Aperture} aperture
 * @param {string} label
 */
function paintAperture(context, plane, aperture, label) {
  const { trace } = aperture;
  context.globalAlpha = aperture.newest ? 1 : OLDER;
  context.strokeStyle = BACKGROUND_COLOUR;
  context.fillStyle = BACKGROUND_COLOUR + "26";
  for (const zone of aperture.zones) {
    fillBand(context, plane, trace, zone);
    for (const edge of zone) strokeLine(context, plane, trace, edge, EDGE_DASH);
  }
  context.strokeStyle = APERTURE_COLOUR;
  context.fillStyle = APERTURE_COLOUR + "1c";
  fillBand(context, plane, trace, aperture.aperture);
  for (const edge of aperture.aperture) strokeLine(context, plane, trace, edge, []);
  strokeLine(context, plane, trace, 0, TRACE_DASH);
  const y = plane.y(traceRow(trace, plane.edges[0]));
  if (label) paintLabel(context, label, plane.left + 10, y);
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} label
 * @param {number} x
 * @param {number} y
 */
function paintLabel(context, label, x, y) {
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = HALO;
  context.strokeText(label, x, y);
  context.fillStyle = APERTURE_COLOUR;
  context.fillText(label, x, y);
}

/**
 * Paint where the cuts are taken: a line each way, as thick as the pixels that are averaged.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {{x: number, y: number, n: number}} cut
 */
function paintCross(context, plane, { x, y, n }) {
  /** @type {(scale: (value: number) => number, at: number) => number} */
  const thickness = (scale, at) => Math.max(1, Math.abs(scale(at + n / 2) - scale(at - n / 2)));
  const [w, h] = [thickness(plane.x, x), thickness(plane.y, y)];
  context.fillStyle = CROSS;
  context.fillRect(plane.x(x) - w / 2, plane.top, w, plane.height);
  context.fillRect(plane.left, plane.y(y) - h / 2, plane.width, h);
}

/**
 * Paint ticks above the plot, at the wavelengths of the row in the middle of what is shown.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {Aperture[]} apertures
 */
function paintWavelengthAxis(context, plane, apertures) {
  const [x0, x1, y0, y1] = plane.edges;
  const scale = scaleNearest(apertures, (x0 + x1) / 2, (y0 + y1) / 2);
  if (!scale) return;
  const [first, last] = [x0, x1].map((x) =>
    wavelengthAt(scale, Math.min(Math.max(x, scale.domain[0]), scale.domain[1])),
  );
  context.strokeStyle = themeColour("--axis");
  context.fillStyle = themeColour("--quiet");
  context.font = "12px system-ui, sans-serif";
  context.lineWidth = 1;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  const values = ticks(Math.min(first, last), Math.max(first, last), plane.width / 90);
  const step = values.length > 1 ? values[1] - values[0] : 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  for (const angstrom of values) {
    const px = plane.x(columnAt(scale, angstrom));
    if (px < plane.left - 0.5 || px > plane.left + plane.width + 0.5) continue;
    context.beginPath();
    context.moveTo(px, plane.top - 1);
    context.lineTo(px, plane.top - 5);
    context.stroke();
    context.fillText(angstrom.toFixed(digits), px, plane.top - 5);
  }
  context.textAlign = "left";
  context.fillText("Å", plane.left + plane.width + 6, plane.top - 5);
}

/**
 * Paint what lies over an image.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {Aperture[]} apertures Of the spectra that were extracted.
 * @param {import("./state.js").Options} options
 */
export function paintOverlays(context, plane, apertures, options) {
  const { manual } = options;
  const shown = manual ? [manual] : apertures.filter((aperture) => aperture.newest);
  context.save();
  context.beginPath();
  context.rect(plane.left, plane.top, plane.width, plane.height);
  context.clip();
  if (options.apertures) {
    const numbered = !manual && shown.length > 1;
    for (const aperture of shown) {
      paintAperture(context, plane, aperture, numbered ? String(aperture.target) : "");
    }
  }
  if (options.cross) paintCross(context, plane, options.cross);
  context.restore();
  if (options.wavelengths) paintWavelengthAxis(context, plane, apertures);
}
