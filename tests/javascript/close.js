import assert from "node:assert/strict";

/**
 * Assert that numbers are close to others.
 *
 * @param {Iterable<number>} actual
 * @param {Iterable<number>} expected
 * @param {number} tolerance
 */
export function assertClose(actual, expected, tolerance) {
  const [values, wanted] = [[...actual], [...expected]];
  assert.equal(values.length, wanted.length);
  values.forEach((value, i) => {
    const off = Math.abs(value - wanted[i]);
    assert.ok(off <= tolerance, `[${i}]: ${value} is not within ${tolerance} of ${wanted[i]}`);
  });
}

/**
 * Return a generator of normally distributed numbers, the same ones at every run.
 *
 * @param {number} seed
 * @returns {(sigma: number) => number}
 */
export function normal(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0; // mulberry32
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return (sigma) =>
    sigma * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
