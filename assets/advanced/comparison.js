/**
 * The spectrum of the windows beside the one compared with and the one that was saved: flux, ratio,
 * names.
 */
import { Chart } from "../core/chart.js";
import { canvasById, create, themeColour } from "../core/dom.js";
import { median } from "../spectrum/arithmetic.js";
import { loadSpectrum } from "../spectrum/numbers.js";
import { wavelengthAt } from "../viewer/coordinates.js";
import { showLegend, showMessage } from "./windows_panel.js";
import { state, WINDOWS_COLOUR } from "./windows_state.js";

/**
 * @typedef {{flux: Float32Array, sigma: Float32Array, name?: string}} Fluxes
 *
 * @typedef {object} Spectra
 * @property {Fluxes | null} [automatic] The one compared with.
 * @property {Fluxes | null} [manual] Of the windows.
 * @property {Fluxes | null} [saved]
 *
 * @typedef {import("../core/chart.js").Line} Line
 */

const SAVED_COLOUR = "#57c99b";
const UNKNOWN = [0.5, 1.5]; // the axis of a ratio that is not there
const GOOD = 20; // median standard deviations: pixels beyond it are measured badly

/** @type {{spectrum: Chart, ratio: Chart} | null} */
let charts = null;
/** @type {Spectra} */
let spectra = {};

/** Draw the spectra in their canvases. */
export function attachComparison() {
  const [spectrum, ratio] = [canvasById("hand-spectrum"), canvasById("hand-ratio")];
  if (!spectrum || !ratio) return;
  charts = {
    spectrum: new Chart(spectrum, { label: state.info?.unit }),
    ratio: new Chart(ratio, { label: "ratio", y: UNKNOWN }),
  };
}

/** Another image is on show. */
export function forgetComparison() {
  charts = null;
  spectra = {};
}

/** Begin with the spectrum compared with. */
export async function loadComparison() {
  const { compared } = state;
  spectra = {};
  if (compared) {
    try {
      const spectrum = await loadSpectrum(compared.file);
      const { flux, sigma } = /** @type {Fluxes} */ (/** @type {unknown} */ (spectrum));
      if (compared === state.compared) spectra.automatic = { flux, sigma };
    } catch (error) {
      showMessage(/** @type {Error} */ (error).message, true);
    }
  }
  drawComparison();
}

/**
 * Draw more spectra.
 *
 * @param {Spectra} more
 */
export function takeSpectra(more) {
  Object.assign(spectra, more);
  drawComparison();
}

/** Draw the spectra and their ratio. */
export function drawComparison() {
  const { automatic, manual, saved } = spectra;
  const any = manual || automatic;
  if (!charts || !any) return;
  const scale = state.compared?.wavelength;
  const n = any.flux.length;
  const x = Float64Array.from({ length: n }, (_, i) => (scale ? wavelengthAt(scale, i) : i));
  const ends = [x[0], x[n - 1]];
  const lines = [
    lineOf(x, automatic, themeColour("--spectrum")),
    lineOf(x, manual, WINDOWS_COLOUR),
    lineOf(x, saved, SAVED_COLOUR),
  ].flat();
  charts.spectrum.set({ x: ends, lines, y: fluxRange(lines) });
  const upper = saved || manual;
  const ratio = automatic && upper ? upper.flux.map((f, i) => f / automatic.flux[i]) : null;
  const colour = saved ? SAVED_COLOUR : WINDOWS_COLOUR;
  charts.ratio.set({
    x: ends,
    lines: ratio ? [{ x, y: ratio, colour }] : [],
    y: ratio ? ratioRange(ratio) : UNKNOWN,
    marks: [{ y: 1, colour: themeColour("--axis") }],
  });
  describeSpectra(scale ? "Å" : "columns");
}

/**
 * @param {Float64Array} x
 * @param {Fluxes | null | undefined} fluxes
 * @param {string} colour
 * @returns {Line[]}
 */
const lineOf = (x, fluxes, colour) =>
  fluxes ? [{ x, y: fluxes.flux, sigma: fluxes.sigma, colour }] : [];

/** The range of the flux, without pixels that are measured badly. */
/** @param {Line[]} lines @returns {[number, number] | null} */
function fluxRange(lines) {
  let [low, high] = [Infinity, -Infinity];
  for (const { y, sigma } of lines) {
    if (!sigma) continue;
    const most = GOOD * (median(Array.from(sigma)) || Infinity);
    for (let i = 0; i < y.length; i++) {
      if (!Number.isFinite(y[i]) || !(sigma[i] <= most)) continue;
      low = Math.min(low, y[i]);
      high = Math.max(high, y[i]);
    }
  }
  if (low > high) return null;
  const margin = 0.05 * (high - low || 1);
  return [Math.min(0, low) - margin, high + margin];
}

/** The range of the ratio, without its extreme pixels. @param {Float32Array} ratio */
function ratioRange(ratio) {
  const values = [...ratio].filter(Number.isFinite).sort((a, b) => a - b);
  if (!values.length) return UNKNOWN;
  const [low, high] = [0.05, 0.95].map((share) => values[Math.floor(values.length * share)]);
  const margin = Math.max(0.05, 0.3 * (high - low));
  return [Math.min(low - margin, 0.95), Math.max(high + margin, 1.05)];
}

/** @param {string} unit Of the axis. */
function describeSpectra(unit) {
  const { known, compared } = state;
  const { automatic, manual, saved } = spectra;
  const name = known.find((aperture) => aperture.file === compared?.file)?.name || "";
  showLegend([
    ...entryOf(name, compared ? automatic : null, themeColour("--spectrum")),
    ...entryOf("these windows", manual, WINDOWS_COLOUR),
    ...entryOf(`saved as ${saved?.name}`, saved, SAVED_COLOUR),
    create("span", { className: "quiet" }, unit),
  ]);
}

/**
 * @param {string} name
 * @param {Fluxes | null | undefined} fluxes
 * @param {string} colour
 * @returns {HTMLElement[]}
 */
function entryOf(name, fluxes, colour) {
  if (!fluxes) return [];
  const ratios = [...fluxes.flux.map((f, i) => f / fluxes.sigma[i])];
  const key = create("span", { className: "key" });
  key.style.background = colour;
  return [create("span", {}, key, `${name}, S/N ${median(ratios).toFixed(1)}`)];
}
