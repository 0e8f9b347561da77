/** What addresses hold, and how they are read. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  readOptions,
  readWindows,
  writeOptions,
  writeWindows,
} from "../../assets/advanced/address.js";
import { fileIdOf, loginAddress, parseNumbers, withParameters } from "../../assets/core/address.js";
import { readSettings, writeSettings } from "../../assets/spectrum/address.js";

/** @typedef {import("../../assets/spectrum/state.js").Settings} Settings */
/** @typedef {import("../../assets/viewer/state.js").Options} Options */

const BASE = "https://gsp.example.org/data/5?page=2&name=x";

/** @param {Record<string, string>} values */
const searchOf = (values) => {
  const set = Object.entries(values).filter(([, value]) => value);
  return "?" + new URLSearchParams(Object.fromEntries(set));
};

test("parameters are set and removed, the others stay", () => {
  assert.equal(withParameters(BASE, { page: "", name: "a b" }), "/data/5?name=a+b");
  assert.equal(withParameters(BASE, { page: null, name: undefined }), "/data/5");
  assert.equal(withParameters(BASE, { page: 3 }), "/data/5?page=3&name=x");
});

test("a file's address names its id, no other address does", () => {
  assert.equal(fileIdOf("/data/17/?page=2", BASE), 17);
  assert.equal(fileIdOf("/data", BASE), null);
  assert.equal(fileIdOf("/data/17/advanced", BASE), null);
  assert.equal(fileIdOf("/data/17x", BASE), null);
});

test("a list has as many finite numbers as are wanted, or is none", () => {
  assert.deepEqual(parseNumbers("1,2.5,-3", 3), [1, 2.5, -3]);
  for (const text of ["1,2", "1,2,x", "1,2,3,4", "", null, "1,2,Infinity"]) {
    assert.equal(parseNumbers(text, 3), null);
  }
});

test("the login page leads back to where one was", () => {
  assert.equal(loginAddress("/data/1?page=2"), "/login?next=%2Fdata%2F1%3Fpage%3D2");
});

/** @type {Settings} */
const USUAL = {
  z: 0,
  lists: new Set(),
  marks: new Set(["sigma", "flags"]),
  smooth: "none",
  n: 5,
  log: false,
  normalise: false,
  mode: "together",
  arc: false,
  others: [],
};

test("a spectrum's usual view is not written", () => {
  assert.deepEqual(new Set(Object.values(writeSettings(USUAL, null))), new Set([""]));
  assert.deepEqual(readSettings(""), { settings: {}, edges: null });
});

test("a spectrum's view is read as it was written", () => {
  /** @type {Settings} */
  const settings = {
    z: 0.0712,
    lists: new Set(["H", "ism"]),
    marks: new Set(["sky"]),
    smooth: "gauss",
    n: 3.5,
    log: true,
    normalise: true,
    mode: "ratio",
    arc: true,
    others: [12, 7],
  };
  const written = writeSettings(settings, [4000, 5000, -1, 2]);
  assert.deepEqual(readSettings(searchOf(written)), { settings, edges: [4000, 5000, -1, 2] });
  const bare = writeSettings({ ...USUAL, marks: new Set() }, null);
  assert.equal(bare.marks, "none");
  assert.deepEqual(readSettings(searchOf(bare)).settings.marks, new Set());
});

test("what is not valid in a spectrum's address is left out", () => {
  const { settings, edges } = readSettings(
    "?z=99&lines=H,nonsense&smooth=fish3&mode=both&with=3,x,3,-1&range=5,4,0,1",
  );
  assert.deepEqual(settings, { lists: new Set(["H"]), others: [3] });
  assert.equal(edges, null);
  assert.equal(readSettings("?smooth=box999").settings.n, 201);
});

/** @type {Options} */
const OPTIONS = {
  map: "Gray",
  invert: false,
  limits: "zscale",
  low: null,
  high: null,
  stretch: "linear",
  saturated: true,
  cosmic: false,
  apertures: true,
  wavelengths: true,
  manual: null,
  cross: null,
  named: null,
};
const MAPS = ["Gray", "Viridis"];

for (const saturated of [true, false]) {
  test(`options of Advanced Visualization are read as written, saturated ${saturated}`, () => {
    const preset = { map: "Gray", saturated };
    const changed = { map: "Viridis", invert: true, stretch: "asinh", limits: "typed" };
    for (const options of [
      { ...OPTIONS, saturated },
      { ...OPTIONS, ...changed, low: 5, high: 900, cosmic: true, apertures: false },
      { ...OPTIONS, saturated: !saturated, wavelengths: false },
    ]) {
      const read = readOptions(searchOf(writeOptions(options, preset)), preset, MAPS);
      assert.deepEqual({ ...OPTIONS, ...read }, options);
    }
    const usual = writeOptions({ ...OPTIONS, saturated }, preset);
    assert.deepEqual(new Set(Object.values(usual)), new Set([""]));
  });
}

test("a colour map or stretch that is not known is the usual one", () => {
  const read = readOptions("?map=Jet&stretch=cube", { map: "Gray", saturated: true }, MAPS);
  assert.deepEqual([read.map, read.stretch], ["Gray", "linear"]);
});

test("windows are read as they were written, and not when they are incomplete", () => {
  const pairs = [
    [-30, 3.126],
    [-60, -40],
  ];
  assert.equal(writeWindows(pairs), "-30:3.13,-60:-40");
  assert.deepEqual(readWindows("-30:3.13,-60:-40"), { aperture: [-30, 3.13], zones: [[-60, -40]] });
  assert.deepEqual(readWindows("-1:2"), { aperture: [-1, 2], zones: [] });
  for (const text of [null, "", "-30", "-30:x", "-30:3,-60"]) assert.equal(readWindows(text), null);
});
