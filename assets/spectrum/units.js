/** Powers of ten in front of a unit: small fluxes are drawn and written as numbers from 1 to 10. */

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * Write a power of ten.
 *
 * @param {number} exponent
 * @returns {string}
 */
export function powerOfTen(exponent) {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/**
 * Return a unit with its power of ten.
 *
 * @param {string} unit
 * @param {number} exponent 0: the unit alone.
 * @returns {string}
 */
export const scaledUnit = (unit, exponent) => (exponent ? `${powerOfTen(exponent)} ${unit}` : unit);

/**
 * Return numbers in a power of ten.
 *
 * @template {ArrayLike<number>} T
 * @param {T} values
 * @param {number} exponent
 * @returns {T | Float64Array}
 */
export function inPower(values, exponent) {
  if (!exponent) return values;
  return Float64Array.from(values, (value) => scaled(value, exponent));
}

/**
 * Return a number in a power of ten. The power is written out: 10 ** -16 is a rounded number.
 *
 * @param {number} value
 * @param {number} exponent
 * @returns {number}
 */
export const scaled = (value, exponent) => value * Number(`1e${-exponent}`);

/**
 * Return edges of an axis in another power of ten.
 *
 * @param {[number, number]} range Logarithms on a logarithmic axis.
 * @param {number} exponent To which they are brought.
 * @param {boolean} isLog
 * @returns {[number, number]}
 */
export const rangeInPower = ([low, high], exponent, isLog) =>
  isLog ? [low - exponent, high - exponent] : [scaled(low, exponent), scaled(high, exponent)];
