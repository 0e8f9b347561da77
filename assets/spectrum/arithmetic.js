/**
 * What is computed from spectra in the page: smoothing, comparing, wavelengths in air and vacuum.
 *
 * A pixel of which nothing is known is NaN and takes no part. Neighbours are taken as independent:
 * those of a resampled spectrum share old pixels, which makes the true error of a wide mean up to
 * 1.2 times the one given (docs/reduction).
 *
 * @typedef {import("./state.js").Numbers} Numbers
 * @typedef {{flux: Float64Array, sigma: Float64Array}} Values
 */

const REACH = 4; // standard deviations of a Gaussian window

/**
 * Return the weights of a window.
 *
 * @param {string} kind "box", or "gauss".
 * @param {number} n Pixels: width of the box, full width at half maximum of the Gaussian.
 * @returns {Float64Array}
 */
function weights(kind, n) {
  if (kind === "box") return new Float64Array(Math.max(1, Math.round(n))).fill(1);
  const sigma = n / (2 * Math.sqrt(2 * Math.log(2)));
  const reach = Math.max(1, Math.ceil(REACH * sigma));
  return Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - reach) / sigma) ** 2),
  );
}

/**
 * Smooth a spectrum: the weighted mean f = Σ w f / Σ w in a window around each pixel.
 *
 * The error is propagated, σ² = Σ w² σ² / (Σ w)², over the pixels that are known. A box of even
 * width reaches one pixel further to the left.
 *
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number>} sigma
 * @param {string} kind
 * @param {number} n
 * @returns {Values}
 */
export function smooth(flux, sigma, kind, n) {
  const w = weights(kind, n);
  const left = Math.floor(w.length / 2);
  const size = flux.length;
  const mean = new Float64Array(size).fill(NaN);
  const error = new Float64Array(size).fill(NaN);
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(flux[i])) continue; // a gap stays a gap
    let [total, value, variance] = [0, 0, 0];
    for (let k = 0; k < w.length; k++) {
      const j = i + k - left;
      if (j < 0 || j >= size || !Number.isFinite(flux[j]) || !Number.isFinite(sigma[j])) continue;
      total += w[k];
      value += w[k] * flux[j];
      variance += (w[k] * sigma[j]) ** 2;
    }
    if (total > 0) {
      mean[i] = value / total;
      error[i] = Math.sqrt(variance) / total;
    }
  }
  return { flux: mean, sigma: error };
}

/**
 * Interpolate a spectrum linearly, with its errors.
 *
 * @param {ArrayLike<number>} x Where; ascending.
 * @param {Numbers} spectrum
 * @returns {Values} NaN where the spectrum does not reach.
 */
export function interpolate(x, spectrum) {
  const n = spectrum.x.length;
  const flux = new Float64Array(x.length).fill(NaN);
  const sigma = new Float64Array(x.length).fill(NaN);
  let k = 0;
  for (let i = 0; i < x.length; i++) {
    while (k < n - 2 && spectrum.x[k + 1] <= x[i]) k++;
    const t = (x[i] - spectrum.x[k]) / (spectrum.x[k + 1] - spectrum.x[k]);
    if (!(t >= 0 && t <= 1)) continue;
    // A pixel of weight 0 takes no part even if nothing is known of it.
    const near = [
      [k, 1 - t],
      [k + 1, t],
    ].filter(([, w]) => w > 0);
    flux[i] = near.reduce((sum, [j, w]) => sum + w * spectrum.flux[j], 0);
    sigma[i] = Math.sqrt(near.reduce((sum, [j, w]) => sum + (w * spectrum.sigma[j]) ** 2, 0));
  }
  return { flux, sigma };
}

/**
 * Divide a spectrum by another one, or subtract the other one; errors are taken as independent.
 *
 * @param {string} mode "ratio", or "difference".
 * @param {Numbers} first Its axis is kept.
 * @param {Numbers} second
 * @returns {Values & {x: ArrayLike<number>}}
 */
export function compare(mode, first, second) {
  const other = interpolate(first.x, second);
  const flux = new Float64Array(first.x.length);
  const sigma = new Float64Array(first.x.length);
  for (let i = 0; i < flux.length; i++) {
    const [f, g, s, t] = [first.flux[i], other.flux[i], first.sigma[i], other.sigma[i]];
    if (mode === "difference") {
      flux[i] = f - g;
      sigma[i] = Math.hypot(s, t);
    } else {
      flux[i] = g === 0 ? NaN : f / g;
      sigma[i] = g === 0 ? NaN : Math.hypot(s / g, (f * t) / (g * g));
    }
  }
  return { x: first.x, flux, sigma };
}

/**
 * @param {Iterable<number>} values
 * @returns {number} Of those that are known; NaN if none is.
 */
export function median(values) {
  const known = Array.from(values).filter(Number.isFinite);
  known.sort((a, b) => a - b);
  if (!known.length) return NaN;
  const half = known.length >> 1;
  return known.length % 2 ? known[half] : (known[half - 1] + known[half]) / 2;
}

/**
 * Divide a spectrum by the median of what is known of it, and its errors.
 *
 * @template {Numbers & {systematic?: ArrayLike<number>}} T
 * @param {T} spectrum
 * @returns {T | (Numbers & {systematic?: ArrayLike<number>})} The spectrum itself if its median
 *   is 0.
 */
export function normalised(spectrum) {
  const scale = Math.abs(median(spectrum.flux));
  if (!(scale > 0)) return spectrum;
  const flux = Float64Array.from(spectrum.flux, (f) => f / scale);
  const sigma = Float64Array.from(spectrum.sigma, (s) => s / scale);
  const { x, systematic } = spectrum;
  if (!systematic) return { x, flux, sigma };
  return { x, flux, sigma, systematic: Float64Array.from(systematic, (s) => s / scale) };
}

/**
 * Return the index of refraction of standard air.
 *
 * Ciddor 1996, Appl. Opt. 35, 1566; valid from 2300 Å to the near infrared.
 *
 * @param {number} vacuum Å
 */
function refraction(vacuum) {
  const s2 = (1e4 / vacuum) ** 2;
  return 1 + 0.05792105 / (238.0185 - s2) + 0.00167917 / (57.362 - s2);
}

/** @param {number} vacuum Å @returns {number} Å */
export const toAir = (vacuum) => vacuum / refraction(vacuum);

/** @param {number} air Å @returns {number} Å */
export function toVacuum(air) {
  let vacuum = air;
  for (let i = 0; i < 4; i++) vacuum = air * refraction(vacuum);
  return vacuum;
}

/** @typedef {"air" | "vacuum" | ""} Medium */

/** @param {number} air Å @param {Medium} medium @returns {number} Å in the medium. */
export const fromAir = (air, medium) => (medium === "vacuum" ? toVacuum(air) : air);

/** @param {number} value Å in the medium. @param {Medium} medium @returns {number} Å in air. */
export const intoAir = (value, medium) => (medium === "vacuum" ? toAir(value) : value);

/**
 * Return where a line is observed: the vacuum wavelength is stretched by 1 + z.
 *
 * @param {number} air Rest wavelength, Å in air.
 * @param {number} z Redshift.
 * @returns {number} Å in air.
 */
export const observed = (air, z) => toAir(toVacuum(air) * (1 + z));

/**
 * Return the rest wavelength of what is observed.
 *
 * @param {number} air Å in air.
 * @param {number} z Redshift.
 * @returns {number} Å in air.
 */
export const rest = (air, z) => toAir(toVacuum(air) / (1 + z));

/** The slider's place for a redshift: fine near zero. @param {number} z @returns {number} */
export const sliderPlace = (z) => Math.cbrt(z);

/** @param {number} place Of the slider. @returns {number} Redshift. */
export const sliderRedshift = (place) => place ** 3;

/**
 * Return the first pixel at or after a value.
 *
 * @param {ArrayLike<number>} x Ascending.
 * @param {number} value
 * @returns {number}
 */
export function firstAtOrAfter(x, value) {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Return the pixel nearest to a value.
 *
 * @param {ArrayLike<number>} x Ascending.
 * @param {number} value
 * @returns {number}
 */
export function nearestPixel(x, value) {
  const i = Math.min(x.length - 1, firstAtOrAfter(x, value));
  return i > 0 && value - x[i - 1] < x[i] - value ? i - 1 : i;
}
