// Search: the table and the fields follow the address, and the address follows them.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const GRID = "search-grid";
  const FIELDS = ["file_name", "object_name", "date_from", "date_to"];
  const CONE = ["ra", "dec", "radius"];
  const REST_MS = 350; // the hand rests
  const LIVE_MS = 1500; // a burst of new files is one refreshment of the table

  let table = null; // {api, key, ordering, wanted}: the table on show
  let followed = 0; // how many addresses the table was to follow
  let timer = null;
  let refreshing = null;

  const here = () => location.pathname.replace(/\/$/, "") === "/search";

  function asked(search) {
    const query = new URLSearchParams(search || "");
    const ordering = query.get("ordering") || "-date";
    const page = Math.max(1, parseInt(query.get("page") || "1", 10) || 1);
    query.delete("page");
    query.delete("ordering");
    query.sort();
    return { key: query.toString(), ordering, page };
  }

  // Go to this address with other values; a change of what is shown begins at its first page.
  function change(values, replace) {
    const url = new URL(location.href);
    url.searchParams.delete("page");
    for (const [name, value] of Object.entries(values)) {
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    gsp.go(url.pathname + url.search, replace);
  }

  // -- the table ---------------------------------------------------------------------------------
  function attach(api, want) {
    table = { api, key: want.key, ordering: want.ordering, wanted: want.page };
    const ours = table;
    api.addEventListener("sortChanged", (event) => {
      if (event.source !== "uiColumnSorted") return;
      const column = api.getColumnState().find((one) => one.sort);
      ours.ordering = column ? (column.sort === "desc" ? "-" : "") + column.colId : "-date";
      ours.wanted = 1;
      change({ ordering: ours.ordering === "-date" ? "" : ours.ordering });
    });
    api.addEventListener("modelUpdated", () => turn(ours));
    api.addEventListener("paginationChanged", (event) => {
      if (!event.newPage || ours.wanted !== null || !here()) return;
      const page = api.paginationGetCurrentPage() + 1;
      if (page === asked(location.search).page) return;
      const url = new URL(location.href);
      if (page > 1) url.searchParams.set("page", page);
      else url.searchParams.delete("page");
      gsp.go(url.pathname + url.search);
    });
    api.addEventListener("rowClicked", (event) => {
      const target = event.event && event.event.target;
      if (!event.data || (target && target.closest("a, input, .ag-selection-checkbox"))) return;
      gsp.go("/data/" + event.data.id);
    });
    api.addEventListener("cellKeyDown", (event) => {
      if (event.event.key === "Enter" && event.data) gsp.go("/data/" + event.data.id);
    });
    turn(ours);
  }

  // Show the page that is wanted as soon as the table knows that it has so many.
  function turn(ours) {
    if (ours.wanted === null || ours.api.isDestroyed()) return;
    const pages = ours.api.paginationGetTotalPages();
    const known = ours.api.isLastRowIndexKnown();
    if (ours.wanted <= pages || known) {
      const page = Math.max(0, Math.min(ours.wanted, pages) - 1);
      if (ours.api.paginationGetCurrentPage() !== page) ours.api.paginationGoToPage(page);
      if (known) ours.wanted = null;
    }
  }

  async function follow(search) {
    if (!here() || !window.dash_ag_grid) return;
    const mine = ++followed;
    const api = await window.dash_ag_grid.getApiAsync(GRID);
    // While the table came, the address has gone on; who asks first is not always answered first.
    if (mine !== followed || !here()) return;
    const want = asked(search);
    if (!table || table.api !== api) return attach(api, want);
    const reordered = want.ordering !== table.ordering;
    const refiltered = want.key !== table.key;
    table.key = want.key;
    table.ordering = want.ordering;
    table.wanted = want.page;
    if (refiltered) api.deselectAll();
    if (reordered) {
      const colId = want.ordering.replace(/^-/, "");
      const sort = want.ordering.startsWith("-") ? "desc" : "asc";
      api.applyColumnState({ state: [{ colId, sort }], defaultState: { sort: null } });
    } else if (refiltered) {
      api.purgeInfiniteCache();
    }
    turn(table);
    write(search);
  }

  // The rows that are loaded are read again, where they are.
  function refresh() {
    if (!here() || !table || refreshing) return;
    refreshing = setTimeout(() => {
      refreshing = null;
      if (here() && !table.api.isDestroyed()) table.api.refreshInfiniteCache();
    }, LIVE_MS);
  }

  // -- the fields --------------------------------------------------------------------------------
  function write(search) {
    const query = new URLSearchParams(search || "");
    for (const name of [...FIELDS, ...CONE]) {
      const field = document.getElementById("q-" + name);
      const value = query.get(name) || "";
      if (field && field !== document.activeElement && field.value !== value) {
        gsp.set("q-" + name, { value });
      }
    }
  }

  function read(names) {
    return Object.fromEntries(
      names.map((name) => [name, (document.getElementById("q-" + name) || {}).value?.trim() || ""])
    );
  }

  function page() {
    const value = parseInt((document.getElementById("search-page") || {}).value, 10);
    if (!(value >= 1)) return;
    // A table that has just been drawn has one page until it has asked how many there are.
    const known = table && !table.api.isDestroyed() && table.api.isLastRowIndexKnown();
    const last = known ? Math.max(1, table.api.paginationGetTotalPages()) : value;
    const url = new URL(location.href);
    url.searchParams.set("page", Math.min(value, last));
    if (url.searchParams.get("page") === "1") url.searchParams.delete("page");
    gsp.go(url.pathname + url.search);
  }

  document.addEventListener("input", (event) => {
    const name = (event.target.id || "").replace(/^q-/, "");
    if (!here() || !FIELDS.includes(name)) return;
    clearTimeout(timer);
    if (name.startsWith("date_") && !/^(\d{4}-\d\d-\d\d)?$/.test(event.target.value.trim())) return;
    timer = setTimeout(() => change(read([name]), true), REST_MS);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !here()) return;
    const id = event.target.id || "";
    if (id === "search-page") return page();
    const name = id.replace(/^q-/, "");
    clearTimeout(timer);
    if (CONE.includes(name)) change(read(CONE));
    else if (id.startsWith("q-") && FIELDS.includes(name)) change(read([name]));
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "search-cone") change(read(CONE));
    else if (button.id === "search-go") page();
    else if (button.id === "search-none" && table) table.api.deselectAll();
  });

  // A file's name is a link of the page, so that it also opens in a tab of its own. Where there is
  // no room, its middle is left out: the end tells target and version.
  const components = (window.dashAgGridComponentFunctions =
    window.dashAgGridComponentFunctions || {});
  components.FileLink = function (props) {
    if (!props.data) return null;
    const { id, file_name, object } = props.data;
    const given = { href: "/data/" + id, "data-go": "", title: [file_name, object].join("\n") };
    const { createElement } = window.React;
    const [tail] = props.value.match(/(_(target|ws)_\d+)?(_v\d+)?(\.fits(\.\w+)?)?$/);
    const head = props.value.slice(0, props.value.length - tail.length);
    return createElement("a", { ...given, tabIndex: -1, className: "file-link" },
      createElement("span", null, head), createElement("span", null, tail));
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    search: {
      follow: (search) => {
        const context = window.dash_clientside.callback_context;
        const live = context.triggered.some((one) => one.prop_id === "live-index.data");
        // A table that has just been drawn is not known yet, whatever it was that called.
        const known = table && !table.api.isDestroyed();
        if (known && live && context.triggered.length === 1) refresh();
        else follow(search);
        return window.dash_clientside.no_update;
      },
    },
  });
})();
