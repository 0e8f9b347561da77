/** The profile along the slit, in which the windows are dragged. */
import { parameter, parseNumbers } from "../core/address.js";
import { Chart } from "../core/chart.js";
import { canvasById, themeColour } from "../core/dom.js";
import { traceRow } from "../viewer/coordinates.js";
import { BACKGROUND_COLOUR } from "../viewer/overlay_painting.js";
import { roundRows } from "./address.js";
import { fetchCut } from "./cuts.js";
import { edgesOf, state, WINDOWS_COLOUR } from "./windows_state.js";

/**
 * @typedef {import("./windows_state.js").WindowName} WindowName
 *
 * @typedef {object} Actions
 * @property {(name: WindowName, end: 0 | 1, value: number) => void} move
 * @property {() => void} changed
 * @property {() => void} remember
 *
 * @typedef {object} Drag
 * @property {WindowName | null} name Null: the profile itself.
 * @property {0 | 1 | null} end Null: the window as a whole.
 * @property {number} px
 * @property {number[]} rows On show when the drag began.
 * @property {number[]} edges Of the window, then.
 */

const GRAB_PX = 7;
const AROUND = 0.35; // rows beside the windows, of what they span
const WHEEL_CLOSER = 0.8;

/** The mean of the columns, by row. @type {Float32Array | null} */
let profile = null;
/** @type {Chart | null} */
let chart = null;
/** @type {Actions | null} */
let actions = null;

/** @returns {number} The row of the trace in the middle of the columns. */
function traceMiddle() {
  const { windows, range } = state;
  return windows ? traceRow(windows.trace, (range[0] + range[1]) / 2) : 0;
}

/**
 * Draw the profile in its canvas.
 *
 * @param {Actions} given
 */
export function attachProfile(given) {
  const canvas = canvasById("profile");
  if (!canvas) return;
  actions = given;
  const drawn = (chart = new Chart(canvas, { label: state.info?.unit }));
  listenTo(canvas, drawn);
  const turn = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    const row = drawn.value(placeOf(event));
    const factor = event.deltaY < 0 ? WHEEL_CLOSER : 1 / WHEEL_CLOSER;
    zoomTo(drawn.x.map((edge) => row + (edge - row) * factor));
  };
  canvas.addEventListener("wheel", turn, { passive: false });
}

/** Another image is on show. */
export function forgetProfile() {
  profile = chart = null;
}

/** Fetch and draw the profile. */
export async function loadProfile() {
  const { info, range } = state;
  if (!info) return;
  const cut = await fetchCut(info, "column", range[0], range[1], true).catch(() => null);
  if (!cut || info !== state.info || range !== state.range) return;
  profile = cut;
  if (state.windows?.level) levelTrace(cut);
  drawProfile();
}

/** Lay the trace through the brightest row. @param {Float32Array} rows */
function levelTrace(rows) {
  const { windows } = state;
  if (!windows) return;
  const brightest = Math.max(...rows.filter(Number.isFinite));
  windows.trace = [Math.max(0, rows.indexOf(brightest))];
  windows.level = false;
  frameProfile();
  actions?.changed();
}

/** Draw the profile and the windows. */
export function drawProfile() {
  const { windows } = state;
  if (!windows || !chart) return;
  const middle = traceMiddle();
  /** @type {(edges: number[], colour: string) => import("../core/chart.js").Span} */
  const span = ([low, high], colour) => ({ low: middle + low, high: middle + high, colour });
  chart.set({
    lines: profile ? [{ y: profile, colour: themeColour("--spectrum") }] : [],
    spans: [
      ...windows.zones.map((zone) => span(zone, BACKGROUND_COLOUR)),
      span(windows.aperture, WINDOWS_COLOUR),
    ],
    marks: [{ x: middle, colour: WINDOWS_COLOUR }],
  });
}

// -- rows on show --------------------------------------------------------------------------------

/** @returns {number[]} The rows that show all windows. */
function allRows() {
  const { windows } = state;
  if (!windows) return [0, 1];
  const rows = [...windows.aperture, ...windows.zones.flat()].map((edge) => traceMiddle() + edge);
  const [low, high] = [Math.min(...rows), Math.max(...rows)];
  const around = AROUND * (high - low);
  return [low - around, high + around].map(roundRows);
}

/** Show all windows. */
export function frameProfile() {
  chart?.set({ x: allRows() });
}

/** @param {number[]} rows */
function zoomTo(rows) {
  chart?.set({ x: rows.map(roundRows) });
  actions?.remember();
}

/** @returns {number[]} The rows on show, none when they are those that show all windows. */
export function zoomedRows() {
  return !chart || chart.x.join() === allRows().join() ? [] : [...chart.x];
}

/** Show the rows that the address names. */
export function restoreProfile() {
  const rows = parseNumbers(parameter("profile"), 2);
  if (rows && rows[0] < rows[1]) chart?.set({ x: rows });
}

// -- dragging ------------------------------------------------------------------------------------

/** @param {MouseEvent} event @returns {number} CSS pixels from the left of the canvas. */
const placeOf = (event) =>
  event.clientX - /** @type {Element} */ (event.currentTarget).getBoundingClientRect().left;

/**
 * Return which window lies at a place, and which of its edges.
 *
 * @param {Chart} drawn
 * @param {number} px
 * @returns {{name: WindowName | null, end: 0 | 1 | null}}
 */
function windowAt(drawn, px) {
  const { windows } = state;
  if (!windows) return { name: null, end: null };
  const middle = traceMiddle();
  const names = /** @type {WindowName[]} */ (["aperture", "zone0", "zone1"]);
  for (const name of names) {
    for (const end of /** @type {(0 | 1)[]} */ ([0, 1])) {
      const edges = edgesOf(windows, name);
      if (edges && Math.abs(drawn.px(middle + edges[end]) - px) < GRAB_PX) return { name, end };
    }
  }
  const row = drawn.value(px) - middle;
  const inside = names.find((name) => {
    const edges = edgesOf(windows, name);
    return edges && row > edges[0] && row < edges[1];
  });
  return { name: inside || null, end: null };
}

/** @param {HTMLCanvasElement} canvas @param {Chart} drawn */
function listenTo(canvas, drawn) {
  /** @type {Drag | null} */
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    const px = placeOf(event);
    const { name, end } = windowAt(drawn, px);
    const edges = (name && state.windows && edgesOf(state.windows, name)) || [];
    drag = { name, end, px, rows: [...drawn.x], edges: [...edges] };
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const px = placeOf(event);
    if (drag) return continueDrag(drag, drawn, px);
    const { name, end } = windowAt(drawn, px);
    canvas.style.cursor = name === null ? "" : end === null ? "grab" : "ew-resize";
  });
  for (const ending of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(ending, () => (drag = null));
  }
}

/** @param {Drag} drag @param {Chart} drawn @param {number} px */
function continueDrag({ name, end, px: from, rows, edges }, drawn, px) {
  const moved = ((px - from) * (rows[1] - rows[0])) / drawn.box.width;
  const current = name && state.windows && edgesOf(state.windows, name);
  if (!name || !current) return zoomTo(rows.map((row) => row - moved));
  if (end !== null) return actions?.move(name, end, edges[end] + moved);
  current[0] = edges[0] + moved;
  current[1] = edges[1] + moved;
  actions?.changed();
}
