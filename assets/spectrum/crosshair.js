/** The crosshair on a spectrum, and the values of the pixel under it. */
import { byId } from "../core/dom.js";
import { fromAir, intoAir, rest } from "./arithmetic.js";
import { exponent, isCalibrated, isRelative, medium, settings, shown } from "./state.js";
import { powerOfTen } from "./units.js";

/** @typedef {import("./paint.js").View} View */

/** @type {[number, string][]} */
const FLAGS = [
  [1, "bad"],
  [2, "saturated"],
  [4, "cosmic ray"],
  [8, "no flat"],
  [16, "interpolated"],
  [32, "second order possible"],
  [64, "outside of the sensitivity"],
];

/** Index of the pixel under the crosshair. @type {number | null} */
let cursor = null;

/** @returns {number | null} */
export const cursorPixel = () => cursor;

/**
 * Move the crosshair to a pixel, or take it away.
 *
 * @param {number | null} pixel
 * @param {View | null} view
 */
export function aimAt(pixel, view) {
  cursor = pixel;
  placeCrosshair(view);
  const output = byId("readout");
  if (output && shown.main) output.textContent = pixel === null ? "" : describe(pixel);
}

/**
 * Draw the crosshair where its pixel is.
 *
 * @param {View | null} view
 */
export function placeCrosshair(view) {
  const [vertical, horizontal] = [byId("cross-x"), byId("cross-y")];
  if (!vertical || !horizontal) return;
  const curve = shown.curves[0];
  vertical.hidden = horizontal.hidden = true;
  if (!view || cursor === null || !curve || cursor >= curve.x.length) return;
  const { left, top, width, height } = view;
  const [x, y] = [view.x(curve.x[cursor]), view.y(curve.flux[cursor])];
  vertical.hidden = !(x >= 0 && x <= width);
  horizontal.hidden = vertical.hidden || !(y >= 0 && y <= height);
  vertical.style.cssText = `left:${left + x}px;top:${top}px;height:${height}px`;
  horizontal.style.cssText = `left:${left}px;top:${top + y}px;width:${width}px`;
}

/** @param {number} value */
function write(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(3);
  return String(+value.toPrecision(5));
}

/** @param {number} sigma @param {number} systematic NaN without one. @returns {string} */
function errors(sigma, systematic) {
  const isKnown = Number.isFinite(systematic);
  if (!isKnown) return Number.isFinite(sigma) ? ` ± ${write(sigma)}` : "";
  return ` ± ${sigma.toPrecision(3)} stat ± ${systematic.toPrecision(3)} sys`;
}

/** @param {string} value With its errors. @returns {string} */
function inUnit(value) {
  if (isRelative()) return value;
  const unit = ` ${shown.main?.facts.unit}`;
  return exponent() ? `(${value}) × ${powerOfTen(exponent())}${unit}` : value + unit;
}

/** @param {number} pixel @returns {string} */
function describe(pixel) {
  const { x, flux: fluxes, sigma: sigmas, systematic: systematics, mask } = shown.curves[0];
  const [flux, sigma] = [fluxes[pixel], sigmas[pixel]];
  const systematic = systematics ? systematics[pixel] : NaN;
  const parts = [isCalibrated() ? `λ ${x[pixel].toFixed(2)} Å` : `pixel ${x[pixel]}`];
  if (Number.isFinite(flux)) {
    parts.push(inUnit(`${write(flux)}${errors(sigma, systematic)}`));
    if (sigma > 0) parts.push(`S/N ${(flux / sigma).toFixed(1)}`);
  } else {
    parts.push("no value");
  }
  if (isCalibrated() && settings.z) {
    const atRest = fromAir(rest(intoAir(x[pixel], medium()), settings.z), medium());
    parts.push(`rest ${atRest.toFixed(2)} Å`);
  }
  const bits = mask ? mask[pixel] : 0;
  const flags = FLAGS.filter(([bit]) => bits & bit).map(([, name]) => name);
  return [...parts, ...flags].join("   ");
}
