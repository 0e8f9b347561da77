/** The panel of the manual extraction: its fields and buttons, and its messages. */
import { create, requiredById, valueOf } from "../core/dom.js";
import { roundRows } from "./address.js";
import { state } from "./windows_state.js";

/**
 * @typedef {import("./windows_state.js").WindowName} WindowName
 *
 * @typedef {object} Actions What the fields and buttons do.
 * @property {(file: number) => void} choose
 * @property {() => void} reset
 * @property {(range: number[]) => void} setRange
 * @property {() => void} columnsOnShow
 * @property {(name: WindowName, end: 0 | 1, value: number) => void} move
 * @property {() => void} extract
 *
 * @typedef {object} Parts
 * @property {HTMLSelectElement} choice
 * @property {HTMLButtonElement} extract
 * @property {HTMLElement} message
 * @property {HTMLElement} legend
 */

/** The windows' edges: field, label beside it, label by itself. */
/** @type {[string, WindowName, 0 | 1, string, string][]} */
const EDGES = [
  ["low", "aperture", 0, "Aperture from", "Aperture from"],
  ["high", "aperture", 1, "to", "Aperture to"],
  ["z00", "zone0", 0, "Background 1 from", "Background 1 from"],
  ["z01", "zone0", 1, "to", "Background 1 to"],
  ["z10", "zone1", 0, "Background 2 from", "Background 2 from"],
  ["z11", "zone1", 1, "to", "Background 2 to"],
];

/** @type {Parts | null} */
let parts = null;
/** @type {Record<string, HTMLInputElement>} */
let fields = {};

/**
 * @param {string} name
 * @param {string} label Beside the field.
 * @param {string} fullLabel Where the one beside it says too little by itself.
 * @param {(value: number) => void} set
 */
function createField(name, label, fullLabel, set) {
  const change = (/** @type {Event} */ event) => {
    if (valueOf(event) !== "") set(Number(valueOf(event)));
  };
  const given = { type: "number", step: "any", autocomplete: "off", on: { change } };
  fields[name] = create("input", { ...given, "aria-label": fullLabel });
  return create("label", {}, label, fields[name]);
}

/** @param {string} className @param {string} text @param {() => void} click */
const createButton = (className, text, click) =>
  create("button", { type: "button", className, on: { click } }, text);

/** @param {string} id @param {string} label */
function createCanvas(id, label) {
  const canvas = create("canvas", { id, className: "strip", role: "img" });
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/**
 * Build the panel.
 *
 * @param {Actions} actions
 */
export function buildPanel(actions) {
  fields = {};
  const change = (/** @type {Event} */ event) => actions.choose(Number(valueOf(event)));
  parts = {
    choice: create("select", { className: "form-select form-select-sm", on: { change } }),
    extract: createButton("button main", "Extract", actions.extract),
    message: create("p", { className: "said", role: "status" }),
    legend: create("p", { className: "legend" }),
  };
  const resetButton = createButton("button", "Reset windows", actions.reset);
  requiredById("advanced-windows").replaceChildren(
    create("h2", {}, "Manual extraction"),
    create(
      "div",
      { className: "windows-grid" },
      createWindowFields(actions, parts.choice),
      create(
        "div",
        {},
        parts.legend,
        createCanvas("hand-spectrum", "Spectrum of the windows and the one compared with"),
        createCanvas("hand-ratio", "Ratio of the two spectra"),
      ),
    ),
    create("div", { className: "buttons" }, parts.extract, resetButton, parts.message),
  );
}

/** @param {Actions} actions @param {HTMLSelectElement} choice */
function createWindowFields({ setRange, columnsOnShow, move }, choice) {
  const setFirst = (/** @type {number} */ column) => setRange([column, state.range[1]]);
  const setLast = (/** @type {number} */ column) => setRange([state.range[0], column]);
  const edges = EDGES.map(([field, name, end, label, fullLabel]) =>
    createField(field, label, fullLabel, (value) => move(name, end, value)),
  );
  const help =
    "Rows from the trace. Drag the windows or their edges in the profile; the wheel zooms.";
  return create(
    "div",
    {},
    create(
      "div",
      { className: "pairs three" },
      create("label", { className: "wide" }, "Compared with", choice),
      createField("from", "Columns from", "Columns from", setFirst),
      createField("to", "to", "Columns to", setLast),
      create(
        "div",
        { className: "bottom" },
        createButton("button", "Columns on show", columnsOnShow),
      ),
    ),
    createCanvas("profile", "Profile along the slit with the windows"),
    create("div", { className: "pairs six" }, ...edges),
    create("p", { className: "quiet" }, help),
  );
}

/** Write what is in force into the fields, but not into a field being edited. */
export function writeFields() {
  const { windows, range } = state;
  if (!windows) return;
  const [first, second] = windows.zones;
  /** @type {Record<string, number | undefined>} */
  const values = {
    from: range[0],
    to: range[1],
    low: windows.aperture[0],
    high: windows.aperture[1],
    z00: first?.[0],
    z01: first?.[1],
    z10: second?.[0],
    z11: second?.[1],
  };
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    if (!field || field === document.activeElement) continue;
    field.value = value === undefined ? "" : String(roundRows(value));
  }
}

/** List the spectra to compare with. */
export function listSpectra() {
  if (!parts) return;
  const { known, compared } = state;
  const options = known.map(({ file, name, by_hand: isManual }) =>
    create("option", { value: String(file) }, name + (isManual ? " (manual)" : "")),
  );
  parts.choice.replaceChildren(
    ...(options.length ? options : [create("option", {}, "no spectrum yet")]),
  );
  parts.choice.disabled = !known.length;
  if (compared) parts.choice.value = String(compared.file);
}

/**
 * Show the names of the spectra on show.
 *
 * @param {HTMLElement[]} entries
 */
export function showLegend(entries) {
  parts?.legend.replaceChildren(...entries);
}

/**
 * Show a message.
 *
 * @param {string} text
 * @param {boolean} [isBad]
 */
export function showMessage(text, isBad = false) {
  if (!parts) return;
  parts.message.textContent = text;
  parts.message.className = isBad ? "said bad" : "said";
}

/**
 * Show what was saved.
 *
 * @param {{id: number, file_name: string}} product
 */
export function showSaved(product) {
  if (!parts) return;
  const link = create("a", { href: `/data/${product.id}`, "data-go": "" }, product.file_name);
  parts.message.className = "said good";
  parts.message.replaceChildren("Saved as ", link, ".");
}

/**
 * Disable "Extract" while a spectrum is being extracted.
 *
 * @param {boolean} isBusy
 */
export function setBusy(isBusy) {
  if (parts) parts.extract.disabled = isBusy;
}
