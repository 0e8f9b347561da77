/**
 * Gestures on an image: wheel, box, pan, pinch, double click and the zoom buttons.
 *
 * They are handled before they reach Plotly, which would draw its axes before the image could follow,
 * and have the meaning that Plotly gives them. A drag on an axis, at the edge of the plot, is
 * Plotly's.
 */
import { create, requiredById } from "../core/dom.js";
import { isSquare, plane, shownEdges } from "./axes.js";
import { hasItsAxes, imageOnShow, viewer } from "./state.js";
import { catchUp, zoomTo } from "./zoom.js";
import { boxBetween, moved, pinched, within, zoomed } from "./zoom_geometry.js";

/**
 * @typedef {import("../core/plot_geometry.js").Edges} Edges
 * @typedef {import("./zoom_geometry.js").Pair} Pair
 *
 * @typedef {object} Drag
 * @property {"box" | "pan" | "pinch"} kind
 * @property {Pair[]} from Where the fingers came down.
 * @property {Edges} edges What was on show then.
 * @property {number} time ms
 * @property {boolean} moved
 */

const PAN_PX = 3; // below it a drag is a click
const DOUBLE_CLICK_MS = 300;
const NOTCH = 20; // the wheel counts no further
const WHEEL = 200;
const CLOSER = 0.5; // of what is on show, by the button

/** @type {PlotlyGraph | null} */
let graph = null;
/** @type {Drag | null} */
let drag = null;
/** @type {HTMLElement | null} */
let boxFrame = null;
let clickedAt = 0; // ms
/** The axes on which a double click would be: what was pressed last. */
let pressedSides = ["", ""];
/** @type {Map<number, Pair>} */
const fingers = new Map();

// -- places --------------------------------------------------------------------------------------

/** @param {MouseEvent} event @returns {Pair} CSS pixels from the left and the top of the plot. */
function placeOf(event) {
  const corner = /** @type {PlotlyGraph} */ (graph).getBoundingClientRect();
  const { left, top } = plane();
  return [event.clientX - corner.left - left, event.clientY - corner.top - top];
}

/** @param {Pair} place @returns {Pair} Shares of the plot, from its left and from its bottom. */
function shareOf([x, y]) {
  const { width, height } = plane();
  return [x / width, 1 - y / height];
}

/**
 * Return which sides of the plot the element under the pointer drags.
 *
 * @param {Event} event
 * @returns {string[] | null} ["ns", "ew"] is the plot itself; null if it is none of these elements.
 */
function sidesOf(event) {
  const name = event.target instanceof Element ? event.target.getAttribute("class") : "";
  const match = /^([ns]*)([ew]*)drag\b/.exec(name || "");
  return match && [match[1], match[2]];
}

/** @param {Event} event */
const isOnPlot = (event) => sidesOf(event)?.join("") === "nsew";

/** @param {Event} event */
function take(event) {
  event.preventDefault();
  event.stopPropagation();
}

// -- wheel and buttons ---------------------------------------------------------------------------

/** On an axis the other one stays, unless pixels are square. @param {WheelEvent} event */
function turnWheel(event) {
  const sides = sidesOf(event);
  if (!sides || !hasItsAxes()) return;
  const [ns, ew] = sides;
  if (ns.length * ew.length === 1) return; // a corner
  take(event);
  if (drag) return;
  const factor = Math.exp(Math.min(Math.max(event.deltaY, -NOTCH), NOTCH) / WHEEL);
  const [shareX, shareY] = shareOf(placeOf(event));
  const square = isSquare();
  zoomTo(
    zoomed(
      shownEdges(),
      [ew || square ? factor : 1, ns || square ? factor : 1],
      [ew ? shareX : 0.5, ns ? shareY : 0.5],
    ),
  );
}

/** @param {MouseEvent} event */
function click(event) {
  /** @type {HTMLElement | null} */
  const button =
    event.target instanceof Element ? event.target.closest(".modebar-btn[data-attr=zoom]") : null;
  if (!button || !hasItsAxes()) return;
  take(event);
  const factors = { in: CLOSER, out: 1 / CLOSER };
  const factor = factors[/** @type {"in" | "out"} */ (button.dataset.val)];
  if (factor) zoomTo(zoomed(shownEdges(), [factor, factor], [0.5, 0.5]));
  else goHome();
}

function goHome() {
  const image = imageOnShow();
  if (image) zoomTo(image.home);
}

/** Show the whole of the axis that was double-clicked; of both where pixels are square. */
function axisDoubleClicked() {
  const image = imageOnShow();
  if (!image || !hasItsAxes()) return;
  const [ns, ew] = pressedSides;
  const [x0, x1, y0, y1] = shownEdges();
  const { home } = image;
  const x = ew || isSquare() ? home.slice(0, 2) : [x0, x1];
  const y = ns || isSquare() ? home.slice(2) : [y0, y1];
  zoomTo(/** @type {Edges} */ ([...x, ...y]));
}

// -- drags ---------------------------------------------------------------------------------------

/** @param {PointerEvent} event */
function press(event) {
  if (!hasItsAxes()) return;
  if (!isOnPlot(event)) {
    const sides = sidesOf(event);
    if (!sides) return;
    pressedSides = sides;
    return catchUp(); // Plotly's drag begins at what is on show
  }
  if (event.button !== 0 || event.ctrlKey) return;
  if (event.isPrimary) fingers.clear();
  /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, placeOf(event));
  const pans = (viewer.graph?.layout.dragmode === "pan") !== event.shiftKey;
  const from = [...fingers.values()];
  const kind = from.length > 1 ? "pinch" : pans ? "pan" : "box";
  drag = { kind, from, edges: shownEdges(), time: event.timeStamp, moved: false };
  showBox(null);
}

/** @param {PointerEvent} event */
function move(event) {
  if (!drag || !fingers.has(event.pointerId)) return;
  fingers.set(event.pointerId, placeOf(event));
  const to = [...fingers.values()];
  const [dx, dy] = [to[0][0] - drag.from[0][0], to[0][1] - drag.from[0][1]];
  drag.moved ||= Math.hypot(dx, dy) >= PAN_PX;
  if (!hasItsAxes()) return;
  if (drag.kind === "box") showBox(boxTo(drag, to[0]));
  else if (drag.kind === "pinch") zoomTo(pinched(drag.edges, drag.from, to, shareOf));
  else if (drag.moved) {
    const { width, height } = plane();
    zoomTo(moved(drag.edges, [dx / width, -dy / height]));
  }
}

/** @param {Drag} drag @param {Pair} place */
function boxTo({ from }, [x, y]) {
  const area = plane();
  /** @type {Pair} */
  const to = [Math.min(Math.max(x, 0), area.width), Math.min(Math.max(y, 0), area.height)];
  return boxBetween(from[0], to, area, isSquare());
}

/** @param {PointerEvent} event */
function release(event) {
  const place = fingers.get(event.pointerId);
  if (!fingers.delete(event.pointerId) || !drag || !place) return;
  const ended = drag;
  const box = ended.kind === "box" && event.type === "pointerup" ? boxTo(ended, place) : null;
  drag = null;
  showBox(null);
  if (!hasItsAxes()) return;
  if (box) zoomTo(within(ended.edges, box, plane()));
  else if (!ended.moved && ended.kind !== "pinch") {
    if (ended.time - clickedAt < DOUBLE_CLICK_MS) goHome();
    clickedAt = ended.time;
  }
}

/** @param {import("./zoom_geometry.js").Box | null} box */
function showBox(box) {
  if (!boxFrame?.isConnected) {
    boxFrame = create("div", { className: "zoom-plot" }, create("div", { className: "zoom-box" }));
    requiredById("stage").append(boxFrame);
  }
  boxFrame.hidden = !box;
  if (!box) return;
  setPlace(boxFrame, plane());
  setPlace(/** @type {HTMLElement} */ (boxFrame.firstChild), box);
}

/** @param {HTMLElement} element @param {import("../core/plot_geometry.js").Area} area */
function setPlace(element, { left, top, width, height }) {
  for (const [name, value] of Object.entries({ left, top, width, height })) {
    element.style.setProperty(name, `${value}px`);
  }
}

/** Plotly must not begin a drag of its own; the focus stays where it is. @param {Event} event */
function keepFromPlotly(event) {
  if (hasItsAxes() && isOnPlot(event)) take(event);
}

/** @type {Record<string, (event: any) => void>} */
const LISTENERS = {
  wheel: turnWheel,
  click,
  pointerdown: press,
  pointermove: move,
  pointerup: release,
  pointercancel: release,
  mousedown: keepFromPlotly,
  touchstart: keepFromPlotly,
};

/**
 * Handle gestures on a graph before Plotly does.
 *
 * @param {PlotlyGraph} element
 */
export function attachGestures(element) {
  [graph, drag] = [element, null];
  fingers.clear();
  for (const [name, listener] of Object.entries(LISTENERS)) {
    element.addEventListener(name, listener, { capture: true, passive: false });
  }
  element.on("plotly_doubleclick", axisDoubleClicked); // only of the axes: the plot's is taken
}
