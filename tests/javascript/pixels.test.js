/** From numbers to colours. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  decode,
  limitsOf,
  lookupTable,
  marksAt,
  readView,
  stopsOf,
  stretchOf,
} from "../../assets/viewer/pixels.js";
import { assertClose } from "./close.js";

/** @typedef {import("../../assets/viewer/state.js").ViewFacts} ViewFacts */

const GREY = { map: "Gray", invert: false, named: null, low: null, high: null };
const LINEAR = { ...GREY, limits: "typed", stretch: "linear" };

/** @type {ViewFacts} */
const FACTS = {
  shape: [2, 3],
  box: [0, 3, 0, 2],
  bins: [1, 1],
  codec: ["linear", 100, 0.5, 0],
  limits: { zscale: [100, 200] },
  marks: ["saturated"],
};

test("a linear codec counts from its offset, and 0 is unknown", () => {
  assert.ok(Number.isNaN(decode(0, ["linear", 100, 0.5, 0])));
  assert.deepEqual(
    [1, 2, 101].map((n) => decode(n, ["linear", 100, 0.5, 0])),
    [100, 100.5, 150],
  );
});

test("an asinh codec is symmetric about its offset", () => {
  const codec = /** @type {ViewFacts["codec"]} */ (["asinh", 7, 1e-3, 20]);
  assert.equal(decode(32768, codec), 7);
  assertClose([decode(32768 + 1000, codec)], [7 + 20 * Math.sinh(1)], 1e-9);
  assertClose([decode(32768 - 1000, codec)], [7 - 20 * Math.sinh(1)], 1e-9);
});

test("every stretch goes from 0 to 1 and ascends", () => {
  for (const stretch of ["linear", "log", "sqrt", "asinh"]) {
    const bend = stretchOf({ stretch });
    assertClose([bend(0), bend(1)], [0, 1], 1e-12);
    assert.ok(bend(0.2) < bend(0.3));
  }
  assert.equal(stretchOf({ stretch: "none such" })(0.25), 0.25);
});

test("typed limits are in force when they are in order, else those of the name", () => {
  const view = { limits: { zscale: /** @type {[number, number]} */ ([1, 2]) } };
  const typed = { ...LINEAR, low: 5, high: 9 };
  assert.deepEqual(limitsOf(view, typed), [5, 9]);
  assert.deepEqual(limitsOf(view, { ...typed, high: 4 }), [1, 2]);
  assert.deepEqual(limitsOf(view, { ...typed, high: null }), [1, 2]);
  /** @type {Record<string, [number, number]>} */
  const named = { p99: [3, 4] };
  assert.deepEqual(limitsOf(view, { ...typed, limits: "p99", named }), [3, 4]);
  assert.deepEqual(limitsOf(view, { ...typed, limits: "none such", named }), [1, 2]);
});

test("the look-up table is black at the lower limit, white at the upper, transparent at unknown", () => {
  const view = readView(1, FACTS, new ArrayBuffer(12 + 2));
  const table = lookupTable(view, { ...LINEAR, low: 100, high: 200 });
  const shade = (/** @type {number} */ value) => table[1 + (value - 100) / 0.5] & 0xff;
  assert.equal(table[0], 0);
  assert.equal(shade(100), 0);
  assert.equal(shade(200), 255);
  assert.equal(shade(400), 255);
  assertClose([shade(150)], [127.5], 1);
  const inverted = lookupTable(view, { ...LINEAR, low: 100, high: 200, invert: true });
  assert.equal(inverted[1] & 0xff, 255);
});

test("an unknown colour map is grey, and inverting leaves the map itself as it is", () => {
  assert.deepEqual(stopsOf({ map: "none such", invert: false }), ["#000000", "#ffffff"]);
  assert.deepEqual(stopsOf({ map: "Gray", invert: true }), ["#ffffff", "#000000"]);
  assert.deepEqual(stopsOf({ map: "Gray", invert: false }), ["#000000", "#ffffff"]);
});

test("a view has its numbers and two bits of marks for each pixel", () => {
  const body = new ArrayBuffer(8 + 12 + 2);
  new Uint16Array(body, 8, 6).set([1, 2, 3, 4, 5, 6]);
  new Uint8Array(body, 20).set([0b11_10_01_00, 0b00_00_00_10]);
  const view = readView(7, FACTS, body, 8);
  assert.equal(view.id, 7);
  assert.deepEqual([...view.numbers], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((i) => marksAt(view, i)),
    [0, 1, 2, 3, 2, 0],
  );
  const unmarked = readView(7, { ...FACTS, marks: [] }, body, 8);
  assert.equal(marksAt(unmarked, 3), 0);
});
