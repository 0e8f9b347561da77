/**
 * What a place of an image means: row of a trace, wavelength, position on the sky.
 *
 * @typedef {object} WavelengthScale Chebyshev polynomial, Å.
 * @property {[number, number]} domain Columns.
 * @property {number[]} coefficients
 *
 * @typedef {[number, number, number]} Vector
 */

const BEYOND = 1.02; // the scale holds a little beyond its ends
const HALVINGS = 40;

/**
 * @param {number[]} trace Coefficients of a polynomial.
 * @param {number} x Column.
 * @returns {number} Row.
 */
export function traceRow(trace, x) {
  let value = 0;
  for (let k = trace.length - 1; k >= 0; k--) value = value * x + trace[k];
  return value;
}

/**
 * Return the wavelength of a column, by Clenshaw's recurrence.
 *
 * @param {WavelengthScale} scale
 * @param {number} x
 * @returns {number} Å, NaN beyond the ends.
 */
export function wavelengthAt(scale, x) {
  const [first, last] = scale.domain;
  const t = (2 * x - first - last) / (last - first);
  if (Math.abs(t) > BEYOND) return NaN;
  let [b1, b2] = [0, 0];
  for (let k = scale.coefficients.length - 1; k > 0; k--) {
    [b1, b2] = [2 * t * b1 - b2 + scale.coefficients[k], b1];
  }
  return t * b1 - b2 + scale.coefficients[0];
}

/**
 * Return the column of a wavelength, by bisection: the scale ascends.
 *
 * @param {WavelengthScale} scale
 * @param {number} angstrom
 * @returns {number}
 */
export function columnAt(scale, angstrom) {
  let [low, high] = scale.domain;
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    if (wavelengthAt(scale, middle) < angstrom) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Write an angle in sexagesimal notation.
 *
 * @param {number} value Degrees or hours.
 * @param {number} digits Of the seconds.
 * @param {boolean} signed
 * @returns {string}
 */
export function sexagesimal(value, digits, signed) {
  const unit = 10 ** digits;
  const total = Math.round(Math.abs(value) * 3600 * unit);
  const seconds = (total % (60 * unit)) / unit;
  const minutes = Math.floor(total / (60 * unit)) % 60;
  const whole = Math.floor(total / (3600 * unit));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const sign = signed ? (value < 0 ? "−" : "+") : "";
  return `${sign}${two(whole)}:${two(minutes)}:${seconds.toFixed(digits).padStart(digits + 3, "0")}`;
}

/**
 * Return the position on the sky of a place, by linear interpolation.
 *
 * @param {Vector[][]} grid Unit vectors at even distances over the image, by row and column.
 * @param {number} x
 * @param {number} y
 * @param {{n_x: number, n_y: number}} size Of the image.
 * @returns {[number, number]} Right ascension in hours, declination in degrees.
 */
export function skyPosition(grid, x, y, { n_x, n_y }) {
  const n = grid.length - 1;
  const v = Math.min(Math.max((y / Math.max(n_y - 1, 1)) * n, 0), n);
  const u = Math.min(Math.max((x / Math.max(n_x - 1, 1)) * n, 0), n);
  const [i, j] = [Math.min(Math.floor(v), n - 1), Math.min(Math.floor(u), n - 1)];
  const at = [0, 1, 2].map((k) => {
    const low = grid[i][j][k] * (1 - (u - j)) + grid[i][j + 1][k] * (u - j);
    const high = grid[i + 1][j][k] * (1 - (u - j)) + grid[i + 1][j + 1][k] * (u - j);
    return low * (1 - (v - i)) + high * (v - i);
  });
  const hours = ((Math.atan2(at[1], at[0]) * 12) / Math.PI + 24) % 24;
  const degrees = (Math.atan2(at[2], Math.hypot(at[0], at[1])) * 180) / Math.PI;
  return [hours, degrees];
}
