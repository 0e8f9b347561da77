/** Round numbers for axes, and how they are written. */

/**
 * Return round numbers within a range, at steps of 1, 2 or 5 × 10ⁿ.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} about How many there should be.
 * @returns {number[]}
 */
export function ticks(low, high, about) {
  const raw = (high - low) / Math.max(about, 1);
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw * 0.999) || 10);
  const values = [];
  const first = Math.ceil(low / step - 1e-9);
  for (let k = first; k * step <= high + step * 1e-9; k++) values.push(k * step || 0); // not -0
  return values;
}

/**
 * Write a number in few characters.
 *
 * @param {number} value
 * @returns {string}
 */
export function shortNumber(value) {
  const size = Math.abs(value);
  if (size < 1e-12) return "0";
  return size >= 1e6 || size < 1e-3 ? value.toExponential(1) : String(+value.toPrecision(5));
}
