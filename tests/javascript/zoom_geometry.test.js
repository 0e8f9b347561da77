/** Zooms, drags and where values lie. */
import assert from "node:assert/strict";
import test from "node:test";
import { concernsAxes, edgesAfter, planeOf } from "../../assets/core/plot_geometry.js";
import { shortNumber, ticks } from "../../assets/core/ticks.js";
import {
  boxBetween,
  moved,
  pinched,
  within,
  writeView,
  zoomed,
} from "../../assets/viewer/zoom_geometry.js";
import { assertClose } from "./close.js";

/** @typedef {import("../../assets/core/plot_geometry.js").Edges} Edges */
/** @typedef {import("../../assets/viewer/zoom_geometry.js").Pair} Pair */

/** @type {Edges} */
const EDGES = [100, 300, 50, 150];
const SIZE = { width: 400, height: 200 };

test("a zoom keeps the place that it is about", () => {
  const [x0, x1, y0, y1] = zoomed(EDGES, [0.5, 0.25], [0.25, 1]);
  assert.equal(x1 - x0, 100);
  assert.equal(y1 - y0, 25);
  assert.equal(x0 + 0.25 * (x1 - x0), 150);
  assert.equal(y1, 150);
  assertClose(zoomed([x0, x1, y0, y1], [2, 4], [0.25, 1]), EDGES, 1e-9);
});

test("a moved picture shows what lay to the other side", () => {
  assert.deepEqual(moved(EDGES, [0.1, -0.2]), [80, 280, 70, 170]);
});

test("a box that is too small is none, a thin one takes all of the other axis", () => {
  assert.equal(boxBetween([100, 100], [105, 103], SIZE, false), null);
  const wide = boxBetween([100, 100], [60, 105], SIZE, false);
  assert.deepEqual(wide, { left: 60, top: 0, width: 40, height: 200 });
  const tall = boxBetween([100, 100], [105, 20], SIZE, false);
  assert.deepEqual(tall, { left: 0, top: 20, width: 400, height: 80 });
  const both = boxBetween([100, 100], [40, 20], SIZE, false);
  assert.deepEqual(both, { left: 40, top: 20, width: 60, height: 80 });
});

test("a box of square pixels has the shape of the plot and begins where the drag did", () => {
  assert.equal(boxBetween([10, 10], [29, 25], SIZE, true), null);
  const box = boxBetween([100, 150], [200, 140], SIZE, true);
  assert.deepEqual(box, { left: 100, top: 100, width: 100, height: 50 });
});

test("a box encloses the edges that lie under it", () => {
  const box = { left: 100, top: 50, width: 200, height: 100 };
  assert.deepEqual(within(EDGES, box, SIZE), [150, 250, 75, 125]);
  assert.deepEqual(within(EDGES, { left: 0, top: 0, ...SIZE }, SIZE), EDGES);
});

test("what lay under two fingers lies there still", () => {
  const plane = planeOf({ left: 0, top: 0, ...SIZE }, EDGES);
  /** @type {(place: Pair) => Pair} */
  const share = ([x, y]) => [x / SIZE.width, 1 - y / SIZE.height];
  /** @type {Pair[]} */
  const from = [
    [100, 50],
    [200, 100],
  ];
  /** @type {Pair[]} */
  const to = [
    [60, 70],
    [260, 170],
  ];
  const after = planeOf({ left: 0, top: 0, ...SIZE }, pinched(EDGES, from, to, share));
  from.forEach(([x, y], i) => {
    const seen = [after.xValue(to[i][0]), after.yValue(to[i][1])];
    assertClose(seen, [plane.xValue(x), plane.yValue(y)], 1e-9);
  });
});

test("the whole image is not written to the address, a zoom is", () => {
  assert.equal(writeView(EDGES, EDGES), "");
  assert.equal(writeView([100.3, 300, 50, 150], EDGES), "");
  assert.equal(writeView([110.123456, 300, 50, 150], EDGES), "110.123,300,50,150");
});

test("values and places of a plane belong to each other, rows ascend upwards", () => {
  const plane = planeOf({ left: 60, top: 20, ...SIZE }, EDGES);
  assert.deepEqual([plane.x(100), plane.x(300)], [60, 460]);
  assert.deepEqual([plane.y(50), plane.y(150)], [220, 20]);
  assert.equal(plane.xValue(plane.x(123)), 123);
  assert.equal(plane.yValue(plane.y(77)), 77);
});

test("announced changes are taken whole or by their ends", () => {
  const change = { "xaxis.range[0]": 1, "xaxis.range[1]": 2, "yaxis.range": ["3", "4"] };
  assert.deepEqual(edgesAfter(EDGES, change), [1, 2, 3, 4]);
  assert.deepEqual(edgesAfter(EDGES, { "yaxis.range[1]": 9 }), [100, 300, 50, 9]);
  assert.deepEqual(edgesAfter(EDGES, null), EDGES);
  assert.ok(concernsAxes(change));
  assert.ok(!concernsAxes({ autosize: true }));
  assert.ok(!concernsAxes(change, /^zaxis/));
});

test("ticks are round and within the range", () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(101, 149, 5), [110, 120, 130, 140]);
  assert.deepEqual(ticks(3, 3, 5), []);
  assert.deepEqual(ticks(NaN, 3, 5), []);
});

test("numbers are written in few characters", () => {
  const written = [0, 1e-13, 0.25, 123456.7, 2e6, 2e-4].map(shortNumber);
  assert.deepEqual(written, ["0", "0", "0.25", "123460", "2.0e+6", "2.0e-4"]);
});
