/**
 * Advanced Visualization: limits, stretch, colours, what lies over the image, cuts.
 *
 * All of it is in the address, which restores it.
 */
import { create, requiredById, valueOf } from "../core/dom.js";
import { themeChanged } from "../core/theme.js";
import { shownEdges } from "../viewer/axes.js";
import { colormaps } from "../viewer/colormaps.js";
import { setOptions } from "../viewer/display.js";
import { limitsOf } from "../viewer/pixels.js";
import { fileShown, imageOnShow, imagePainted, viewer, viewReceived } from "../viewer/state.js";
import { isAdvancedPage, note, readOptions, STRETCHES, writeOptions } from "./address.js";
import { attachCuts, forgetCuts, frameCuts, loadCuts, placeCuts, startCuts } from "./cuts.js";
import { attachHistogram, drawHistogram, knownHistogram, setHistogram } from "./histogram.js";
import { percentileLimits } from "./histogram_arithmetic.js";

/** @typedef {import("../viewer/state.js").Options} Options */

const PERCENTAGES = [99.9, 99.5, 99, 98, 95, 90];
const PICTURE_PX = 1600;
/** What can be shown over the image: names of options. */
const MARKS = /** @type {const} */ ({
  saturated: "Saturated pixels",
  cosmic: "Cosmic rays",
  apertures: "Trace and windows",
  wavelengths: "Wavelength axis",
});
const LIMITS = {
  zscale: "Zscale",
  ...Object.fromEntries(PERCENTAGES.map((percent) => [`p${percent}`, `${percent} %`])),
  minmax: "Min to max",
  typed: "As typed",
};

/** The image. @type {import("../viewer/state.js").FileInfo | null} */
let info = null;
/** @type {Record<string, HTMLInputElement | HTMLSelectElement>} */
let fields = {};
/** Saves the picture. @type {HTMLAnchorElement | null} */
let saveLink = null;

/** @returns {import("./address.js").Preset} */
function preset() {
  const { colormap, saturated } = requiredById("advanced").dataset;
  return { map: colormap || "Gray", saturated: saturated === "true" };
}

/** @param {Partial<Options>} changes */
function change(changes) {
  setOptions(changes);
  note(writeOptions(viewer.options, preset()));
  show();
}

/** @returns {[number, number]} */
function limitsInForce() {
  const limits = viewer.view?.limits || knownHistogram()?.limits || { zscale: [0, 1] };
  return limitsOf({ limits }, viewer.options);
}

/** @param {{low?: number, high?: number}} changes */
function typeLimits(changes) {
  const [low, high] = limitsInForce();
  const next = { low, high, ...changes };
  if (next.high > next.low) change({ limits: "typed", ...next });
  else show();
}

/** Write what is in force into the fields, but not into a field being edited. */
function show() {
  if (!knownHistogram()) return;
  const { options } = viewer;
  const [low, high] = limitsInForce();
  const values = {
    map: options.map,
    stretch: options.stretch,
    limits: options.limits,
    low: String(+low.toPrecision(6)),
    high: String(+high.toPrecision(6)),
  };
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    if (field !== document.activeElement || field.tagName === "SELECT") field.value = value;
  }
  for (const name of /** @type {(keyof MARKS | "invert")[]} */ ([
    "invert",
    ...Object.keys(MARKS),
  ])) {
    /** @type {HTMLInputElement} */ (fields[name]).checked = options[name];
  }
  drawHistogram();
  updateLink();
}

/** The same picture as a file, drawn by the server. */
function updateLink() {
  const { options, view } = viewer;
  if (!view || !info || !saveLink) return;
  const [low, high] = limitsInForce();
  const [x0, x1, y0, y1] = shownEdges().map((edge) => (edge + 0.5).toFixed(2));
  const query = new URLSearchParams({
    id: String(info.id),
    format: "png",
    colormap: options.map,
    invert: String(options.invert),
    stretch: options.stretch,
    vmin: String(low),
    vmax: String(high),
    width: String(PICTURE_PX),
    x0,
    x1,
    y0,
    y1,
    show_saturated: String(options.saturated),
    show_cosmic_rays: String(options.cosmic),
    show_apertures: String(options.apertures),
  });
  saveLink.href = `/api/files/visualize/?${query}`;
  saveLink.download = info.file_name.replace(/\.fits.*$/, "") + ".png";
}

// -- the panel -----------------------------------------------------------------------------------

/**
 * @param {string} name
 * @param {string} label
 * @param {Record<string, string>} choices
 * @param {(value: string) => void} choose
 */
function createChoice(name, label, choices, choose) {
  const options = Object.entries(choices).map(([value, text]) => create("option", { value }, text));
  const on = { change: (/** @type {Event} */ event) => choose(valueOf(event)) };
  const select = create("select", { className: "form-select form-select-sm", on }, ...options);
  fields[name] = select;
  return create("label", {}, label, select);
}

/**
 * @param {string} name
 * @param {string} label
 * @param {(value: number) => void} set
 * @param {object} [more] Attributes.
 */
function createNumber(name, label, set, more = {}) {
  const change = (/** @type {Event} */ event) => {
    if (valueOf(event) !== "") set(Number(valueOf(event)));
  };
  const given = { type: "number", step: "any", autocomplete: "off", ...more, on: { change } };
  const input = create("input", given);
  fields[name] = input;
  return create("label", {}, label, input);
}

/** @param {keyof MARKS | "invert"} name @param {string} label */
function createCheck(name, label) {
  const on = { change: () => change({ [name]: input.checked }) };
  /** @type {HTMLInputElement} */
  const input = create("input", { type: "checkbox", on });
  if (name !== "invert") input.id = "show-" + name;
  fields[name] = input;
  return create("label", { className: "tick" }, input, label);
}

function createMarks() {
  const marks = /** @type {[keyof MARKS, string][]} */ (Object.entries(MARKS));
  return create("div", { className: "ticks" }, ...marks.map((mark) => createCheck(...mark)));
}

function build() {
  fields = {};
  const maps = Object.fromEntries(Object.keys(colormaps).map((name) => [name, name]));
  const chooseLimits = (/** @type {string} */ name) =>
    name === "typed" ? typeLimits({}) : change({ limits: name });
  saveLink = create("a", { className: "button" }, "Save image");
  const canvas = create("canvas", { id: "histogram", role: "img", tabIndex: 0 });
  canvas.setAttribute("aria-label", "Histogram of the pixels with the limits");
  requiredById("advanced-controls").replaceChildren(
    create(
      "div",
      { className: "pairs" },
      createChoice("limits", "Limits", LIMITS, chooseLimits),
      createChoice("stretch", "Stretch", STRETCHES, (stretch) => change({ stretch })),
      createNumber("low", "Lower limit", (low) => typeLimits({ low })),
      createNumber("high", "Upper limit", (high) => typeLimits({ high })),
      createChoice("map", "Colour map", maps, (map) => change({ map })),
      create("div", { className: "ticks" }, createCheck("invert", "Invert")),
    ),
    canvas,
    createMarks(),
    create(
      "div",
      { className: "pairs three" },
      createNumber("x", "Cut column", (x) => placeCuts({ x })),
      createNumber("y", "Cut row", (y) => placeCuts({ y })),
      createNumber("n", "Average over", (n) => placeCuts({ n }), { min: "1", step: "1" }),
    ),
    create("div", { className: "buttons" }, saveLink),
  );
  attachHistogram(canvas, { inForce: limitsInForce, set: typeLimits });
  attachCuts((cut) => {
    for (const [name, value] of Object.entries(cut)) fields[name].value = String(value);
  });
}

// -- the page ------------------------------------------------------------------------------------

fileShown.listen(() => {
  if (!isAdvancedPage()) return;
  setHistogram(null);
  forgetCuts();
  info = imageOnShow();
  if (!info) return;
  build();
  const options = readOptions(location.search, preset(), Object.keys(colormaps));
  Object.assign(viewer.options, options, { cross: null });
});

/** The image has come, so its histogram is there. */
async function loadHistogram() {
  const image = info;
  if (!isAdvancedPage() || !image || knownHistogram()) return;
  const answer = await fetch(`/img/${image.id}/histogram?v=${image.checksum}`);
  if (answer.status !== 200 || image !== info || knownHistogram()) return;
  const histogram = await answer.json();
  setHistogram(histogram);
  setOptions({ named: percentileLimits(histogram, PERCENTAGES) });
  show();
  startCuts(image);
}

viewReceived.listen(() => void loadHistogram().catch(() => {}));

imagePainted.listen(() => {
  if (!isAdvancedPage() || !knownHistogram()) return;
  frameCuts(shownEdges());
  updateLink();
});

themeChanged.listen(() => {
  if (!isAdvancedPage() || !knownHistogram()) return;
  show();
  void loadCuts();
});
