/**
 * A sensitivity on the stage of the Data page: the figure is the server's (`api/pages/
 * sensitivities.py`), the style sheet colours its traces by their names.
 */
import { goTo, noteParameter } from "../core/address.js";
import { byId, create, requiredById } from "../core/dom.js";
import { errorMessage } from "../core/session.js";
import { showNote, showTitle } from "../viewer/display.js";

/**
 * @typedef {import("../viewer/state.js").FileInfo} FileInfo
 * @typedef {{id: number, name: string}} Earlier
 * @typedef {{data: any[], layout: any}} Figure
 * @typedef {object} Answer
 * @property {Figure} figure
 * @property {Figure | null} history Null: it is the only sensitivity of its setup.
 * @property {Earlier[]} earlier
 * @property {string} setup
 * @property {number} n_used Spectra that were calibrated with it.
 */

/** What can be hidden: the beginning of the names of its traces, text, colour, title. */
/** @type {[string, string, string, string][]} */
const PARTS = [
  ["points", "Points", "--text", "Measured, and used by the fit"],
  ["masked", "Masked points", "", "Measured, and not used; the reasons are listed below"],
  ["systematic", "σ_sys", "--band-systematic", "The 1 σ error of the sensitivity"],
  ["own", "This star alone", "--over-5", "The fit to this star, without the site library"],
  ["library", "Site library", "--over-2", "Median of the earlier nights of the setup"],
  ["earlier", "Earlier nights", "--earlier", "The sensitivities of earlier nights of the setup"],
  ["expected", "Expected", "--over-4", "Throughput that is expected of the setup"],
];
const CONFIG = {
  displaylogo: false,
  responsive: true,
  scrollZoom: true,
  showTips: false,
  modeBarButtons: [
    ["zoom2d", "pan2d"],
    ["zoomIn2d", "zoomOut2d", "resetScale2d"],
  ],
};
const LIBRARY_MS = 20;

/** @type {FileInfo | null} */
let info = null;
/** @type {PlotlyGraph | null} */
let graph = null;
let requests = 0;
/** @type {"throughput" | "sensitivity"} */
let scale = "throughput";
/** @type {Set<string>} */
const hidden = new Set();

/**
 * Show a sensitivity, or none.
 *
 * @param {FileInfo | null} file
 */
export function showSensitivity(file) {
  const serial = ++requests;
  const before = info;
  info = file?.kind === "sensitivity" ? file : null;
  for (const id of ["sensitivity-tools", "sensitivity-history"]) {
    const part = byId(id);
    if (part) part.hidden = true;
  }
  if (!info) return;
  showTitle(info.heading);
  const isOnShow = before?.id === info.id && before.checksum === info.checksum;
  if (isOnShow && graph && graph === byId("sensitivity-plot")) return reveal();
  if (graph !== byId("sensitivity-plot")) readAddress();
  void load(serial);
}

/** @param {number} serial */
async function load(serial) {
  if (!info) return;
  try {
    const answer = await fetch(`/sensitivity/${info.id}?show=${scale}`);
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(await errorMessage(answer));
    const body = await answer.json();
    if (serial === requests) draw(body);
  } catch (error) {
    if (serial === requests) refuse(/** @type {Error} */ (error).message);
  }
}

/** Show again what lies under the figure. */
function reveal() {
  requiredById("sensitivity-tools").hidden = false;
  const history = /** @type {PlotlyGraph} */ (requiredById("sensitivity-history"));
  history.hidden = !history.layout;
}

/** @param {string} message */
function refuse(message) {
  if (graph) window.Plotly?.purge(graph);
  graph = null;
  showNote(`This sensitivity cannot be shown: ${message}`);
}

/** @param {Answer} answer */
function draw(answer) {
  if (!window.Plotly) return void setTimeout(() => draw(answer), LIBRARY_MS);
  const plot = /** @type {PlotlyGraph} */ (requiredById("sensitivity-plot"));
  const { data, layout } = answer.figure;
  for (const trace of data) trace.visible = isShown(trace.uid);
  showNote("");
  void window.Plotly.react(plot, data, layout, CONFIG);
  graph = plot;
  plot.dataset.file = String(info?.id);
  plot.setAttribute("aria-label", `Sensitivity, as ${scale}, with residuals`);
  buildTools(answer);
  drawHistory(answer.history);
}

/** Draw the months around the sensitivity; a click on a point leads to its file. */
/** @param {Figure | null} figure */
function drawHistory(figure) {
  const plot = /** @type {PlotlyGraph} */ (requiredById("sensitivity-history"));
  plot.hidden = !figure;
  if (!figure) return;
  const isNew = !plot.layout;
  const settings = {
    displayModeBar: false,
    doubleClick: "reset",
    showTips: false,
    responsive: true,
  };
  void window.Plotly?.react(plot, figure.data, figure.layout, settings);
  if (isNew) {
    plot.on("plotly_click", ({ points: [point] }) => {
      if (point?.customdata) goTo(`/data/${point.customdata}`);
    });
  }
}

/** @param {string} uid @returns {string} The part that a trace belongs to. */
const partOf = (uid) => PARTS.find(([name]) => uid.startsWith(name))?.[0] ?? "";

/** @param {string} uid */
const isShown = (uid) => !hidden.has(partOf(uid));

/** @param {Answer} answer */
function buildTools({ figure, earlier, setup, n_used: count }) {
  const parts = new Set(figure.data.map((trace) => partOf(trace.uid)));
  const used = `${count} ${count === 1 ? "spectrum" : "spectra"} that you see`;
  const tools = requiredById("sensitivity-tools");
  tools.hidden = false;
  tools.replaceChildren(
    createRow(
      "Show",
      ...PARTS.filter(([name]) => parts.has(name)).map(createToggle),
      createScale(),
    ),
    createRow("Masked", ...reasons(figure.data)),
    createRow("Earlier", ...earlier.map(createLink)),
    createRow(
      "Setup",
      create("span", {}, setup),
      create("span", { className: "quiet" }, "calibrates"),
      create("span", {}, used),
    ),
  );
}

/** @param {string} name @param {...Node} content */
function createRow(name, ...content) {
  const label = create("span", { className: "name", "aria-hidden": "true" }, name);
  const row = create(
    "div",
    { className: "tool-row", role: "group", "aria-label": name },
    label,
    ...content,
  );
  row.hidden = !content.length;
  return row;
}

/** @param {[string, string, string, string]} part */
function createToggle([name, text, colour, title]) {
  const swatch = create("span", { className: "swatch" });
  if (colour) swatch.style.background = `var(${colour})`;
  const click = () => {
    if (!hidden.delete(name)) hidden.add(name);
    button.setAttribute("aria-pressed", String(!hidden.has(name)));
    redraw();
    noteAddress();
  };
  /** @type {HTMLButtonElement} */
  const button = create(
    "button",
    {
      type: "button",
      className: "chip",
      title,
      "data-part": name,
      "aria-pressed": String(!hidden.has(name)),
      on: { click },
    },
    ...(colour ? [swatch] : []),
    text,
  );
  return button;
}

function redraw() {
  if (!graph || !window.Plotly) return;
  const visible = graph.data.map((trace) => isShown(trace.uid));
  void window.Plotly.update(graph, { visible }, {});
}

function createScale() {
  /** @type {[typeof scale, string][]} */
  const choices = [
    ["throughput", "throughput"],
    ["sensitivity", "sensitivity"],
  ];
  const options = choices.map(([value, text]) => create("option", { value }, text));
  const change = () => {
    scale = /** @type {typeof scale} */ (select.value);
    noteAddress();
    void load(++requests);
  };
  /** @type {HTMLSelectElement} */
  const select = create("select", { id: "sensitivity-scale", on: { change } }, ...options);
  select.value = scale;
  return create("label", {}, "as", select);
}

/** The legend of the masked points: one entry for each reason. @param {any[]} data */
function reasons(data) {
  const traces = data.filter(({ uid, yaxis }) => uid.startsWith("masked") && yaxis !== "y2");
  return traces.map(({ uid, name }) => {
    const symbol = create("span", { className: `dot ${uid}` });
    return create("span", { className: "reason" }, symbol, name);
  });
}

/** @param {Earlier} earlier */
function createLink({ id, name }) {
  return create("a", { href: `/data/${id}`, className: "chip", "data-go": "" }, name);
}

// -- the address ---------------------------------------------------------------------------------

function noteAddress() {
  noteParameter("as", scale === "throughput" ? "" : scale);
  noteParameter("hide", [...hidden].sort().join(","));
}

function readAddress() {
  const query = new URLSearchParams(location.search);
  scale = query.get("as") === "sensitivity" ? "sensitivity" : "throughput";
  hidden.clear();
  for (const name of (query.get("hide") || "").split(",")) {
    if (PARTS.some(([part]) => part === name)) hidden.add(name);
  }
}
