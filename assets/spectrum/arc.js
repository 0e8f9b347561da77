/** The arc behind a wavelength solution, drawn on request; the figure is the server's. */
import { byId, create, requiredById } from "../core/dom.js";
import { concernsAxes } from "../core/plot_geometry.js";
import { settings, shown } from "./state.js";

/**
 * @typedef {object} ArcFacts As `figures/arc.py` gives them.
 * @property {string} lamp
 * @property {string} function
 * @property {number} rms Å
 * @property {number} used
 * @property {number} rejected
 * @property {string[]} arcs
 * @property {number | null} sky_offset Å
 * @property {number | null} sky_error Å
 * @property {boolean} sky_corrected
 * @property {boolean} drawn
 */

const MOST_LABELS = 32;
const CLOSEST = 1.4; // labels may come closer than evenly spread ones
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

/** "id/checksum" on the panel. @type {string | null} */
let onPanel = null;
/** What it is drawn in. @type {PlotlyGraph | null} */
let graph = null;
let requests = 0;

/** Show the arc of the spectrum on show, if it is wanted. */
export async function updateArc() {
  const panel = byId("arc-panel");
  const { main } = shown;
  if (!panel) return;
  panel.hidden = !(settings.arc && main && main.facts.axis === "wavelength");
  if (panel.hidden || !main) return;
  const key = `${main.facts.id}/${main.facts.checksum}`;
  if (key === onPanel && graph === byId("arc-plot")) return;
  onPanel = key;
  const serial = ++requests;
  try {
    const answer = await fetch(`/spectrum/${main.facts.id}/arc`);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error.message);
    if (serial === requests) draw(body);
  } catch (error) {
    if (serial === requests) report(/** @type {Error} */ (error).message);
  }
}

/** @param {string} text */
function report(text) {
  onPanel = null;
  if (graph) window.Plotly?.purge(graph);
  graph = null;
  requiredById("arc-facts").textContent = text;
}

/** @param {{figure: {data: any[], layout: any}, facts: ArcFacts}} answer */
function draw({ figure, facts }) {
  requiredById("arc-facts").replaceChildren(
    ...factsInWords(facts).map(([key, value]) =>
      create("span", {}, create("span", { className: "key" }, key + " "), value),
    ),
  );
  const plot = /** @type {PlotlyGraph} */ (requiredById("arc-plot"));
  figure.layout.annotations = labels(figure.data, figure.layout.xaxis.range);
  void window.Plotly?.react(plot, figure.data, figure.layout, CONFIG);
  if (graph !== plot) plot.on("plotly_relayout", relabel);
  graph = plot;
}

/** @param {ArcFacts} facts @returns {[string, string][]} */
function factsInWords(facts) {
  /** @type {[string, string][]} */
  const pairs = [
    ["lamp", facts.lamp],
    ["model", facts.function],
    ["rms", `${facts.rms.toFixed(3)} Å`],
    ["lines used", String(facts.used)],
    ["rejected", String(facts.rejected)],
  ];
  const { arcs } = facts;
  if (arcs.length) pairs.push([arcs.length > 1 ? "arcs" : "arc", arcs.join(", ")]);
  else pairs.push(["arc", "this spectrum itself"]);
  if (facts.sky_offset !== null) {
    const error = facts.sky_error === null ? "" : ` ± ${facts.sky_error.toFixed(2)}`;
    const done = facts.sky_corrected ? "the scale is corrected by it" : "not corrected";
    pairs.push(["sky minus arc", `${facts.sky_offset.toFixed(2)}${error} Å, ${done}`]);
  }
  if (!facts.drawn) {
    pairs.push([
      "",
      "This product was made before arcs were kept with it; calibrate it again to see the arc.",
    ]);
  }
  return pairs;
}

/**
 * Return labels of the lines in view, as many as there is room for: the arc's brightest first.
 *
 * @param {any[]} data Traces: lines used, lines rejected, the arc.
 * @param {unknown[]} range
 */
function labels(data, range) {
  const [low, high] = range.map(Number);
  const brightness = brightnessOf(data[2]);
  const lines = data.slice(0, 2).flatMap((trace, i) => {
    const names = numbers(trace.text);
    return numbers(trace.x).map((at, k) => ({ at, isRejected: i === 1, name: names[k] }));
  });
  const inView = lines.filter((line) => line.at >= low && line.at <= high);
  inView.sort((a, b) => brightness(b.at) - brightness(a.at));
  const apart = (high - low) / (CLOSEST * MOST_LABELS);
  /** @type {typeof lines} */
  const labelled = [];
  for (const line of inView) {
    if (labelled.length >= MOST_LABELS) break;
    if (labelled.every((other) => Math.abs(other.at - line.at) > apart)) labelled.push(line);
  }
  return labelled.map(({ name, at, isRejected }) => ({
    text: `${name} ${at.toFixed(1)}${isRejected ? " ✕" : ""}`,
    x: at,
    xref: "x",
    y: 1,
    yref: "paper",
    yanchor: "top",
    xanchor: "center",
    textangle: -90,
    showarrow: false,
    font: { size: 10 },
  }));
}

/** Plotly's JSON has arrays as they are, or as bytes. @param {any} values @returns {any[]} */
function numbers(values) {
  if (!values) return [];
  if (!values.bdata) return Array.from(values);
  const bytes = Uint8Array.from(atob(values.bdata), (c) => c.charCodeAt(0)).buffer;
  /** @type {Record<string, any>} */
  const kinds = {
    f8: Float64Array,
    f4: Float32Array,
    i4: Int32Array,
    i2: Int16Array,
    u1: Uint8Array,
  };
  return Array.from(new kinds[values.dtype](bytes));
}

/** @param {any} trace Of the arc. @returns {(at: number) => number} Its counts near a place. */
function brightnessOf(trace) {
  if (!trace) return () => 0;
  const [x, y] = [numbers(trace.x), numbers(trace.y)];
  const step = (x[x.length - 1] - x[0]) / (x.length - 1);
  return (at) => {
    const i = Math.round((at - x[0]) / step);
    return Math.max(...y.slice(Math.max(0, i - 2), i + 3).filter(Number.isFinite), 0);
  };
}

/** @param {Record<string, any> | null} change */
function relabel(change) {
  if (!graph || !concernsAxes(change, /^xaxis/)) return;
  const annotations = labels(graph.data, graph.layout.xaxis.range);
  void window.Plotly?.relayout(graph, { annotations });
}
