/** Small fluxes in powers of ten, against numbers written out. */
import assert from "node:assert/strict";
import test from "node:test";
import { compare, normalised, smooth } from "../../assets/spectrum/arithmetic.js";
import {
  inPower,
  powerOfTen,
  rangeInPower,
  scaled,
  scaledUnit,
} from "../../assets/spectrum/units.js";
import { assertClose } from "./close.js";

const UNIT = "erg s⁻¹ cm⁻² Å⁻¹";

test("a unit has its power of ten in front of it", () => {
  assert.equal(powerOfTen(-16), "10⁻¹⁶");
  assert.equal(powerOfTen(15), "10¹⁵");
  assert.equal(scaledUnit(UNIT, -15), "10⁻¹⁵ erg s⁻¹ cm⁻² Å⁻¹");
  assert.equal(scaledUnit("electron", 0), "electron");
});

test("numbers in a power of ten are those that are written", () => {
  assert.equal(scaled(1.5e-16, -16), 1.5);
  assert.equal(scaled(2.5, 16), 2.5e-16);
  assertClose(inPower(Float32Array.of(3e-17, -4e-16, 0), -16), [0.3, -4, 0], 1e-6);
  assert.ok(Number.isNaN(inPower([NaN], -16)[0]));
  const counts = Float32Array.of(1, 2);
  assert.equal(inPower(counts, 0), counts);
});

test("edges of an axis are brought to a power and back", () => {
  assertClose(rangeInPower([1e-17, 4e-16], -16, false), [0.1, 4], 1e-12);
  assertClose(rangeInPower([-17, -15], -16, true), [-1, 1], 1e-12);
  for (const isLog of [true, false]) {
    const back = rangeInPower(rangeInPower([0.25, 3], 16, isLog), -16, isLog);
    assertClose(back, [0.25, 3], 1e-12);
  }
});

test("fluxes of 1e-18 are smoothed, compared and normalised as numbers of 1 are", () => {
  const x = Float64Array.from({ length: 40 }, (_, i) => 5000 + i);
  const flux = Float32Array.from(x, (_, i) => 2 + Math.sin(i));
  const sigma = Float32Array.from(x, () => 0.1);
  const tiny = (/** @type {ArrayLike<number>} */ a) => Float32Array.from(a, (v) => v * 1e-18);
  const one = { x, flux, sigma };
  const small = { x, flux: tiny(flux), sigma: tiny(sigma) };
  const wide = smooth(flux, sigma, "gauss", 4);
  const smallWide = smooth(small.flux, small.sigma, "gauss", 4);
  assertClose(inPower(smallWide.flux, -18), wide.flux, 1e-6);
  assertClose(inPower(smallWide.sigma, -18), wide.sigma, 1e-7);
  const ratio = compare("ratio", small, small);
  assertClose(
    ratio.flux,
    x.map(() => 1),
    1e-9,
  );
  assertClose(ratio.sigma, compare("ratio", one, one).sigma, 1e-6);
  const over = normalised({ ...small, systematic: tiny(sigma) });
  assertClose(over.flux, normalised(one).flux, 1e-6);
  assertClose(Array.from(over.systematic ?? []), over.sigma, 1e-12);
});
