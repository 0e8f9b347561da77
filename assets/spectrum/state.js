/** The spectrum on show, what is laid over it, and how they are shown. */
import { themeColour } from "../core/dom.js";
import { createSignal } from "../core/signal.js";
import { themeChanged } from "../core/theme.js";

/**
 * @typedef {object} Numbers
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number> & Iterable<number>} flux
 * @property {ArrayLike<number> & Iterable<number>} sigma Standard deviations.
 *
 * @typedef {object} SpectrumFacts As the server describes a spectrum (`api/spectra.py`).
 * @property {number} id
 * @property {string} checksum
 * @property {string} name
 * @property {number} n Pixels.
 * @property {string} unit
 * @property {"wavelength" | "pixel"} axis
 * @property {"air" | "vacuum" | ""} medium Of the wavelengths.
 * @property {string[]} heading
 *
 * @typedef {Numbers & {facts: SpectrumFacts, mask: Uint8Array}} Spectrum
 *
 * @typedef {Numbers & {id: number, name: string, mask?: Uint8Array, colour: string}} Curve What is
 *   drawn; `colour` is a custom property of the theme.
 *
 * @typedef {"together" | "ratio" | "difference"} Mode
 * @typedef {"none" | "gauss" | "box"} Smoothing
 *
 * @typedef {object} Settings
 * @property {number} z Redshift of the lines.
 * @property {Set<string>} lists Lists of lines.
 * @property {Set<string>} marks
 * @property {Smoothing} smooth
 * @property {number} n Pixels to smooth over.
 * @property {boolean} log
 * @property {boolean} normalise
 * @property {Mode} mode
 * @property {boolean} arc
 * @property {number[]} others Ids of the spectra laid over.
 *
 * @typedef {object} Zoom Null: all of it.
 * @property {Record<string, [number, number] | null>} x By kind of axis.
 * @property {{range: [number, number], scale: string} | null} y
 */

/** Other spectra at once. */
export const MOST_OTHERS = 8;

/** @type {Settings} */
export const settings = {
  z: 0,
  lists: new Set(),
  marks: new Set(["sigma", "flags"]),
  smooth: "none",
  n: 5,
  log: false,
  normalise: false,
  mode: "together",
  arc: false,
  others: [],
};

/** The first curve is on top. @type {{main: Spectrum | null, plot: PlotlyGraph | null, curves: Curve[]}} */
export const shown = { main: null, plot: null, curves: [] };

/** @type {Zoom} */
export const zoom = { x: {}, y: null };

/** Numbers of the spectra laid over, by id. @type {Map<number, Spectrum>} */
export const otherSpectra = new Map();

/** @typedef {import("../core/signal.js").Signal<void>} Announcement */

/** The spectrum was drawn, after a change of what is drawn. @type {Announcement} */
export const spectrumDrawn = createSignal();

/** Of the wavelengths of the spectrum on show. @returns {"air" | "vacuum" | ""} */
export const medium = () => shown.main?.facts.medium || "";

export const isCalibrated = () => shown.main?.facts.axis === "wavelength";

/** @returns {Spectrum[]} Those laid over whose axis is that of the spectrum on show. */
export function overlaid() {
  const { main } = shown;
  if (!main) return [];
  return settings.others.flatMap((id) => {
    const other = otherSpectra.get(id);
    const fits = other && other.facts.axis === main.facts.axis && id !== main.facts.id;
    return fits ? [other] : [];
  });
}

/** @returns {Mode} */
export const currentMode = () => (overlaid().length ? settings.mode : "together");

/** Colours of the theme: asking the style sheet takes longer than drawing. */
/** @type {Map<string, string>} */
const colours = new Map();

/**
 * @param {string} name Custom property.
 * @returns {string}
 */
export function colourOf(name) {
  let colour = colours.get(name);
  if (colour === undefined) colours.set(name, (colour = themeColour(name) || "#888"));
  return colour;
}

themeChanged.listen(() => colours.clear());

/**
 * Escape a header's text for Plotly, which reads markup.
 *
 * @param {string} text
 * @returns {string}
 */
export const plainText = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
