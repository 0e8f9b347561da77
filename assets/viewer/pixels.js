/** From 16-bit numbers to colours: values, stretches, limits, the look-up table, marked pixels. */
import { contextOf } from "../core/dom.js";
import { colormaps } from "./colormaps.js";

/**
 * @typedef {import("./state.js").View} View
 * @typedef {import("./state.js").ViewFacts} ViewFacts
 * @typedef {Pick<import("./state.js").Options, "limits" | "low" | "high" | "stretch" | "map"
 *   | "invert" | "named">} Colours
 */

/** ABGR, as in `figures/colormaps.py`. */
const MARKS = { saturated: 0xff4040ff | 0, cosmic_ray: 0xffffbe00 | 0 };
const FINE = 1024; // the stretch is smooth: so many steps of it are enough

/**
 * Return the value that a number stands for.
 *
 * @param {number} number 0: nothing is known.
 * @param {ViewFacts["codec"]} codec
 * @returns {number} NaN where nothing is known.
 */
export function decode(number, [name, offset, scale, softening]) {
  if (number === 0) return NaN;
  if (name === "linear") return offset + scale * (number - 1);
  return offset + softening * Math.sinh(scale * (number - 32768));
}

/** @type {Record<string, (t: number) => number>} */
const STRETCHES = {
  linear: (t) => t,
  log: (t) => Math.log1p(1000 * t) / Math.log1p(1000),
  sqrt: Math.sqrt,
  asinh: (t) => Math.asinh(10 * t) / Math.asinh(10),
};

/**
 * @param {{stretch: string}} options
 * @returns {(t: number) => number} From 0…1 to 0…1.
 */
export const stretchOf = (options) => STRETCHES[options.stretch] || STRETCHES.linear;

/**
 * Return the limits in force: typed ones, or those of a name.
 *
 * @param {{limits: Record<string, [number, number]>}} view
 * @param {Colours} options
 * @returns {[number, number]}
 */
export function limitsOf(view, options) {
  const { low, high } = options;
  if (options.limits === "typed" && low !== null && high !== null && high > low) return [low, high];
  return options.named?.[options.limits] || view.limits[options.limits] || view.limits.zscale;
}

/**
 * @param {{map: string, invert: boolean}} options
 * @returns {string[]} Evenly spaced colours.
 */
export function stopsOf(options) {
  const stops = colormaps[options.map] || colormaps.Gray;
  return options.invert ? [...stops].reverse() : stops;
}

/** @param {{map: string, invert: boolean}} options @returns {Int32Array} 256 colours, ABGR. */
function shades(options) {
  const parts = stopsOf(options).map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
  const table = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (parts.length - 1);
    const k = Math.min(Math.floor(place), parts.length - 2);
    const rgb = parts[k].map((c, j) => Math.round(c + (parts[k + 1][j] - c) * (place - k)));
    table[i] = 0xff000000 | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0];
  }
  return table;
}

const lut = new Int32Array(65536); // 0, nothing known, stays transparent

/**
 * Return the colour of each number. The table is filled again by the next call.
 *
 * @param {View} view
 * @param {Colours} options
 * @returns {Int32Array} ABGR.
 */
export function lookupTable(view, options) {
  const [low, high] = limitsOf(view, options);
  const stretch = stretchOf(options);
  const table = shades(options);
  const fine = new Int32Array(FINE + 1);
  for (let i = 0; i <= FINE; i++) fine[i] = table[Math.round(255 * stretch(i / FINE))];
  const step = FINE / (high - low);
  for (let i = 1; i < 65536; i++) {
    const t = (decode(i, view.codec) - low) * step;
    lut[i] = fine[t <= 0 ? 0 : t >= FINE ? FINE : (t + 0.5) | 0];
  }
  return lut;
}

/**
 * Return the marks of a pixel: two bits, the first kind's the lower one.
 *
 * @param {View} view
 * @param {number} index
 * @returns {number}
 */
export function marksAt(view, index) {
  if (!view.bits) return 0;
  return (view.bits[index >> 2] >> ((index & 3) << 1)) & 3;
}

/**
 * Paint a view into a canvas of as many pixels; row 0 of the image is the lowest.
 *
 * @param {View} view
 * @param {Colours & {saturated: boolean, cosmic: boolean}} options
 * @param {HTMLCanvasElement} canvas
 */
export function paintView(view, options, canvas) {
  const [rows, columns] = view.shape;
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = contextOf(canvas);
  const image = context.createImageData(columns, rows);
  const pixels = new Int32Array(image.data.buffer);
  const table = lookupTable(view, options);
  const numbers = view.numbers;
  for (let y = 0; y < rows; y++) {
    let from = y * columns;
    let to = (rows - 1 - y) * columns;
    for (const end = to + columns; to < end;) pixels[to++] = table[numbers[from++]];
  }
  const wanted = (options.saturated ? 1 : 0) | (options.cosmic ? 2 : 0);
  if (view.bits && wanted) paintMarks(view.bits, view.shape, wanted, pixels);
  context.putImageData(image, 0, 0);
}

/**
 * @param {Uint8Array} bits Four pixels a byte.
 * @param {[number, number]} shape
 * @param {number} wanted
 * @param {Int32Array} pixels
 */
function paintMarks(bits, [rows, columns], wanted, pixels) {
  const mask = wanted * 0x55;
  const colours = [0, MARKS.saturated, MARKS.cosmic_ray, MARKS.saturated];
  for (let k = 0; k < bits.length; k++) {
    const four = bits[k] & mask;
    if (!four) continue;
    for (let j = 0; j < 4; j++) {
      const marks = (four >> (2 * j)) & 3;
      if (!marks) continue;
      const index = 4 * k + j;
      const y = (index / columns) | 0;
      pixels[(rows - 1 - y) * columns + (index - y * columns)] = colours[marks];
    }
  }
}

/**
 * Read a view as the server sends it (`api/images.py`).
 *
 * @param {number} id Of the file.
 * @param {ViewFacts} facts
 * @param {ArrayBuffer} body
 * @param {number} [offset]
 * @returns {View}
 */
export function readView(id, facts, body, offset = 0) {
  const size = facts.shape[0] * facts.shape[1];
  const bits = facts.marks.length ? new Uint8Array(body, offset + 2 * size) : null;
  return { ...facts, id, numbers: new Uint16Array(body, offset, size), bits };
}
