/** The table of a file's header: showing one HDU, and the cards that a text is found in. */
import { hduChosen } from "../core/commands.js";
import { inputById } from "../core/dom.js";

/** @type {MutationObserver | null} */
let watcher = null;

/**
 * Show the cards that hold every word, and those that come into the table later.
 *
 * @param {string | null} text
 */
export function filterHeader(text) {
  const words = (text || "").toLowerCase().split(/\s+/).filter(Boolean);
  /** @type {HTMLElement | null} */
  const chosen = document.querySelector("#header-table [data-command=hdu][aria-pressed=true]");
  const hdu = chosen?.dataset.hdu || "";
  const apply = () => {
    for (const body of document.querySelectorAll("#header-table tbody")) {
      filterBody(/** @type {HTMLTableSectionElement} */ (body), words, hdu);
    }
  };
  apply();
  watcher?.disconnect();
  watcher = new MutationObserver(apply);
  const table = document.getElementById("header-table");
  if (table) watcher.observe(table, { childList: true, subtree: true });
}

/** @param {HTMLTableSectionElement} body @param {string[]} words @param {string} hdu */
function filterBody(body, words, hdu) {
  const cards = [...body.rows].filter((row) => row.cells.length > 1);
  for (const row of cards) {
    const text = (row.textContent || "").toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  const otherHdu = Boolean(hdu && body.dataset.hdu !== hdu);
  body.hidden = otherHdu || cards.every((row) => row.hidden);
}

hduChosen.listen(() => filterHeader(inputById("header-search")?.value ?? ""));
