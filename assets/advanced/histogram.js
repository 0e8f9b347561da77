/** The histogram of an image's pixels, on which the limits are dragged. */
import { Chart } from "../core/chart.js";
import { themeColour } from "../core/dom.js";
import { shortNumber } from "../core/ticks.js";
import { toScale, toValue } from "./histogram_arithmetic.js";

/**
 * @typedef {import("./histogram_arithmetic.js").Histogram} Histogram
 * @typedef {{low?: number, high?: number}} LimitChanges
 *
 * @typedef {object} Limits How the limits are read and set.
 * @property {() => [number, number]} inForce
 * @property {(changes: LimitChanges) => void} set
 */

const INSIDE_PX = 8; // so far from both limits a drag moves both
const KEY_STEP = 0.1; // of the histogram's scale
const LABEL_PX = 46;
const EDGE_PX = 14;
const BARS = "#7f8ea8";
const SPAN = "#4fa3ff";
/** Labels in units of the softening. */
const DISTANCES = [1, 10, 100, 1000, 1e4].flatMap((power) => [power, 2 * power, 5 * power]);

/** @type {Histogram | null} */
let histogram = null;
/** @type {Chart | null} */
let chart = null;
/** @type {Limits | null} */
let limits = null;

/** @returns {Histogram | null} */
export const knownHistogram = () => histogram;

/**
 * Draw the histogram in a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Limits} given
 */
export function attachHistogram(canvas, given) {
  limits = given;
  const pad = { left: 8, right: 8, top: 4, bottom: 20 };
  chart = new Chart(canvas, { pad, paintAxes: paintAxis });
  listenTo(canvas);
}

/**
 * Take the counts of an image; null: they are not known.
 *
 * @param {Histogram | null} counted
 */
export function setHistogram(counted) {
  histogram = counted;
}

/** Draw the histogram with the limits in force. */
export function drawHistogram() {
  if (!histogram || !chart || !limits) return;
  const { counts, first, step } = histogram;
  const [low, high] = limitsOnScale();
  const x = counts.map((_, i) => first + (i + 0.5) * step);
  const y = counts.map((n) => Math.log10(1 + n));
  chart.set({
    x: [Math.min(first, low), Math.max(first + step * counts.length, high)],
    lines: [{ x, y, colour: BARS }],
    spans: [{ low, high, colour: SPAN }],
  });
}

/** @returns {number[]} */
function limitsOnScale() {
  const counted = histogram;
  if (!counted || !limits) return [0, 1];
  return limits.inForce().map((value) => toScale(counted, value));
}

/** @param {CanvasRenderingContext2D} context @param {import("../core/plot_geometry.js").Area} box */
function paintAxis(context, box) {
  if (!histogram || !chart) return;
  const { offset, softening } = histogram;
  context.fillStyle = themeColour("--quiet");
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "top";
  context.textAlign = "center";
  const distances = [0, ...DISTANCES.flatMap((distance) => [-distance, distance])];
  const values = distances.map((distance) => +(offset + distance * softening).toPrecision(2));
  let last = -Infinity;
  for (const value of [...new Set(values)].sort((a, b) => a - b)) {
    const px = chart.px(toScale(histogram, value));
    const outside = px < box.left + EDGE_PX || px > box.left + box.width - EDGE_PX;
    if (outside || px - last < LABEL_PX) continue;
    context.fillRect(px, box.top + box.height, 1, 3);
    context.fillText(shortNumber(value), px, box.top + box.height + 5);
    last = px;
  }
}

// -- the limits ----------------------------------------------------------------------------------

/** @param {HTMLCanvasElement} canvas */
function listenTo(canvas) {
  /** @type {{part: string, from: number, limits: number[]} | null} */
  let drag = null;
  const place = (/** @type {PointerEvent} */ event) =>
    event.clientX - canvas.getBoundingClientRect().left;
  canvas.addEventListener("pointerdown", (event) => {
    if (!histogram || !chart) return;
    const px = place(event);
    const before = limitsOnScale();
    drag = { part: partAt(chart, px, before), from: chart.value(px), limits: before };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag || !histogram || !chart || !limits) return;
    const moved = chart.value(place(event)) - drag.from;
    const [low, high] = drag.limits;
    limits.set({
      low: toValue(histogram, drag.part === "high" ? low : low + moved),
      high: toValue(histogram, drag.part === "low" ? high : high + moved),
    });
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => (drag = null));
  }
  canvas.addEventListener("keydown", press);
}

/** Which limits a drag from a place moves. */
/** @param {Chart} chart @param {number} px @param {number[]} limits */
function partAt(chart, px, limits) {
  const [low, high] = limits.map((value) => chart.px(value));
  if (px > low + INSIDE_PX && px < high - INSIDE_PX) return "both";
  return Math.abs(px - low) < Math.abs(px - high) ? "low" : "high";
}

/** The arrow keys move the upper limit, with Shift the lower, with Ctrl both. */
/** @param {KeyboardEvent} event */
function press(event) {
  const counted = histogram;
  const step = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key];
  if (!step || !counted || !limits) return;
  const [low, high] = limitsOnScale().map((place) => toValue(counted, place + step));
  limits.set(event.shiftKey ? { low } : event.ctrlKey ? { low, high } : { high });
  event.preventDefault();
  event.stopPropagation();
}
