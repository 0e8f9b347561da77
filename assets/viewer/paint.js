/**
 * Painting an image: its numbers through the look-up table, scaled into the axes of the plot, what
 * lies over it, and the labels of the colour bar.
 *
 * Pixel i is painted from i - 0.5 to i + 0.5, and the server's boxes count edges of pixels: the two
 * differ by half a pixel.
 */
import { canvasById, contextOf } from "../core/dom.js";
import { themeChanged } from "../core/theme.js";
import { shortNumber, ticks } from "../core/ticks.js";
import { plane as currentPlane } from "./axes.js";
import { paintOverlays } from "./overlay_painting.js";
import { overlaysOf } from "./overlays.js";
import { limitsOf, paintView, stopsOf, stretchOf } from "./pixels.js";
import { imageOnShow, imagePainted, isReady, viewer } from "./state.js";

/**
 * @typedef {import("./state.js").FileInfo} FileInfo
 * @typedef {import("./state.js").View} View
 * @typedef {import("../core/plot_geometry.js").Plane} Plane
 */

/** From the centre of a pixel, which axes count, to its edge, which boxes count. */
export const HALF_PIXEL = 0.5;
const LABELS_MS = 60; // the colours follow the pointer, the labels when it stops
const LABEL_DISTANCE = 0.07; // of the colour bar

/** Holds the view at its own resolution. @type {HTMLCanvasElement | null} */
let painted = null;
let frame = 0;
let repaint = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let labelTimer;
/** What the colour bar says. @type {{graph: Element | null, signature: string}} */
let labelled = { graph: null, signature: "" };
let background = ""; // where there is no image; reading the style sheet takes long

/** Colour the numbers again and paint them with the next frame. */
export function recolour() {
  repaint = true;
  paintSoon();
}

/** Paint with the next frame. */
export function paintSoon() {
  frame ||= requestAnimationFrame(paintNow);
}

/** Paint at once, for the frame that comes next. */
export function paintNow() {
  cancelAnimationFrame(frame);
  frame = 0;
  const { view, options } = viewer;
  const canvas = canvasById("canvas");
  if (!canvas || !isReady()) return;
  const recolours = repaint && view !== null;
  repaint = false;
  if (recolours) {
    painted ||= document.createElement("canvas");
    paintView(view, options, painted);
  }
  const plane = currentPlane();
  const image = view ? imageOnShow() : null;
  const context = fittedContext(canvas);
  background ||= getComputedStyle(canvas).getPropertyValue("--nothing");
  context.fillStyle = background;
  context.fillRect(plane.left, plane.top, plane.width, plane.height);
  if (image && view) paintImage(context, plane, image, view);
  paintOver(plane, image);
  if (recolours && viewer.info) updateColourBar(viewer.info, view);
  if (image) imagePainted.emit();
}

/**
 * Make a canvas as large as the graph, so that all of them have one grid of screen pixels.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D} Cleared, in CSS pixels.
 */
function fittedContext(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = /** @type {PlotlyGraph} */ (viewer.graph);
  const size = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) {
    [canvas.width, canvas.height] = size;
    Object.assign(canvas.style, { width: width + "px", height: height + "px" });
  }
  const context = contextOf(canvas);
  context.setTransform(size[0] / width, 0, 0, size[1] / height, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Plane} plane
 * @param {FileInfo} info
 * @param {View} view
 */
function paintImage(context, plane, info, view) {
  if (!painted) return;
  /** @type {(box: number[]) => [number, number, number, number]} */
  const place = (box) => {
    const [left, top] = [plane.x(box[0] - HALF_PIXEL), plane.y(box[3] - HALF_PIXEL)];
    return [left, top, plane.x(box[1] - HALF_PIXEL) - left, plane.y(box[2] - HALF_PIXEL) - top];
  };
  context.save();
  context.beginPath();
  context.rect(plane.left, plane.top, plane.width, plane.height);
  context.clip();
  context.beginPath();
  context.rect(...place([0, info.n_x, 0, info.n_y]));
  context.clip();
  const target = place(view.box);
  const scale = window.devicePixelRatio || 1;
  context.imageSmoothingEnabled = Math.abs(target[2] * scale) < painted.width;
  context.imageSmoothingQuality = "high";
  context.drawImage(painted, ...target);
  context.restore();
}

/** @param {Plane} plane @param {FileInfo | null} image */
function paintOver(plane, image) {
  const canvas = canvasById("overlay");
  if (!canvas) return;
  const context = fittedContext(canvas);
  if (image) paintOverlays(context, plane, overlaysOf(image).apertures, viewer.options);
}

/** The colour bar shows 0…1 through the stretch, labelled with values. */
/** @param {FileInfo} info @param {View} view */
function updateColourBar(info, view) {
  const { graph, options } = viewer;
  if (!graph?.data?.[0]?.marker) return;
  const [low, high] = limitsOf(view, options);
  const { map, invert, stretch } = options;
  const signature = [info.id, low, high, map, invert, stretch, info.uirevision].join();
  if (labelled.graph === graph && labelled.signature === signature) return;
  labelled = { graph, signature };
  const bend = stretchOf(options);
  /** @type {[number, number][]} */
  const labels = [];
  for (const value of ticks(low, high, stretch === "linear" ? 6 : 12)) {
    const t = bend((value - low) / (high - low));
    const last = labels.at(-1);
    if (!last || t - last[0] > LABEL_DISTANCE) labels.push([t, value]);
  }
  clearTimeout(labelTimer);
  labelTimer = setTimeout(() => labelColourBar(labels, stopsOf(options)), LABELS_MS);
}

/** @param {[number, number][]} labels Place and value. @param {string[]} stops */
function labelColourBar(labels, stops) {
  const { graph } = viewer;
  if (!graph?.data[0] || !window.Plotly) return;
  const values = {
    "marker.colorscale": [stops.map((color, i) => [i / (stops.length - 1), color])],
    "marker.cmin": 0,
    "marker.cmax": 1,
    "marker.colorbar.tickvals": [labels.map(([place]) => place)],
    "marker.colorbar.ticktext": [labels.map(([, value]) => shortNumber(value))],
  };
  void window.Plotly.update(graph, values, {}, [0]); // Dash would take note of a restyle
}

/** The figure was drawn again without the labels of the colour bar. */
export function forgetColourBar() {
  labelled = { graph: null, signature: "" };
}

themeChanged.listen(() => {
  background = "";
  paintSoon();
});
