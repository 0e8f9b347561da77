/** The controls under a spectrum: marks, redshift, smoothing, other spectra, exports, keys. */
import { byId, closest, create, inputById, isDialogOpen, valueOf } from "../core/dom.js";
import { FIELDS } from "../core/keyboard.js";
import { isRedshift, isWindow } from "./address.js";
import { updateArc } from "./arc.js";
import { sliderPlace, sliderRedshift } from "./arithmetic.js";
import { featuresReceived, knownFeatures } from "./features.js";
import { createChips, createFinder } from "./others.js";
import { paintSoon } from "./paint.js";
import { savePicture } from "./picture.js";
import { noteSettings, render, showWhole, stepCrosshair, zoomBy } from "./spectrum.js";
import {
  hasPlane,
  isCalibrated,
  isMarked,
  keptMark,
  overlaid,
  settings,
  shown,
  spectrumDrawn,
} from "./state.js";

const SLIDER = [-0.25, 1.6]; // places: z from -0.016 to 4.1
/** Lists of lines, except those of the night sky. @type {Record<string, string>} */
const LISTS = {
  H: "Hydrogen",
  He: "Helium",
  neb: "Nebular",
  star: "Stellar",
  ism: "Interstellar",
};
/** Text, title, colour of what it shows. @type {Record<string, [string, string, string?]>} */
const MARKS = {
  sigma: ["1 σ band", "The standard deviation of each pixel", "--band"],
  systematic: ["σ_sys", "The 1 σ error of the flux calibration", "--band-systematic"],
  uncorrected: ["Uncorrected", "The flux without telluric correction", "--uncorrected"],
  flags: ["Flagged pixels", "Saturated, cosmic ray, bad, without flat, interpolated"],
  sky: ["Night sky", "Lines of the night sky"],
  telluric: ["Telluric", "Absorption bands of O₂ and H₂O in the atmosphere"],
};
/** Marks that a spectrum has only with a further plane: only flux-calibrated ones do. */
const OF_PLANES = ["systematic", "uncorrected"];
/** They need a wavelength axis. */
const OF_WAVELENGTHS = [...Object.keys(LISTS), "sky", "telluric", "arc"];
const ABOUT = [
  "Wavelengths are in air, as on the axis. At a redshift the vacuum wavelength is stretched by " +
    "1 + z (index of air: Ciddor 1996). Interstellar lines are those of the Milky Way and stay " +
    "at z = 0.",
  "Smoothing is a weighted mean over n pixels (Gaussian: n is the full width at half maximum), " +
    "its band σ² = Σ w² σᵢ² / (Σ w)² of independent pixels; unknown pixels take no part. " +
    "Neighbours of a calibrated spectrum share light since it was resampled: the error of a wide " +
    "mean is up to 1.2 times the band.",
  "The flux of a calibrated spectrum has two errors: σ_stat of photons and read-out, which differs " +
    "from pixel to pixel, and σ_sys of the calibration, which is common to neighbours and is not " +
    "made smaller by smoothing.",
  "Ratio and difference put the other spectrum on this one's pixels by linear interpolation, " +
    "errors independent. CSV has the numbers of the file, as the API gives them.",
];

// -- building them -------------------------------------------------------------------------------

/**
 * @param {string} key
 * @param {string} title
 * @param {() => boolean} isOn
 * @param {() => void} change
 * @param {...(Node | string)} content
 */
function createToggle(key, title, isOn, change, ...content) {
  const click = () => {
    change();
    button.setAttribute("aria-pressed", String(isOn()));
  };
  /** @type {HTMLButtonElement} */
  const button = create(
    "button",
    {
      type: "button",
      className: "chip",
      title,
      "data-chip": key,
      "aria-pressed": String(isOn()),
      on: { click },
    },
    ...content,
  );
  return button;
}

/**
 * Show a list of lines or a mark, or no longer.
 *
 * @param {Set<string>} set
 * @param {string} key
 * @param {boolean} [isCurve] It is a curve: the axes have to fit it.
 */
function flip(set, key, isCurve = false) {
  if (!set.delete(key)) set.add(key);
  if (isCurve) return render();
  paintSoon();
  noteSettings();
}

/** @param {string} name @param {...Node} content */
const createRow = (name, ...content) =>
  create(
    "div",
    { className: "tool-row", role: "group", "aria-label": name },
    create("span", { className: "name", "aria-hidden": "true" }, name),
    ...content,
  );

/** @param {HTMLElement} root */
function build(root) {
  const summary = create("summary", {}, "About these tools");
  root.replaceChildren(
    createRow("Lines", ...createLists(), ...createRedshift()),
    createRow("Show", ...createMarks(), ...createSmoothing()),
    createRow(
      "Compare",
      createFinder(),
      createSwitch("normalise", "Normalise", "Each spectrum over its median"),
      create("label", { id: "mode-label" }, "Show as", createModes()),
      create("span", { className: "gap" }),
      ...createExports(),
    ),
    create("div", { className: "tool-row", id: "laid-over" }),
    create("details", { className: "sources" }, summary, create("div", { id: "spectrum-about" })),
  );
}

function createLists() {
  return Object.entries(LISTS).map(([key, name]) => {
    const dot = create("span", { className: "dot" });
    dot.style.background = `var(--lines-${key})`;
    const title = key === "ism" ? "Of the Milky Way: they do not move with z" : "";
    const isOn = () => settings.lists.has(key);
    return createToggle(key, title, isOn, () => flip(settings.lists, key), dot, name);
  });
}

function createMarks() {
  const marks = Object.entries(MARKS).map(([key, [text, title, colour]]) => {
    const isOn = () => isMarked(key);
    const change = () => flip(settings.marks, keptMark(key), key === "uncorrected");
    const name = create("span", { className: "text" }, text);
    if (!colour) return createToggle(key, title, isOn, change, name);
    const swatch = create("span", { className: "swatch" });
    swatch.style.background = `var(${colour})`;
    return createToggle(key, title, isOn, change, swatch, name);
  });
  return [...marks, createSwitch("log", "Log", "Logarithmic axis (l)")];
}

/** A toggle after which the spectrum is drawn again. */
/** @param {"log" | "normalise"} key @param {string} text @param {string} title */
function createSwitch(key, text, title) {
  const change = () => {
    settings[key] = !settings[key];
    render();
  };
  return createToggle(key, title, () => settings[key], change, text);
}

function createRedshift() {
  const slider = create("input", {
    type: "range",
    id: "z-slider",
    min: String(SLIDER[0]),
    max: String(SLIDER[1]),
    step: "0.0005",
    "aria-label": "Redshift",
    on: {
      input: (/** @type {Event} */ event) =>
        setRedshift(sliderRedshift(Number(valueOf(event))), "z-slider"),
    },
  });
  const typed = create("input", {
    type: "number",
    id: "z-typed",
    step: "any",
    min: "-0.9",
    max: "20",
    autocomplete: "off",
    on: {
      input: (/** @type {Event} */ event) => {
        if (valueOf(event) !== "") setRedshift(Number(valueOf(event)), "z-typed");
      },
      change: () => setRedshift(settings.z, null),
    },
  });
  const name = create("span", { className: "visually-hidden" }, "Redshift, typed");
  return [create("label", {}, "z", slider), create("label", { className: "z" }, name, typed)];
}

/** @param {number} z @param {string | null} field That it was set in. */
function setRedshift(z, field) {
  if (!isRedshift(z)) return;
  settings.z = z;
  const [slider, typed] = [inputById("z-slider"), inputById("z-typed")];
  if (slider && field !== slider.id) slider.value = String(sliderPlace(z));
  if (typed && field !== typed.id) typed.value = String(+z.toFixed(5));
  if (settings.lists.size === 0 && field) {
    settings.lists.add("H"); // a redshift without lines shows nothing
    refresh();
  }
  paintSoon();
  noteSettings();
}

/**
 * @param {string} id
 * @param {[string, string][]} choices Values and texts.
 * @param {(value: string) => void} choose
 */
function createSelect(id, choices, choose) {
  const options = choices.map(([value, text]) => create("option", { value }, text));
  const change = (/** @type {Event} */ event) => {
    choose(valueOf(event));
    render();
  };
  return create("select", { id, on: { change } }, ...options);
}

function createSmoothing() {
  const kind = createSelect(
    "smooth-kind",
    [
      ["none", "none"],
      ["gauss", "Gaussian"],
      ["box", "boxcar"],
    ],
    (value) => {
      settings.smooth = /** @type {import("./state.js").Smoothing} */ (value);
      pixels.disabled = value === "none";
    },
  );
  const input = (/** @type {Event} */ event) => {
    const n = Number(valueOf(event));
    if (!isWindow(n)) return;
    settings.n = n;
    render();
  };
  /** @type {HTMLInputElement} */
  const pixels = create("input", {
    type: "number",
    id: "smooth-n",
    min: "1",
    max: "201",
    step: "1",
    value: String(settings.n),
    on: { input },
  });
  return [create("label", {}, "Smooth", kind), create("label", {}, pixels, "pixels")];
}

function createModes() {
  return createSelect(
    "compare-mode",
    [
      ["together", "together"],
      ["ratio", "ratio"],
      ["difference", "difference"],
    ],
    (value) => {
      settings.mode = /** @type {import("./state.js").Mode} */ (value);
    },
  );
}

function createExports() {
  const changeArc = () => {
    settings.arc = !settings.arc;
    void updateArc();
    noteSettings();
  };
  const arcTitle = "The arc behind the wavelengths, its lines and residuals (a)";
  const csvTitle = "The numbers of the file as CSV";
  const pictures = /** @type {("svg" | "png")[]} */ (["svg", "png"]).map((format) => {
    const name = format.toUpperCase();
    const title = `Save what is shown as ${name}`;
    const on = { click: () => void savePicture(format) };
    return create("button", { type: "button", className: "chip", title, on }, name);
  });
  return [
    createToggle("arc", arcTitle, () => settings.arc, changeArc, "Arc"),
    create("a", { className: "chip", id: "spectrum-csv", title: csvTitle, download: "" }, "CSV"),
    ...pictures,
  ];
}

function describeTools() {
  const features = knownFeatures();
  const sources = features
    ? [
        ...features.lists.map((list) => `${list.label}: ${list.source}.`),
        `Telluric: ${features.telluric_source}.`,
      ]
    : ["Choose a list of lines to see its source."];
  const paragraphs = [...ABOUT, ...sources].map((text) => create("p", {}, text));
  byId("spectrum-about")?.replaceChildren(...paragraphs);
}

// -- keeping them up to date ---------------------------------------------------------------------

function refresh() {
  const root = byId("spectrum-tools");
  const { main } = shown;
  if (!root || !main) return;
  if (!root.firstChild) build(root);
  root.hidden = false;
  refreshToggles(root);
  /** @type {[string, string | number][]} */
  const values = [
    ["z-slider", sliderPlace(settings.z)],
    ["z-typed", +settings.z.toFixed(5)],
    ["smooth-kind", settings.smooth],
    ["smooth-n", settings.n],
    ["compare-mode", settings.mode],
  ];
  for (const [id, value] of values) setField(id, value);
  for (const id of ["z-slider", "z-typed"]) setDisabled(id, !isCalibrated());
  setDisabled("smooth-n", settings.smooth === "none");
  const [label, over] = [byId("mode-label"), byId("laid-over")];
  if (label) label.hidden = !overlaid().length;
  over?.replaceChildren(...createChips());
  if (over) over.hidden = !settings.others.length;
  byId("spectrum-csv")?.setAttribute("href", `/api/files/data/?id=${main.facts.id}&format=csv`);
  describeTools();
  void updateArc();
}

/** @param {HTMLElement} root */
function refreshToggles(root) {
  const { log, normalise, arc, lists } = settings;
  /** @type {Record<string, boolean>} */
  const switches = { log, normalise, arc };
  for (const chip of root.querySelectorAll("button[data-chip]")) {
    const key = chip.getAttribute("data-chip") || "";
    const isOn = switches[key] ?? (lists.has(key) || isMarked(key));
    chip.setAttribute("aria-pressed", String(isOn));
    if (OF_PLANES.includes(key)) chip.toggleAttribute("hidden", !hasPlane(key));
    if (key === "sigma") {
      const text = chip.querySelector(".text");
      if (text) text.textContent = hasPlane("systematic") ? "σ_stat" : MARKS.sigma[0];
    }
    if (OF_WAVELENGTHS.includes(key)) {
      /** @type {HTMLButtonElement} */ (chip).disabled = !isCalibrated();
    }
  }
}

/** A field that is being edited is not changed. @param {string} id @param {string | number} value */
function setField(id, value) {
  const field = /** @type {HTMLInputElement | HTMLSelectElement | null} */ (byId(id));
  if (!field || (field === document.activeElement && field.tagName !== "SELECT")) return;
  field.value = String(value);
}

/** @param {string} id @param {boolean} disabled */
function setDisabled(id, disabled) {
  const field = inputById(id);
  if (field) field.disabled = disabled;
}

// -- keys ----------------------------------------------------------------------------------------

/** @param {string} key @returns {() => void} */
const press = (key) => () => {
  /** @type {HTMLElement | null} */
  const chip = document.querySelector(`#spectrum-tools [data-chip="${key}"]`);
  chip?.click();
};

/** @type {Record<string, () => void>} */
const KEYS = {
  l: press("log"),
  a: press("arc"),
  n: press("normalise"),
  ",": () => stepCrosshair(-1),
  ".": () => stepCrosshair(1),
  "<": () => stepCrosshair(-20),
  ">": () => stepCrosshair(20),
  "+": () => zoomBy(0.5),
  "-": () => zoomBy(2),
  0: showWhole,
  z: () => byId("z-typed")?.focus(),
  c: () => byId("over-search")?.focus(),
};

/** Handle the keys of a spectrum. */
export function watchSpectrumKeys() {
  document.addEventListener("keydown", (event) => {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (!shown.main || modified || event.defaultPrevented) return;
    if (closest(event, FIELDS) || isDialogOpen()) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

spectrumDrawn.listen(refresh);
featuresReceived.listen(refresh);
