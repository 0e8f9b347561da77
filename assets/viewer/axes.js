/**
 * The axes of an image: which part of it is on show, where that lies on the page, and the ticks.
 *
 * The edges on show are kept here: they outlive a change of file, and a zoom is painted before
 * Plotly draws its axes for it (ADR 9). Until then the ticks that Plotly has drawn are moved to where
 * their values have gone.
 */
import { drawnEdges, planeOf, plotArea } from "../core/plot_geometry.js";
import { viewer } from "./state.js";

/** @typedef {import("../core/plot_geometry.js").Edges} Edges */
/** @typedef {import("../core/plot_geometry.js").Plane} Plane */

const SQUARE = 1e-3; // relative difference between width and height of a square pixel
const OUTSIDE_PX = 0.5;
const TRANSLATION = /^translate\(\s*([-\d.e]+)(?:[ ,]+([-\d.e]+))?\s*\)/;

/** Null: what Plotly has drawn. @type {Edges | null} */
let edges = null;

/** @returns {PlotlyGraph} */
function graph() {
  if (!viewer.graph) throw new Error("There is no graph yet");
  return viewer.graph;
}

/** @returns {Edges} What is painted. */
export const shownEdges = () => edges || drawnEdges(graph());

/**
 * Set what is painted.
 *
 * @param {Edges | null} next Null: what Plotly has drawn.
 */
export function setShownEdges(next) {
  edges = next && /** @type {Edges} */ ([...next]);
}

/** Return whether Plotly's axes are others than those of what is painted. */
export function areAxesBehind() {
  const drawn = drawnEdges(graph());
  return shownEdges().some((edge, k) => edge !== drawn[k]);
}

/**
 * Return how columns and rows lie on the graph.
 *
 * @returns {Plane}
 */
export function plane() {
  const area = plotArea(viewer.graph);
  if (!area) throw new Error("There is no plot yet");
  return planeOf(area, shownEdges());
}

/** Return whether pixels are square on the screen. */
export const isSquare = () => Boolean(graph().layout.yaxis?.scaleanchor);

/**
 * Return whether edges fill the plot as it is; square pixels may need another shape of it.
 *
 * @param {Edges} edges
 * @returns {boolean}
 */
export function fits([x0, x1, y0, y1]) {
  const area = plotArea(viewer.graph);
  if (!area || !isSquare()) return true;
  const ratio = (x1 - x0) / area.width / ((y1 - y0) / area.height);
  return Math.abs(ratio - 1) < SQUARE;
}

// -- ticks ---------------------------------------------------------------------------------------

/** The value of each tick, and where it was moved to. */
/** @type {WeakMap<Element, {value: number, transform: string | null}>} */
const known = new WeakMap();

/** @returns {NodeListOf<SVGElement>} */
const tickElements = () => graph().querySelectorAll(".xtick, .ytick");

/**
 * Return the value of a tick, NaN if it has no place.
 *
 * Where this module has not moved it, Plotly has drawn it: its place tells the value.
 *
 * @param {Element} element
 * @param {boolean} isX
 * @param {Plane} drawn As Plotly has drawn the axes.
 * @returns {number}
 */
function valueOf(element, isX, drawn) {
  const transform = element.getAttribute("transform");
  const before = known.get(element);
  if (before && before.transform === transform) return before.value;
  const place = TRANSLATION.exec(transform || "");
  if (!place) return NaN;
  const value = isX ? drawn.xValue(Number(place[1])) : drawn.yValue(Number(place[2] || 0));
  known.set(element, { value, transform });
  return value;
}

/** Move each tick to where its value lies among the edges on show, or hide it. */
export function moveTicks() {
  const area = plotArea(viewer.graph);
  if (!area) return;
  const [now, drawn] = [planeOf(area, shownEdges()), planeOf(area, drawnEdges(graph()))];
  for (const tick of tickElements()) {
    const element = tick.localName === "g" ? tick.querySelector("text") : tick;
    if (!element) continue;
    const isX = tick.classList.contains("xtick");
    const value = valueOf(element, isX, drawn);
    if (!Number.isFinite(value)) continue;
    const px = isX ? now.x(value) : now.y(value);
    const [first, length] = isX ? [area.left, area.width] : [area.top, area.height];
    const inside = px > first - OUTSIDE_PX && px < first + length + OUTSIDE_PX;
    tick.style.display = inside ? "" : "none";
    const moved = isX ? `translate(${px},0)` : `translate(0,${px})`;
    const transform = (element.getAttribute("transform") || "").replace(TRANSLATION, moved);
    element.setAttribute("transform", transform);
    known.set(element, { value, transform });
  }
}

/** Show all ticks again: Plotly is about to draw them. */
export function showTicks() {
  for (const tick of tickElements()) tick.style.display = "";
}
