/**
 * The arithmetic of a histogram of pixels.
 *
 * @typedef {object} Histogram As the server counts it: bins of asinh((value − offset) / softening).
 * @property {number[]} counts
 * @property {number} first Where the first bin begins.
 * @property {number} step Width of a bin.
 * @property {number} offset
 * @property {number} softening
 * @property {Record<string, [number, number]>} limits By name.
 */

/**
 * @param {Histogram} histogram
 * @param {number} value
 * @returns {number} Where it lies on the histogram's scale.
 */
export const toScale = ({ offset, softening }, value) => Math.asinh((value - offset) / softening);

/**
 * @param {Histogram} histogram
 * @param {number} place
 * @returns {number}
 */
export const toValue = ({ offset, softening }, place) => offset + softening * Math.sinh(place);

/**
 * Return the value below which a share of the pixels lies.
 *
 * @param {Histogram} histogram
 * @param {number} share
 * @returns {number}
 */
export function quantile(histogram, share) {
  const { counts, first, step } = histogram;
  const wanted = share * counts.reduce((a, b) => a + b, 0);
  let below = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] && below + counts[i] >= wanted) {
      const part = (wanted - below) / counts[i];
      return toValue(histogram, first + (i + part) * step);
    }
    below += counts[i];
  }
  return toValue(histogram, first + counts.length * step);
}

/**
 * Return the limits between which so many percent of the pixels lie.
 *
 * @param {Histogram} histogram
 * @param {number[]} percentages
 * @returns {Record<string, [number, number]>} By name, such as "p99.5".
 */
export function percentileLimits(histogram, percentages) {
  return Object.fromEntries(
    percentages.map((percent) => {
      const low = quantile(histogram, (1 - percent / 100) / 2);
      const high = quantile(histogram, (1 + percent / 100) / 2);
      return [`p${percent}`, high > low ? [low, high] : histogram.limits.zscale];
    }),
  );
}
