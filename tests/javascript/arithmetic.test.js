/** What the page computes from spectra, against truths from elsewhere. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  compare,
  firstAtOrAfter,
  fromAir,
  interpolate,
  intoAir,
  median,
  nearestPixel,
  normalised,
  observed,
  rest,
  sliderPlace,
  sliderRedshift,
  smooth,
  toAir,
  toVacuum,
} from "../../assets/spectrum/arithmetic.js";
import { assertClose, normal } from "./close.js";

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** @param {number[]} values */
function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

test("air and vacuum are those of published tables", () => {
  // SDSS DR7, "vacuum wavelengths": the strong lines in vacuum and in air
  const vacuum = [2803.53, 3728.3, 4862.69, 4960.3, 5008.24, 6549.86, 6564.61, 6585.27, 6718.29];
  const air = [2802.7, 3727.24, 4861.33, 4958.92, 5006.84, 6548.05, 6562.8, 6583.45, 6716.44];
  assertClose(vacuum.map(toAir), air, 0.02);
  assertClose(
    vacuum.map((wavelength) => toVacuum(toAir(wavelength))),
    vacuum,
    1e-6,
  );
});

test("it is the vacuum wavelength that is stretched", () => {
  // H alpha at z = 0.1: 6564.614 Å × 1.1 = 7221.075 Å in vacuum, where n − 1 = 2.754e-4
  const seen = observed(6562.8, 0.1);
  assertClose([seen], [7219.086], 0.01);
  assert.ok(Math.abs(seen - 6562.8 * 1.1) > 0.001);
  assertClose([rest(seen, 0.1)], [6562.8], 1e-6);
});

test("the slider's places are those of redshifts", () => {
  const z = [-0.01, -1e-4, 0, 2e-3, 0.0712, 3.5];
  assertClose(
    z.map((value) => sliderRedshift(sliderPlace(value))),
    z,
    1e-12,
  );
});

for (const [kind, n] of /** @type {[string, number][]} */ ([
  ["box", 5],
  ["box", 4],
  ["gauss", 3.5],
  ["gauss", 12],
])) {
  test(`the band of a smoothed spectrum is its scatter: ${kind} of ${n} pixels`, () => {
    const size = 36;
    const unknown = 20; // takes no part
    const random = normal(8);
    const sigma = Array.from({ length: size }, (_, i) => 1 + (8 * i) / (size - 1));
    sigma[unknown] = NaN;
    const smoothed = Array.from({ length: 4000 }, () =>
      smooth(
        sigma.map((s) => (Number.isNaN(s) ? NaN : random(s))),
        sigma,
        kind,
        n,
      ),
    );
    const stated = smoothed[0].sigma;
    for (let i = 0; i < size; i++) {
      const fluxes = smoothed.map(({ flux }) => flux[i]);
      if (i === unknown) assert.ok(fluxes.every(Number.isNaN));
      else assertClose([deviation(fluxes) / stated[i]], [1], 0.05);
    }
  });
}

test("a box is a running mean", () => {
  const values = [0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0];
  const { flux } = smooth(values, new Float64Array(13).fill(1), "box", 5);
  assert.deepEqual([...flux], [0, 0, 0, 0, 6, 6, 6, 6, 6, 0, 0, 0, 0]);
});

test("a Gaussian keeps the light and has the width it is named by", () => {
  const values = new Float64Array(61);
  values[30] = 30;
  const { flux } = smooth(values, new Float64Array(61).fill(1), "gauss", 5);
  assertClose([flux.reduce((sum, value) => sum + value, 0)], [30], 0.03);
  const above = flux.findIndex((value) => value >= flux[30] / 2);
  const part = (flux[30] / 2 - flux[above - 1]) / (flux[above] - flux[above - 1]);
  assertClose([2 * (30 - (above - 1 + part))], [5], 0.2);
});

test("ratio and difference have the errors of their parts", () => {
  const one = { x: [1, 2, 3, 9], flux: [10, 20, 30, 5], sigma: [0.2, 0.3, 0.4, 0.1] };
  const other = { x: [0, 2, 4], flux: [4, 8, 16], sigma: [0.1, 0.2, 0.3] };
  const random = normal(4);
  const draws = Array.from({ length: 200_000 }, () => {
    const f = one.flux.map((flux, i) => flux + random(one.sigma[i]));
    const g = other.flux.map((flux, i) => flux + random(other.sigma[i]));
    const there = [(g[0] + g[1]) / 2, g[1], (g[1] + g[2]) / 2];
    return there.map((value, i) => ({ ratio: f[i] / value, difference: f[i] - value }));
  });
  for (const mode of /** @type {("ratio" | "difference")[]} */ (["ratio", "difference"])) {
    const { flux, sigma } = compare(mode, one, other);
    for (let i = 0; i < 3; i++) {
      const values = draws.map((draw) => draw[i][mode]);
      assertClose([flux[i] / mean(values)], [1], 2e-3);
      assertClose([sigma[i] / deviation(values)], [1], 1e-2);
    }
    assert.ok(Number.isNaN(flux[3]), "the other spectrum does not reach there");
  }
});

test("an unknown neighbour of no weight takes no part", () => {
  const spectrum = { x: [0, 1, 2], flux: [5, NaN, 7], sigma: [1, NaN, 2] };
  const { flux, sigma } = interpolate([0, 0.5, 2], spectrum);
  assert.deepEqual([...flux], [5, NaN, 7]);
  assert.deepEqual([...sigma], [1, NaN, 2]);
});

test("a spectrum is normalised by its median", () => {
  const values = Float64Array.from([2, 4, 6, 100]);
  const { flux, sigma } = normalised({ x: [1, 2, 3, 4], flux: values, sigma: values });
  assert.deepEqual([...flux], [0.4, 0.8, 1.2, 20]);
  assert.deepEqual([...sigma], [0.4, 0.8, 1.2, 20]);
  const dark = { x: [1], flux: Float64Array.from([0]), sigma: Float64Array.from([1]) };
  assert.equal(normalised(dark), dark);
});

test("a median is that of the known values", () => {
  assert.equal(median([5, NaN, 1, 3]), 3);
  assert.equal(median([1, 2, 4, 8]), 3);
  assert.ok(Number.isNaN(median([NaN])));
});

test("a pixel is found by its wavelength", () => {
  const x = [10, 20, 30];
  assert.deepEqual(
    [5, 10, 11, 31].map((value) => firstAtOrAfter(x, value)),
    [0, 0, 1, 3],
  );
  assert.deepEqual(
    [5, 14, 16, 99].map((value) => nearestPixel(x, value)),
    [0, 0, 1, 2],
  );
});

test("wavelengths in air are those in vacuum where the spectrum is in vacuum", () => {
  // Na D2 (Steck 2003).
  assertClose([fromAir(5889.950954, "vacuum")], [5891.583264], 1e-3);
  assertClose([intoAir(5891.583264, "vacuum")], [5889.950954], 1e-3);
  assert.equal(fromAir(5000, "air"), 5000);
  assert.equal(intoAir(5000, ""), 5000);
});
