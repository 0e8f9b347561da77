/** What is marked in a spectrum: lines at a redshift, lines of the night sky, telluric bands. */
import { createSignal } from "../core/signal.js";
import { fromAir, observed } from "./arithmetic.js";
import { colourOf, medium, settings } from "./state.js";

/**
 * @typedef {object} LineList
 * @property {string} key
 * @property {string} label
 * @property {string} source
 * @property {[string, number][]} lines Name and wavelength in air, Å.
 * @property {number[]} strong Wavelengths of the strong ones.
 *
 * @typedef {object} Features
 * @property {LineList[]} lists
 * @property {[string, number, number][]} telluric Name, first and last wavelength.
 * @property {string} telluric_source
 *
 * @typedef {object} MarkedLine
 * @property {string} name
 * @property {number} at Å
 * @property {number} weight The lowest are labelled first.
 * @property {string} colour
 * @property {boolean} labelled
 *
 * @typedef {import("./paint.js").View} View
 */

const LABEL_PX = 11; // room that a label written upright takes
const SKY_PX = 3;
const BAND_LABEL_PX = 8; // a band that is narrower has none
const FONT = '10.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const NO_SENSITIVITY = 64; // bit of the mask
const WITHOUT_FLUX = "no flux: outside of the sensitivity";
const FAINTER = 100; // weight of a line that is not strong

/** @type {Features | null} */
let known = null;
/** @type {Promise<void> | null} */
let request = null;

/** Lists and bands have come. @type {import("../core/signal.js").Signal<void>} */
export const featuresReceived = createSignal();

/** @returns {Features | null} Null until they have come. */
export const knownFeatures = () => known;

/** Ask for the lists and bands, once. */
function fetchOnce() {
  request ||= fetch("/spectrum/features")
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error())))
    .then((features) => {
      known = features;
      featuresReceived.emit();
    })
    .catch(() => {
      request = null; // asked for again by the next drawing
    });
}

/**
 * Return the lines of the chosen lists that lie in view, ascending.
 *
 * Strong lines are labelled first, then list by list, as long as there is room.
 *
 * @param {[number, number]} range Å
 * @param {number} width CSS pixels.
 * @returns {MarkedLine[]}
 */
export function linesInView([low, high], width) {
  /** @type {MarkedLine[]} */
  const lines = [];
  known?.lists.forEach((list, rank) => {
    if (list.key === "sky" || !settings.lists.has(list.key)) return;
    for (const [name, air] of list.lines) {
      const at = fromAir(list.key === "ism" ? air : observed(air, settings.z), medium());
      if (at < low || at > high) continue;
      const weight = rank + (list.strong.includes(air) ? 0 : FAINTER);
      lines.push({ name, at, weight, colour: `--lines-${list.key}`, labelled: false });
    }
  });
  const apart = (LABEL_PX * (high - low)) / width;
  /** @type {number[]} */
  const taken = [];
  for (const line of [...lines].sort((a, b) => a.weight - b.weight)) {
    if (taken.some((at) => Math.abs(at - line.at) < apart)) continue;
    taken.push(line.at);
    line.labelled = true;
  }
  return lines.sort((a, b) => a.at - b.at);
}

/**
 * Paint the chosen lines.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 */
export function paintLines(context, view) {
  if (settings.lists.size && !known) fetchOnce();
  context.font = FONT;
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.lineWidth = 1;
  for (const line of linesInView(view.range, view.width)) {
    const x = Math.round(view.x(line.at)) + 0.5;
    context.strokeStyle = context.fillStyle = colourOf(line.colour);
    context.globalAlpha = line.labelled ? 0.9 : 0.55;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(x, line.labelled ? 9 + context.measureText(line.name).width : 4);
    context.lineTo(x, view.height);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
    if (!line.labelled) continue;
    context.save();
    context.translate(x, 4);
    context.rotate(-Math.PI / 2);
    context.fillText(line.name, 0, 0);
    context.restore();
  }
}

/**
 * Paint telluric bands and the lines of the night sky, if they are wanted.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 */
export function paintBands(context, view) {
  const { marks } = settings;
  if (!(marks.has("sky") || marks.has("telluric"))) return;
  if (!known) return fetchOnce();
  if (marks.has("telluric")) paintTelluric(context, view, known.telluric);
  const sky = known.lists.find((list) => list.key === "sky");
  if (!marks.has("sky") || !sky) return;
  const [low, high] = view.range;
  context.fillStyle = colourOf("--night-sky");
  for (const [, air] of sky.lines) {
    const at = fromAir(air, medium());
    if (at >= low && at <= high) {
      context.fillRect(view.x(at) - SKY_PX / 2, 0, SKY_PX, view.height);
    }
  }
}

/**
 * Paint where a spectrum has no flux, because its sensitivity is not known there.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {import("./state.js").Curve} curve
 */
export function paintWithoutFlux(context, view, { x, mask }) {
  if (!mask) return;
  context.font = FONT;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const flagged = (/** @type {number} */ i) => mask[i] & NO_SENSITIVITY;
  for (let i = 0; i < mask.length; i++) {
    if (!flagged(i)) continue;
    const from = i;
    while (i + 1 < mask.length && flagged(i + 1)) i++;
    const left = Math.max(0, view.x(x[from]));
    const right = Math.min(view.width, view.x(x[i]));
    if (right <= left) continue;
    context.fillStyle = colourOf("--without-flux");
    context.fillRect(left, 0, right - left, view.height);
    if (right - left < LABEL_PX) continue;
    context.fillStyle = colourOf("--quiet");
    context.save();
    context.translate((left + right) / 2, view.height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(WITHOUT_FLUX, 0, 0);
    context.restore();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {Features["telluric"]} bands
 */
function paintTelluric(context, view, bands) {
  const [low, high] = view.range;
  context.font = FONT;
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  for (const [name, begin, end] of bands) {
    const [first, last] = [fromAir(begin, medium()), fromAir(end, medium())];
    if (last < low || first > high) continue;
    const [left, right] = [view.x(Math.max(first, low)), view.x(Math.min(last, high))];
    context.fillStyle = colourOf("--telluric");
    context.fillRect(left, 0, right - left, view.height);
    context.fillStyle = colourOf("--quiet");
    if (right - left > BAND_LABEL_PX) {
      context.fillText(name, (left + right) / 2, view.height - 12);
    }
  }
}
