/** Cuts through an image: the values along a row and along a column, where one clicks. */
import { parameter, parseNumbers } from "../core/address.js";
import { Chart } from "../core/chart.js";
import { byId, canvasById, closest, themeColour } from "../core/dom.js";
import { paintSoon } from "../viewer/paint.js";
import { placeUnderCursor } from "../viewer/readout.js";
import { viewer } from "../viewer/state.js";
import { isAdvancedPage, note } from "./address.js";

/**
 * @typedef {import("../viewer/state.js").FileInfo} FileInfo
 * @typedef {{x: number, y: number, n: number}} Cut
 */

const CLICK_PX = 3; // farther is a drag
const MOST = 999; // rows or columns to average over

/** @type {{row: Chart, column: Chart} | null} */
let charts = null;
/** @type {Cut | null} */
let cut = null;
/** @type {FileInfo | null} */
let image = null;
/** @type {(cut: Cut) => void} */
let writeFields = () => {};
let requests = 0;
/** @type {[number, number] | null} */
let pressed = null;

/**
 * Draw the cuts in their canvases.
 *
 * @param {(cut: Cut) => void} write Writes where they are taken into the fields.
 */
export function attachCuts(write) {
  const [row, column] = [canvasById("row-cut"), canvasById("column-cut")];
  if (!row || !column) return;
  writeFields = write;
  charts = {
    row: new Chart(row, { pad: { left: 68, right: 92 } }),
    column: new Chart(column, { pad: { left: 56, right: 10 } }),
  };
}

/** Another image is on show. */
export function forgetCuts() {
  cut = image = null;
}

/**
 * Take the cuts that the address names, or those through the middle.
 *
 * @param {FileInfo} info
 */
export function startCuts(info) {
  image = info;
  const [x, y, n] = parseNumbers(parameter("cut"), 3) || [info.n_x / 2, info.n_y / 2, 1];
  placeCuts({ x, y, n });
}

/**
 * Take the cuts elsewhere.
 *
 * @param {Partial<Cut>} changes
 */
export function placeCuts(changes) {
  if (!image) return;
  /** @type {(value: number, low: number, high: number) => number} */
  const clip = (value, low, high) => Math.min(Math.max(Math.round(value), low), high);
  const next = { x: 0, y: 0, n: 1, ...cut, ...changes };
  cut = {
    x: clip(next.x, 0, image.n_x - 1),
    y: clip(next.y, 0, image.n_y - 1),
    n: clip(next.n, 1, MOST),
  };
  writeFields(cut);
  note({ cut: `${cut.x},${cut.y},${cut.n}` });
  viewer.options.cross = cut;
  paintSoon();
  void loadCuts();
}

/** Fetch and draw the cuts. */
export async function loadCuts() {
  const serial = ++requests;
  if (!image || !cut || !charts) return;
  const { unit } = image;
  const { x, y, n } = cut;
  const half = Math.floor((n - 1) / 2);
  try {
    const [row, column] = await Promise.all([
      fetchCut(image, "row", y - half, y - half + n - 1),
      fetchCut(image, "column", x - half, x - half + n - 1),
    ]);
    if (serial !== requests || !row || !column) return;
    const colour = themeColour("--spectrum");
    charts.row.set({ label: unit, lines: [{ y: row, colour }] });
    charts.column.set({ lines: [{ y: column, colour }] });
    const mean = n > 1 ? `, mean of ${n}` : "";
    setText("row-cut-said", `Along row ${y}${mean}`);
    setText("column-cut-said", `Along column ${x}${mean} (${unit})`);
  } catch {
    // The image itself reports that the server does not answer.
  }
}

/** @param {string} id @param {string} text */
function setText(id, text) {
  const element = byId(id);
  if (element) element.textContent = text;
}

/**
 * Fetch the mean of rows or of columns of an image.
 *
 * @param {FileInfo} info
 * @param {"row" | "column"} axis
 * @param {number} first
 * @param {number} last
 * @param {boolean} [clean] Without flagged pixels.
 * @returns {Promise<Float32Array | null>} Null: it cannot be had.
 */
export async function fetchCut(info, axis, first, last, clean = false) {
  const n = axis === "row" ? info.n_y : info.n_x;
  const clip = (/** @type {number} */ value) => String(Math.min(Math.max(value, 0), n - 1));
  const query = new URLSearchParams({
    axis,
    first: clip(first),
    last: clip(last),
    v: info.checksum,
  });
  if (clean) query.set("clean", "1");
  const answer = await fetch(`/img/${info.id}/cut?${query}`);
  return answer.status === 200 ? new Float32Array(await answer.arrayBuffer()) : null;
}

/**
 * Show the columns and rows that the image shows.
 *
 * @param {import("../core/plot_geometry.js").Edges} edges
 */
export function frameCuts([x0, x1, y0, y1]) {
  charts?.row.set({ x: [x0, x1] });
  charts?.column.set({ x: [y0, y1] });
}

// A click on the image, without a drag, takes the cuts there.
document.addEventListener(
  "pointerdown",
  (event) => {
    const onImage = isAdvancedPage() && closest(event, "#stage");
    pressed = onImage ? [event.clientX, event.clientY] : null;
  },
  true,
);
document.addEventListener(
  "pointerup",
  (event) => {
    if (!pressed || !cut || event.button !== 0) return;
    if (Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > CLICK_PX) return;
    const place = placeUnderCursor();
    if (place) placeCuts({ x: place[0], y: place[1] });
  },
  true,
);
