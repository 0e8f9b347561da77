/** A picture of a spectrum as it is shown, on white paper; it is made in the page. */
import { create } from "../core/dom.js";
import { showToast } from "../core/toasts.js";
import { shownEdges, titles } from "./axes.js";
import { linesInView } from "./features.js";
import { isCalibrated, isMarked, plainText, settings, shown } from "./state.js";

/** @typedef {import("./state.js").Curve} Curve */

const SIZE = { width: 1200, height: 640 };
const PLOT_WIDTH = SIZE.width - 100;
const INK = "#17202c";
const LINE = "#0b4f9e";
const BAND = "rgba(11, 98, 196, .2)";
const BAND_SYSTEMATIC = "rgba(200, 120, 0, .24)";
const UNCORRECTED = "#8a4fd0";
/** Of the spectra laid over, by number. */
const OTHERS = [
  "#c77700",
  "#00866a",
  "#8a7d00",
  "#b0528f",
  "#cf4a12",
  "#5d6b80",
  "#4d8000",
  "#4b48c8",
];

/** @param {Curve} curve */
function colourOnPaper({ colour }) {
  if (colour === "--uncorrected") return UNCORRECTED;
  const match = colour.match(/over-(\d)/);
  return match ? OTHERS[Number(match[1]) - 1] : LINE;
}

/** @param {Curve} curve @returns {object[]} Traces of Plotly. */
function tracesOf(curve) {
  const [x, y] = [Array.from(curve.x), Array.from(curve.flux)];
  const line = { width: 1.2, color: colourOnPaper(curve) };
  return [{ x, y, mode: "lines", line, name: curve.name }];
}

/**
 * @param {Curve} curve
 * @param {ArrayLike<number>} sigma
 * @param {string} name
 * @param {string} fillcolor
 * @returns {object[]} Traces of Plotly: the edges of a band.
 */
function bandOf(curve, sigma, name, fillcolor) {
  const [x, y] = [Array.from(curve.x), Array.from(curve.flux)];
  /** @type {(sign: number, more: object) => object} */
  const edge = (sign, more) => ({
    x,
    y: y.map((value, k) => value + sign * sigma[k]),
    mode: "lines",
    line: { width: 0 },
    name,
    ...more,
  });
  return [edge(-1, { showlegend: false }), edge(1, { fill: "tonexty", fillcolor })];
}

/** @returns {object[]} The bands of the spectrum on show that are wanted. */
function bands() {
  const [curve] = shown.curves;
  const { systematic } = curve;
  return [
    ...(systematic && isMarked("systematic")
      ? bandOf(curve, systematic, "σ_sys", BAND_SYSTEMATIC)
      : []),
    ...(isMarked("sigma") ? bandOf(curve, curve.sigma, systematic ? "σ_stat" : "1 σ", BAND) : []),
  ];
}

/** @param {import("./features.js").MarkedLine} line */
const shapeOf = ({ at }) => ({
  type: "line",
  xref: "x",
  yref: "paper",
  x0: at,
  x1: at,
  y0: 0,
  y1: 1,
  line: { width: 1, dash: "dot", color: "#777" },
});

/** @param {import("./features.js").MarkedLine} line */
const labelOf = ({ name, at }) => ({
  text: name,
  x: at,
  yref: "paper",
  y: 1,
  yanchor: "top",
  xanchor: "center",
  textangle: -90,
  showarrow: false,
  font: { size: 10 },
});

/** @returns {object} The title over the plot, for Plotly. */
function heading() {
  const lines = [...document.querySelectorAll("#stage-title span")];
  return {
    text: plainText(lines.map((line) => line.textContent).join(" · ")),
    xref: "paper",
    yref: "paper",
    x: 0.5,
    y: 1,
    yanchor: "bottom",
    yshift: 8,
    showarrow: false,
  };
}

/** @returns {object | null} A figure of Plotly. */
function figure() {
  const edges = shownEdges();
  if (!edges) return null;
  const [x0, x1, y0, y1] = edges;
  const [xTitle, yTitle] = titles();
  const lines = isCalibrated() ? linesInView([x0, x1], PLOT_WIDTH) : [];
  const axis = { showline: true, mirror: true, ticks: "outside", zeroline: false, linecolor: INK };
  const type = settings.log ? "log" : "linear";
  return {
    data: [...bands(), ...[...shown.curves].reverse().flatMap(tracesOf)],
    layout: {
      font: { family: "Arial, Helvetica, sans-serif", size: 13, color: INK },
      paper_bgcolor: "#fff",
      plot_bgcolor: "#fff",
      showlegend: shown.curves.length > 1 || Boolean(shown.curves[0].systematic),
      legend: { orientation: "h", y: -0.16, traceorder: "reversed" },
      margin: { l: 80, r: 20, t: 40, b: 60 },
      xaxis: { ...axis, title: { text: xTitle }, range: [x0, x1] },
      yaxis: { ...axis, title: { text: plainText(yTitle) }, range: [y0, y1], type },
      shapes: lines.map(shapeOf),
      annotations: [heading(), ...lines.filter((line) => line.labelled).map(labelOf)],
    },
  };
}

/**
 * Save what is shown.
 *
 * @param {"svg" | "png"} format
 */
export async function savePicture(format) {
  const { main } = shown;
  const picture = figure();
  if (!main || !picture || !window.Plotly) return;
  try {
    const scale = format === "png" ? 2 : 1;
    const href = await window.Plotly.toImage(picture, { ...SIZE, format, scale });
    const download = main.facts.name.replace(/\.fits$/, "") + "." + format;
    const link = create("a", { href, download });
    document.body.append(link);
    link.click();
    link.remove();
  } catch {
    showToast({ kind: "danger", text: "This browser could not make the picture." });
  }
}
