/** Search: the table and the fields follow the address, and the address follows them. */
import { goTo, withParameters } from "../core/address.js";
import { setProps } from "../core/dash.js";
import { closest, inputById } from "../core/dom.js";
import { gridApi } from "./grid.js";

/**
 * @typedef {object} Query What the address asks for.
 * @property {string} key The filters.
 * @property {string} ordering
 * @property {number} page
 *
 * @typedef {object} Table The table on show.
 * @property {any} api Of AG Grid.
 * @property {string} key
 * @property {string} ordering
 * @property {number | null} wantedPage
 */

const GRID = "search-grid";
const FIELDS = ["file_name", "object_name", "date_from", "date_to"];
const CONE = ["ra", "dec", "radius"];
const USUAL_ORDERING = "-date";
const REST_MS = 350; // typing has stopped
const LIVE_MS = 1500; // a burst of new files refreshes the table once
const DATE = /^(\d{4}-\d\d-\d\d)?$/;

/** @type {Table | null} */
let table = null;
let followed = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshing;

const isSearchPage = () => location.pathname.replace(/\/$/, "") === "/search";

/**
 * Read what the address asks for.
 *
 * @param {string} search
 * @returns {Query}
 */
export function readQuery(search) {
  const query = new URLSearchParams(search);
  const ordering = query.get("ordering") || USUAL_ORDERING;
  const page = Math.max(1, parseInt(query.get("page") || "1", 10) || 1);
  query.delete("page");
  query.delete("ordering");
  query.sort();
  return { key: query.toString(), ordering, page };
}

/** Ask for something else, from its first page. */
/** @param {Record<string, string>} values @param {boolean} [replace] */
function change(values, replace = false) {
  goTo(withParameters(location.href, { page: "", ...values }), replace);
}

/** @param {number} page */
function goToPage(page) {
  goTo(withParameters(location.href, { page: page > 1 ? page : "" }));
}

// -- the table -----------------------------------------------------------------------------------

/** @param {any} api @param {Query} query @returns {Table} */
function attach(api, query) {
  const { key, ordering, page } = query;
  /** @type {Table} */
  const mine = { api, key, ordering, wantedPage: page };
  const open = (/** @type {{id: number} | undefined} */ data) => data && goTo("/data/" + data.id);
  api.addEventListener("sortChanged", (/** @type {{source: string}} */ event) => {
    if (event.source === "uiColumnSorted") sorted(mine);
  });
  api.addEventListener("modelUpdated", () => turnPage(mine));
  api.addEventListener("paginationChanged", (/** @type {{newPage: boolean}} */ event) => {
    if (!event.newPage || mine.wantedPage !== null || !isSearchPage()) return;
    const current = api.paginationGetCurrentPage() + 1;
    if (current !== readQuery(location.search).page) goToPage(current);
  });
  api.addEventListener(
    "rowClicked",
    (/** @type {{event?: Event, data?: any}} */ { event, data }) => {
      if (!event || !closest(event, "a, input, .ag-selection-checkbox")) open(data);
    },
  );
  api.addEventListener(
    "cellKeyDown",
    (/** @type {{event: KeyboardEvent, data?: any}} */ pressed) => {
      if (pressed.event.key === "Enter") open(pressed.data);
    },
  );
  return mine;
}

/** A head of the table was clicked. @param {Table} mine */
function sorted(mine) {
  /** @type {{colId: string, sort: string | null}[]} */
  const columns = mine.api.getColumnState();
  const column = columns.find(({ sort }) => sort);
  const sign = column?.sort === "desc" ? "-" : "";
  mine.ordering = column ? sign + column.colId : USUAL_ORDERING;
  mine.wantedPage = 1;
  change({ ordering: mine.ordering === USUAL_ORDERING ? "" : mine.ordering });
}

/** Show the page that is wanted as soon as the table knows that it has so many. @param {Table} mine */
function turnPage(mine) {
  const { api, wantedPage } = mine;
  if (wantedPage === null || api.isDestroyed()) return;
  const pages = api.paginationGetTotalPages();
  const known = api.isLastRowIndexKnown();
  if (wantedPage > pages && !known) return;
  const page = Math.max(0, Math.min(wantedPage, pages) - 1);
  if (api.paginationGetCurrentPage() !== page) api.paginationGoToPage(page);
  if (known) mine.wantedPage = null;
}

/** @param {string} search */
async function follow(search) {
  if (!isSearchPage()) return;
  const serial = ++followed;
  const api = await gridApi(GRID);
  // While the table came, the address has gone on; who asks first is not always answered first.
  if (serial !== followed || !isSearchPage()) return;
  const query = readQuery(search);
  if (!table || table.api !== api) {
    table = attach(api, query);
    return turnPage(table);
  }
  update(table, query);
  writeFields(search);
}

/** Make the table that of a query. @param {Table} mine @param {Query} query */
function update(mine, query) {
  const { api } = mine;
  const isReordered = query.ordering !== mine.ordering;
  const isRefiltered = query.key !== mine.key;
  Object.assign(mine, { key: query.key, ordering: query.ordering, wantedPage: query.page });
  if (isRefiltered) api.deselectAll();
  if (isReordered) {
    const colId = query.ordering.replace(/^-/, "");
    const sort = query.ordering.startsWith("-") ? "desc" : "asc";
    api.applyColumnState({ state: [{ colId, sort }], defaultState: { sort: null } });
  } else if (isRefiltered) {
    api.purgeInfiniteCache();
  }
  turnPage(mine);
}

/** @returns {Table | null} The table on show. */
const drawnTable = () => (table && !table.api.isDestroyed() ? table : null);

/** Read the rows again that are loaded, where they are. */
function refreshSoon() {
  if (!isSearchPage()) return;
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    if (isSearchPage()) drawnTable()?.api.refreshInfiniteCache();
  }, LIVE_MS);
}

/**
 * Make the table that of the address, or refresh it after new files.
 *
 * @param {string | null} search
 */
export function followSearchAddress(search) {
  const { triggered } = window.dash_clientside.callback_context;
  const isLive = triggered.length === 1 && triggered[0].prop_id === "live-index.data";
  // A table that has just been drawn is not known yet, whatever it was that called.
  if (isLive && drawnTable()) refreshSoon();
  else void follow(search || "");
}

// -- the fields ----------------------------------------------------------------------------------

/** @param {string} search */
function writeFields(search) {
  const query = new URLSearchParams(search);
  for (const name of [...FIELDS, ...CONE]) {
    const field = inputById("q-" + name);
    const value = query.get(name) || "";
    if (field && field !== document.activeElement && field.value !== value) {
      setProps(field.id, { value });
    }
  }
}

/** @param {string[]} names @returns {Record<string, string>} */
const readFields = (names) =>
  Object.fromEntries(names.map((name) => [name, inputById("q-" + name)?.value.trim() || ""]));

/** Go to the page that is typed. */
function goToTypedPage() {
  const page = parseInt(inputById("search-page")?.value || "", 10);
  if (!(page >= 1)) return;
  // A table that has just been drawn has one page until it has asked how many there are.
  const api = drawnTable()?.api;
  const known = api && api.isLastRowIndexKnown();
  goToPage(known ? Math.min(page, Math.max(1, api.paginationGetTotalPages())) : page);
}

/** @param {Event} event @returns {string} Name of the field that it came from. */
function fieldOf(event) {
  const id = event.target instanceof Element ? event.target.id : "";
  return id.startsWith("q-") ? id.slice(2) : "";
}

document.addEventListener("input", (event) => {
  const name = fieldOf(event);
  if (!isSearchPage() || !FIELDS.includes(name)) return;
  clearTimeout(typing);
  const [value] = Object.values(readFields([name]));
  if (name.startsWith("date_") && !DATE.test(value)) return;
  typing = setTimeout(() => change(readFields([name]), true), REST_MS);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !isSearchPage()) return;
  if (closest(event, "#search-page")) return goToTypedPage();
  const name = fieldOf(event);
  clearTimeout(typing);
  if (CONE.includes(name)) change(readFields(CONE));
  else if (FIELDS.includes(name)) change(readFields([name]));
});

document.addEventListener("click", (event) => {
  const button = closest(event, "button");
  if (button?.id === "search-cone") change(readFields(CONE));
  else if (button?.id === "search-go") goToTypedPage();
  else if (button?.id === "search-none") table?.api.deselectAll();
});
