/** The spectrum on show, what is laid over it, and how they are shown. */
import { themeColour } from "../core/dom.js";
import { createSignal } from "../core/signal.js";
import { themeChanged } from "../core/theme.js";
import { scaledUnit } from "./units.js";

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
 * @property {number} exponent Power of ten in which the flux is drawn, 0 for none.
 * @property {string[]} planes Names of the further planes that came.
 * @property {string[]} heading
 *
 * @typedef {Numbers & {facts: SpectrumFacts, mask: Uint8Array, planes: Planes}} Spectrum
 *
 * @typedef {object} Planes Of a flux-calibrated spectrum.
 * @property {Float32Array} [systematic] Standard deviation of the calibration.
 * @property {Float32Array} [uncorrected] Flux without telluric correction.
 *
 * @typedef {Numbers & {id: number, name: string, mask?: Uint8Array, colour: string,
 *   systematic?: ArrayLike<number>}} Curve What is drawn; `colour` is a custom property of the
 *   theme.
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

/** σ_sys is shown unless it is hidden: addresses that were written before do not name it. */
const SYSTEMATIC_HIDDEN = "stat";

/** Whether a mark is shown. @param {string} mark */
export const isMarked = (mark) =>
  mark === "systematic" ? !settings.marks.has(SYSTEMATIC_HIDDEN) : settings.marks.has(mark);

/** Return what a mark is kept as. @param {string} mark */
export const keptMark = (mark) => (mark === "systematic" ? SYSTEMATIC_HIDDEN : mark);

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

/** Whether the spectrum on show has a further plane. @param {string} plane */
export const hasPlane = (plane) => Boolean(shown.main?.facts.planes.includes(plane));

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

/** Whether the curves are numbers without a unit. */
export function isRelative() {
  const mode = currentMode();
  return mode === "ratio" || (settings.normalise && mode === "together");
}

/** The power of ten in which the curves are drawn. @returns {number} */
export const exponent = () => (isRelative() ? 0 : (shown.main?.facts.exponent ?? 0));

/** What the curves are drawn in. @returns {string} "" for numbers without a unit. */
export const drawnUnit = () =>
  isRelative() ? "" : scaledUnit(shown.main?.facts.unit ?? "", exponent());

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
