/**
 * Where Plotly has put its plot, from its documented layout and from the elements on the page.
 *
 * @typedef {[number, number, number, number]} Edges x0, x1, y0, y1 in units of the axes.
 *
 * @typedef {object} Area The plot within the graph, in CSS pixels.
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 *
 * @typedef {object} Scales How the plot is drawn: functions from values to CSS pixels and back.
 * @property {(value: number) => number} x
 * @property {(value: number) => number} y
 * @property {(px: number) => number} xValue
 * @property {(px: number) => number} yValue
 *
 * @typedef {Area & Scales & {edges: Edges}} Plane
 */

const DRAG_AREA = ".nsewdrag";
const UNKNOWN = [0, 1]; // of an axis before there is a figure

/** The element that covers the plot; finding it takes longer than drawing. */
/** @type {WeakMap<Element, SVGRectElement>} */
const covers = new WeakMap();

/**
 * Return where the plot lies in a graph, null while nothing is drawn.
 *
 * The element that receives drags covers the plot exactly. Its attributes are read, which needs no
 * layout of the page.
 *
 * @param {HTMLElement | null} graph
 * @returns {Area | null}
 */
export function plotArea(graph) {
  if (!graph) return null;
  let cover = covers.get(graph) || null;
  if (!cover || !cover.isConnected) {
    cover = graph.querySelector(DRAG_AREA);
    if (!cover) return null;
    covers.set(graph, cover);
  }
  const { x, y, width, height } = cover;
  return {
    left: x.baseVal.value,
    top: y.baseVal.value,
    width: width.baseVal.value,
    height: height.baseVal.value,
  };
}

/**
 * Return the edges of the axes that Plotly has drawn.
 *
 * @param {PlotlyGraph} graph
 * @returns {Edges}
 */
export function drawnEdges(graph) {
  const { xaxis, yaxis } = graph.layout;
  const [x0, x1] = (xaxis?.range || UNKNOWN).map(Number);
  const [y0, y1] = (yaxis?.range || UNKNOWN).map(Number);
  return [x0, x1, y0, y1];
}

/**
 * Return edges after a change that Plotly has announced.
 *
 * @param {Edges} edges
 * @param {Record<string, any> | null} change Of `plotly_relayouting`.
 * @returns {Edges}
 */
export function edgesAfter(edges, change) {
  const next = /** @type {Edges} */ ([...edges]);
  for (const [axis, k] of /** @type {[string, number][]} */ ([
    ["xaxis", 0],
    ["yaxis", 2],
  ])) {
    for (const end of [0, 1]) {
      const value = change?.[`${axis}.range[${end}]`] ?? change?.[`${axis}.range`]?.[end];
      if (value !== undefined) next[k + end] = Number(value);
    }
  }
  return next;
}

/**
 * Return whether Plotly draws the box of a zoom: it announces edges that it does not show yet.
 *
 * @param {HTMLElement} graph
 * @returns {boolean}
 */
export const isDrawingBox = (graph) => graph.querySelector(".zoombox") !== null;

/**
 * Return how values lie on a plot when its axes reach from edge to edge.
 *
 * @param {Area} area
 * @param {Edges} edges
 * @returns {Plane}
 */
export function planeOf(area, edges) {
  const { left, top, width, height } = area;
  const [x0, x1, y0, y1] = edges;
  return {
    ...area,
    edges,
    x: (value) => left + ((value - x0) / (x1 - x0)) * width,
    y: (value) => top + height - ((value - y0) / (y1 - y0)) * height,
    xValue: (px) => x0 + ((px - left) / width) * (x1 - x0),
    yValue: (px) => y0 + ((top + height - px) / height) * (y1 - y0),
  };
}

/**
 * Return whether an announced change concerns the axes, and not only the size.
 *
 * @param {Record<string, any> | null} change
 * @param {RegExp} [axes]
 * @returns {boolean}
 */
export function concernsAxes(change, axes = /^[xy]axis/) {
  return Object.keys(change || {}).some((name) => axes.test(name));
}
