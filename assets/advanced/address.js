/** What of Advanced Visualization the address keeps. */
import { noteParameter } from "../core/address.js";
import { byId } from "../core/dom.js";

/**
 * @typedef {import("../viewer/state.js").Options} Options
 * @typedef {{map: string, saturated: boolean}} Preset The person's own choices, which need no note.
 */

const NOTE_MS = 300; // browsers allow few changes of the address in a short time

export const STRETCHES = { linear: "Linear", log: "Log", sqrt: "Square root", asinh: "Asinh" };

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Record<string, string>} */
let noted = {};

/** Return whether Advanced Visualization is on show. */
export const isAdvancedPage = () => byId("advanced") !== null;

/**
 * Write parameters to the address, a moment later.
 *
 * @param {Record<string, string>} changes Empty values are removed.
 */
export function note(changes) {
  Object.assign(noted, changes);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const due = noted;
    noted = {};
    if (!isAdvancedPage()) return;
    for (const [name, value] of Object.entries(due)) noteParameter(name, value);
  }, NOTE_MS);
}

/**
 * Write options for the address.
 *
 * @param {Options} options
 * @param {Preset} preset
 * @returns {Record<string, string>}
 */
export function writeOptions(options, preset) {
  const typed = options.limits === "typed";
  const limit = (/** @type {number | null} */ value) =>
    typed && value !== null ? String(+value.toPrecision(7)) : "";
  const hidden = [
    ...(!options.saturated && preset.saturated ? ["saturated"] : []),
    ...(options.apertures ? [] : ["apertures"]),
    ...(options.wavelengths ? [] : ["wavelengths"]),
  ];
  const shown = [
    ...(options.saturated && !preset.saturated ? ["saturated"] : []),
    ...(options.cosmic ? ["cosmic"] : []),
  ];
  return {
    map: options.map === preset.map ? "" : options.map,
    invert: options.invert ? "1" : "",
    stretch: options.stretch === "linear" ? "" : options.stretch,
    limits: options.limits === "zscale" ? "" : options.limits,
    low: limit(options.low),
    high: limit(options.high),
    hide: hidden.join(","),
    show: shown.join(","),
  };
}

/**
 * Read options from the address.
 *
 * @param {string} search The query.
 * @param {Preset} preset
 * @param {string[]} maps Names of the colour maps.
 * @returns {Partial<Options>}
 */
export function readOptions(search, preset, maps) {
  const query = new URLSearchParams(search);
  const hidden = (query.get("hide") || "").split(",");
  const shown = (query.get("show") || "").split(",");
  const [map, stretch] = [query.get("map") || "", query.get("stretch") || ""];
  const number = (/** @type {string} */ name) => (query.has(name) ? Number(query.get(name)) : null);
  return {
    map: maps.includes(map) ? map : preset.map,
    invert: query.get("invert") === "1",
    stretch: stretch in STRETCHES ? stretch : "linear",
    limits: query.get("limits") || "zscale",
    low: number("low"),
    high: number("high"),
    saturated: preset.saturated ? !hidden.includes("saturated") : shown.includes("saturated"),
    cosmic: shown.includes("cosmic"),
    apertures: !hidden.includes("apertures"),
    wavelengths: !hidden.includes("wavelengths"),
  };
}

/**
 * Write the windows of a manual extraction for the address.
 *
 * @param {number[][]} pairs The aperture, then the background windows.
 * @returns {string}
 */
export const writeWindows = (pairs) => pairs.map((pair) => pair.map(roundRows).join(":")).join(",");

/**
 * Read the windows of a manual extraction.
 *
 * @param {string | null} text
 * @returns {{aperture: number[], zones: number[][]} | null} Null: none, or not valid.
 */
export function readWindows(text) {
  const numbers = (text || "").split(/[,:]/).map(Number);
  const sound = numbers.length >= 2 && numbers.length % 2 === 0 && numbers.every(Number.isFinite);
  if (!text || !sound) return null;
  const pairs = Array.from({ length: numbers.length / 2 }, (_, k) =>
    numbers.slice(2 * k, 2 * k + 2),
  );
  return { aperture: pairs[0], zones: pairs.slice(1, 3) };
}

/**
 * Round rows to hundredths, as the fields and the address show them.
 *
 * @param {number} value
 * @returns {number}
 */
export const roundRows = (value) => Math.round(value * 100) / 100;
