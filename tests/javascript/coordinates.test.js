/** What a place of an image means, and the arithmetic of histograms and windows. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  percentileLimits,
  quantile,
  toScale,
  toValue,
} from "../../assets/advanced/histogram_arithmetic.js";
import { moveEdge, usualComparison } from "../../assets/advanced/windows_state.js";
import {
  columnAt,
  sexagesimal,
  skyPosition,
  traceRow,
  wavelengthAt,
} from "../../assets/viewer/coordinates.js";
import { assertClose } from "./close.js";

/** @typedef {import("../../assets/viewer/coordinates.js").Vector} Vector */
/** @typedef {import("../../assets/viewer/coordinates.js").WavelengthScale} WavelengthScale */

test("a trace is a polynomial", () => {
  assert.equal(traceRow([905, 0.5, -0.01], 10), 905 + 5 - 1);
});

/** @type {WavelengthScale} */
const SCALE = { domain: [0, 100], coefficients: [5000, 100, 3, 1] };

test("a wavelength is the Chebyshev series of its column, and its column is found again", () => {
  const t = (2 * 30 - 100) / 100;
  const direct = 5000 + 100 * t + 3 * (2 * t ** 2 - 1) + (4 * t ** 3 - 3 * t);
  assertClose([wavelengthAt(SCALE, 30)], [direct], 1e-9);
  assertClose([columnAt(SCALE, direct)], [30], 1e-6);
  assert.ok(Number.isNaN(wavelengthAt(SCALE, 120)));
});

test("angles are written with the digits that they have", () => {
  assert.equal(sexagesimal(6.752481, 2, false), "06:45:08.93");
  assert.equal(sexagesimal(-16.716116, 1, true), "−16:42:58.0");
  assert.equal(sexagesimal(0.99999999, 1, true), "+01:00:00.0");
});

test("a position is interpolated between the places of the grid", () => {
  /** @type {(hours: number, degrees: number) => Vector} */
  const vector = (hours, degrees) => {
    const [ra, dec] = [(hours * Math.PI) / 12, (degrees * Math.PI) / 180];
    return [Math.cos(dec) * Math.cos(ra), Math.cos(dec) * Math.sin(ra), Math.sin(dec)];
  };
  const grid = [
    [vector(23.999, -30), vector(0.001, -30)],
    [vector(23.999, -29.9), vector(0.001, -29.9)],
  ];
  const size = { n_x: 101, n_y: 51 };
  assertClose(skyPosition(grid, 0, 0, size), [23.999, -30], 1e-6);
  const [hours, degrees] = skyPosition(grid, 50, 25, size);
  assertClose([Math.min(hours, 24 - hours), degrees], [0, -29.95], 1e-4);
});

const HISTOGRAM = {
  counts: [0, 10, 0, 30, 60],
  first: -2,
  step: 0.5,
  offset: 100,
  softening: 10,
  limits: { zscale: /** @type {[number, number]} */ ([90, 110]) },
};

test("the scale of a histogram goes both ways", () => {
  assertClose([toValue(HISTOGRAM, toScale(HISTOGRAM, 123.4))], [123.4], 1e-9);
});

test("a quantile lies within the bin that holds it", () => {
  assertClose([quantile(HISTOGRAM, 0.05)], [toValue(HISTOGRAM, -1.25)], 1e-9);
  assertClose([quantile(HISTOGRAM, 0.4)], [toValue(HISTOGRAM, 0)], 1e-9);
  assertClose([quantile(HISTOGRAM, 1)], [toValue(HISTOGRAM, 0.5)], 1e-9);
});

test("percentile limits lie on both sides, those of one value are the usual ones", () => {
  const { p90 } = percentileLimits(HISTOGRAM, [90]);
  assertClose(p90, [quantile(HISTOGRAM, 0.05), quantile(HISTOGRAM, 0.95)], 1e-9);
  const flat = { ...HISTOGRAM, counts: [0, 0, 0, 0, 0] };
  assert.deepEqual(percentileLimits(flat, [99]).p99, [90, 110]);
});

test("an edge of a window stops before the other one", () => {
  const windows = { trace: [5], aperture: [-3, 3], zones: [[10, 20]], target: 1, newest: true };
  moveEdge(windows, "aperture", 0, 9);
  assert.deepEqual(windows.aperture, [2.5, 3]);
  moveEdge(windows, "zone0", 1, 0);
  assert.deepEqual(windows.zones, [[10, 11]]);
  moveEdge(windows, "zone1", 1, 40);
  assert.deepEqual(windows.zones[1], [12, 40]);
});

test("what is compared with is the newest automatic spectrum of the first target", () => {
  const base = { trace: [], aperture: [], zones: [], newest: true, name: "" };
  const known = [
    { ...base, file: 9, target: 2 },
    { ...base, file: 3, target: 1 },
    { ...base, file: 5, target: 1 },
    { ...base, file: 8, target: 1, by_hand: true },
  ];
  assert.equal(usualComparison(known)?.file, 5);
  assert.equal(usualComparison(known.slice(3))?.file, 8);
  assert.equal(usualComparison([]), null);
});
