/**
 * The read-out: the value of the very pixel under the cursor, at any zoom, and what its place means.
 *
 * Numbers on show may be means of several pixels; the pixel itself comes in a small tile at full
 * resolution.
 */
import { byId, closest } from "../core/dom.js";
import { plane } from "./axes.js";
import { meaningOf } from "./overlays.js";
import { decode, marksAt, readView } from "./pixels.js";
import { fileShown, imageOnShow, imagePainted, isReady, viewer } from "./state.js";

/**
 * @typedef {import("./state.js").FileInfo} FileInfo
 * @typedef {import("./state.js").View} View
 */

const TILE = 128;
const TILES_KEPT = 60;
const REST_MS = 25; // the cursor passes over many tiles on its way
const SATURATED = 1;
const COSMIC_RAY = 2;

/** By file, column and row; null while a tile is on its way. @type {Map<string, View | null>} */
const tiles = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {{clientX: number, clientY: number} | null} */
let cursor = null;

/** @param {FileInfo} info @param {number} i @param {number} j @returns {Promise<View | null>} */
async function fetchTile(info, i, j) {
  const query = new URLSearchParams({
    x0: String(i * TILE),
    x1: String(Math.min((i + 1) * TILE, info.n_x)),
    y0: String(j * TILE),
    y1: String(Math.min((j + 1) * TILE, info.n_y)),
    w: String(TILE),
    h: String(TILE),
    v: info.checksum,
  });
  const answer = await fetch(`/img/${info.id}/view?${query}`);
  if (answer.status !== 200) return null;
  const facts = JSON.parse(answer.headers.get("X-View") || "{}");
  return readView(info.id, facts, await answer.arrayBuffer());
}

/** @param {FileInfo} info @param {number} i @param {number} j @param {string} key */
async function loadTile(info, i, j, key) {
  tiles.set(key, null);
  const tile = await fetchTile(info, i, j).catch(() => null);
  if (!tile) return void tiles.delete(key);
  tiles.set(key, tile);
  const [oldest] = tiles.keys();
  if (tiles.size > TILES_KEPT) tiles.delete(oldest);
  showReadout();
}

/**
 * Return the value and the marks of a pixel.
 *
 * @param {FileInfo} info
 * @param {number} x
 * @param {number} y
 * @returns {{value: number, marks: number} | null} Null until it is known; then it is shown.
 */
function pixelAt(info, x, y) {
  const [i, j] = [Math.floor(x / TILE), Math.floor(y / TILE)];
  const key = `${info.id} ${info.checksum} ${i} ${j}`;
  const tile = tiles.get(key);
  clearTimeout(timer);
  if (tile === undefined) timer = setTimeout(() => void loadTile(info, i, j, key), REST_MS);
  if (!tile) return null;
  const index = (y - tile.box[2]) * tile.shape[1] + (x - tile.box[0]);
  return { value: decode(tile.numbers[index], tile.codec), marks: marksAt(tile, index) };
}

/**
 * Return where the cursor is, in pixels of the image.
 *
 * @returns {[number, number] | null} Null when it is not over one.
 */
export function placeUnderCursor() {
  const { graph, view } = viewer;
  const info = imageOnShow();
  if (!cursor || !graph || !isReady() || !view || !info || view.id !== info.id) return null;
  const corner = graph.getBoundingClientRect();
  const { xValue, yValue } = plane();
  const x = xValue(cursor.clientX - corner.left);
  const y = yValue(cursor.clientY - corner.top);
  const outside = x < -0.5 || y < -0.5 || x >= info.n_x - 0.5 || y >= info.n_y - 0.5;
  return outside ? null : [x, y];
}

function showReadout() {
  const output = byId("readout");
  const stage = byId("stage");
  if (!output || !stage || stage.dataset.kind === "spectrum") return; // which has its own
  const place = placeUnderCursor();
  output.textContent = place && viewer.info ? describe(viewer.info, place) : "";
}

/** @param {FileInfo} info @param {[number, number]} place */
function describe(info, place) {
  const [x, y] = place.map(Math.round);
  const pixel = pixelAt(info, x, y);
  const parts = [`x ${x}  y ${y}`, pixel ? amount(pixel.value, info.unit) : "…"];
  parts.push(...meaningOf(place[0], place[1], info));
  if (pixel && pixel.marks & SATURATED) parts.push("saturated");
  if (pixel && pixel.marks & COSMIC_RAY) parts.push("cosmic ray");
  return parts.join("   ");
}

/** @param {number} value @param {string} unit */
const amount = (value, unit) =>
  Number.isNaN(value) ? "no value" : `${+value.toPrecision(6)} ${unit}`;

document.addEventListener("mousemove", (event) => {
  const onStage = closest(event, "#stage") !== null;
  if (!onStage && !cursor) return;
  cursor = onStage ? { clientX: event.clientX, clientY: event.clientY } : null;
  showReadout();
});
fileShown.listen(showReadout);
imagePainted.listen(showReadout);
