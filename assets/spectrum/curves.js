/** What is drawn: the spectrum and those laid over it, smoothed, compared, normalised. */
import { compare, fromAir, intoAir, normalised, smooth } from "./arithmetic.js";
import { currentMode, exponent, overlaid, settings } from "./state.js";
import { inPower } from "./units.js";

/**
 * @typedef {import("./state.js").Spectrum} Spectrum
 * @typedef {import("./state.js").Numbers} Numbers
 * @typedef {import("./state.js").Curve} Curve
 * @typedef {import("./arithmetic.js").Medium} Medium
 */

/** The last smoothing of each spectrum. @type {WeakMap<Spectrum, {key: string, numbers: Numbers}>} */
const smoothings = new WeakMap();

/**
 * The error of the calibration is common to neighbours: smoothing leaves it as it is.
 *
 * @param {Spectrum} spectrum
 * @returns {Numbers}
 */
function smoothed(spectrum) {
  const { x, flux, sigma } = spectrum;
  const { smooth: kind, n } = settings;
  if (kind === "none" || !(n > 1)) return { x, flux, sigma };
  const key = `${kind}${n}`;
  let known = smoothings.get(spectrum);
  if (known?.key !== key) {
    known = { key, numbers: { x, ...smooth(flux, sigma, kind, n) } };
    smoothings.set(spectrum, known);
  }
  return known.numbers;
}

/**
 * Return a spectrum with its wavelengths in the medium of the one it is compared with.
 *
 * @param {Numbers} numbers
 * @param {Medium} from
 * @param {Medium} to
 * @returns {Numbers}
 */
export function inMedium(numbers, from, to) {
  if (from === to) return numbers;
  return { ...numbers, x: Float64Array.from(numbers.x, (x) => fromAir(intoAir(x, from), to)) };
}

/**
 * Return the curves to draw, the first on top.
 *
 * @param {Spectrum} main
 * @returns {Curve[]}
 */
export function computeCurves(main) {
  /** @type {(spectrum: Spectrum, colour: string) => Curve} */
  const curve = (spectrum, colour) => ({
    id: spectrum.facts.id,
    name: spectrum.facts.name,
    mask: spectrum.mask,
    colour,
    ...inMedium(smoothed(spectrum), spectrum.facts.medium, main.facts.medium),
  });
  const first = curve(main, "--spectrum");
  const others = overlaid().map((spectrum, i) => curve(spectrum, `--over-${i + 1}`));
  const mode = currentMode();
  let curves = [first, ...others];
  if (mode === "together") {
    first.systematic = main.planes.systematic;
    if (isUncorrectedShown(main)) curves.push(withoutCorrection(main));
  }
  if (mode !== "together") {
    curves = others.map((other) => ({ ...other, ...compare(mode, first, other) }));
  } else if (settings.normalise) {
    curves = curves.map((each) => ({ ...each, ...normalised(each) }));
  }
  curves[0].mask = main.mask;
  return curves.map(inDrawnPower);
}

/** @param {Spectrum} spectrum */
const isUncorrectedShown = ({ planes }) =>
  Boolean(planes.uncorrected) && settings.marks.has("uncorrected");

/** @param {Spectrum} main @returns {Curve} The flux without telluric correction. */
function withoutCorrection(main) {
  const uncorrected = { ...main, flux: main.planes.uncorrected ?? main.flux };
  return {
    id: main.facts.id,
    name: "without telluric correction",
    colour: "--uncorrected",
    ...smoothed(uncorrected),
  };
}

/** @param {Curve} curve @returns {Curve} */
function inDrawnPower(curve) {
  const power = exponent();
  if (!power) return curve;
  const { flux, sigma, systematic } = curve;
  return {
    ...curve,
    flux: inPower(flux, power),
    sigma: inPower(sigma, power),
    systematic: systematic && inPower(systematic, power),
  };
}
