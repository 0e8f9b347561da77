/** Tonight: the rows of a night, drawn and updated in place, its plots, its keys. */
import { goTo } from "../core/address.js";
import { setProps } from "../core/dash.js";
import { byId, closest, requiredById } from "../core/dom.js";
import { isNightPage, refreshTrends, takeAnswer } from "./requests.js";
import { paintRow } from "./rows.js";

/**
 * @typedef {import("./rows.js").Row} Row
 *
 * @typedef {object} NightAnswer
 * @property {string} night
 * @property {number} page
 * @property {number} size Rows of a page.
 * @property {boolean} full All rows of the page, and not only those that have changed.
 * @property {Row[]} rows
 */

const MOST_ROWS = 500; // of a night that is open for hours

/** @type {{night: string | null, page: number}} */
let shown = { night: null, page: 1 };

// -- rows: a line that stays is never moved, so that what one looks at stays ---------------------

/**
 * Draw rows of a night.
 *
 * @param {NightAnswer | null} answer
 */
export function drawNight(answer) {
  const body = byId("night-rows");
  if (!body || !answer) return;
  const { night, page, size, full, rows } = answer;
  const isOther = shown.night !== night || shown.page !== page;
  if (!isOther || full) {
    shown = { night, page };
    if (full) removeOthers(body, rows, isOther);
    for (const row of rows) drawRow(body, row, full || page === 1);
    const most = full ? size : Math.max(size, Math.min(MOST_ROWS, body.children.length));
    while (body.children.length > most) body.lastElementChild?.remove();
    const isEmpty = !body.children.length;
    requiredById("night-empty").hidden = !isEmpty;
    requiredById("night-table").hidden = isEmpty;
  }
  takeAnswer(shown.night);
}

/** @param {HTMLElement} body @param {Row[]} rows @param {boolean} isOther Another night or page. */
function removeOthers(body, rows, isOther) {
  if (isOther) return body.replaceChildren();
  const kept = new Set(rows.map((row) => String(row.id)));
  for (const line of linesOf(body)) if (!kept.has(line.dataset.id || "")) line.remove();
}

/** @param {HTMLElement} body */
const linesOf = (body) => [...body.children].map((line) => /** @type {HTMLElement} */ (line));

/** @param {HTMLElement} body @param {Row} row @param {boolean} mayAdd Else it is on another page. */
function drawRow(body, row, mayAdd) {
  /** @type {HTMLElement | null} */
  let line = body.querySelector(`tr[data-id="${row.id}"]`);
  if (!line) {
    if (!mayAdd) return;
    line = document.createElement("tr");
    line.dataset.id = String(row.id);
    body.insertBefore(line, linesOf(body).find((other) => isBefore(other, row)) || null);
  }
  paintRow(line, row);
}

/** The newest rows come first. @param {HTMLElement} line @param {Row} row */
function isBefore(line, row) {
  const at = line.dataset.at || "";
  return at < row.at || (at === row.at && Number(line.dataset.id) < row.id);
}

// -- plots: as many side by side as there is room for --------------------------------------------

/** Width of the window, CSS pixels, and how many there are then. */
const COLUMNS = [
  [1150, 9],
  [700, 4],
  [0, 2],
];

/** The plots whose clicks are handled. @type {WeakSet<Element>} */
const heard = new WeakSet();

function fitColumns() {
  const plots = byId("night-plots");
  if (!plots) return;
  const [, columns] = COLUMNS.find(([width]) => innerWidth >= width) || COLUMNS[0];
  if (Number(plots.dataset.columns) === columns) return;
  plots.dataset.columns = String(columns);
  setProps("night-columns", { data: columns });
}

/** A click on a point leads to its file. */
function hearPlots() {
  /** @type {NodeListOf<PlotlyGraph>} */
  const plots = document.querySelectorAll(".night .js-plotly-plot");
  for (const plot of plots) {
    if (!plot.on || heard.has(plot)) continue;
    heard.add(plot);
    plot.on("plotly_click", ({ points: [point] }) => {
      if (point?.customdata) goTo("/data/" + point.customdata);
    });
  }
}

/** @param {Event} event */
function unfolded(event) {
  const { target } = event;
  if (!(target instanceof HTMLDetailsElement) || !target.open) return;
  if (target.id === "night-fold") refreshTrends(0);
  if (target.id === "night-months") window.dispatchEvent(new Event("resize")); // it had no size
}

document.addEventListener("toggle", unfolded, true);
window.addEventListener("resize", fitColumns);
new MutationObserver(() => {
  if (!isNightPage()) return;
  fitColumns();
  hearPlots();
}).observe(document.documentElement, { childList: true, subtree: true });

// -- the list of nights, and keys ----------------------------------------------------------------

/** @returns {HTMLDetailsElement | null} */
const openList = () => document.querySelector("#night-head details[open]");

// A night chosen from the list closes it; so does a click elsewhere, and Escape.
document.addEventListener("click", (event) => {
  const list = openList();
  if (!list) return;
  const outside = event.target instanceof Node && !list.contains(event.target);
  if (closest(event, "#night-head li a") || outside) list.open = false;
});

document.addEventListener("keydown", (event) => {
  if (!isNightPage() || event.ctrlKey || event.metaKey || event.altKey) return;
  const list = openList();
  if (event.key === "Escape" && list) {
    list.open = false;
    return;
  }
  if (closest(event, "input, textarea, select, .js-plotly-plot")) return;
  const isDown = event.key === "ArrowDown";
  if (!isDown && event.key !== "ArrowUp") return;
  /** @type {NodeListOf<HTMLElement>} */
  const links = document.querySelectorAll("#night-rows td.file a");
  const line = document.activeElement?.closest("#night-rows tr");
  const current = [...links].findIndex((link) => line?.contains(link));
  const next = links[isDown ? current + 1 : Math.max(current - 1, 0)];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
