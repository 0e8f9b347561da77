// Tonight: the rows of a night, drawn and updated in place; what changed is asked for by its frames.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const GATHER_MS = 60; // what comes within this time is asked for at once
  const ANSWER_MS = 4000; // an answer that has not come by then is asked for again
  const WORK_MS = 1000;
  const TRENDS_MS = 5000;
  const KEPT = 500; // rows of a night that is open for hours

  let shown = { night: null, page: 1, size: 100 };
  let wanted = new Set(); // frames that changed and were not told yet
  let everything = false;
  let asked = null; // what is under way: {ids, all, until}
  let timer = null;
  let serial = 0;
  const due = {};

  const here = () => /^\/night(\/|$)/.test(location.pathname);

  // -- what is asked of the server ---------------------------------------------------------------
  window.addEventListener("gsp-events", (happened) => {
    if (!here()) return;
    for (const event of happened.detail) {
      if (event.name === "access-changed") everything = true;
      if (event.name !== "run-changed" && !event.name.startsWith("file-")) continue;
      if (event.original != null) wanted.add(event.original);
      else everything = true; // a master: every frame of its series
    }
    if (wanted.size || everything) {
      ask();
      later("live-work", WORK_MS);
      later("live-trends", TRENDS_MS);
    }
  });

  function ask() {
    if (timer) return;
    const rest = asked ? asked.until - Date.now() : 0;
    timer = setTimeout(() => {
      timer = null;
      if (!here()) return;
      if (asked) {
        if (Date.now() < asked.until) return ask();
        asked.ids.forEach((id) => wanted.add(id)); // that answer never came
        everything = everything || asked.all;
      }
      asked = { ids: [...wanted], all: everything, until: Date.now() + ANSWER_MS };
      wanted = new Set();
      everything = false;
      const ids = asked.all ? null : asked.ids;
      gsp.set("live-night", { data: { ids, night: shown.night, n: ++serial } });
      const ours = asked;
      setTimeout(() => asked === ours && ask(), ANSWER_MS + 20);
    }, Math.max(rest, everything ? 10 * GATHER_MS : GATHER_MS));
  }

  function later(store, wait) {
    if (due[store]) return;
    due[store] = setTimeout(() => {
      due[store] = null;
      const fold = document.getElementById("night-fold");
      if (here() && (store !== "live-trends" || (fold && fold.open))) {
        gsp.set(store, { data: ++serial });
      }
    }, wait);
  }

  // -- a row -------------------------------------------------------------------------------------
  function element(name, facts, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(facts || {})) {
      if (value != null && value !== "") made.setAttribute(key, value);
    }
    made.append(...inside.filter((part) => part != null && part !== ""));
    return made;
  }

  const LABELS = { seeing: "″ seeing", snr: "S/N" }; // where there is no room for a head

  const link = (href, text, title) => element("a", { href, title, "data-go": "yes" }, text);

  function stage(step) {
    const box = element("span", { class: `step ${step.state}${step.stale ? " stale" : ""}` });
    const [first, ...others] = step.files;
    box.title = step.title;
    box.append(first ? link(first.href, step.label, step.title) : step.label);
    others.forEach((one, i) => box.append(link(one.href, String(i + 2), one.name)));
    if (step.progress != null) {
      const facts = { value: step.progress, max: 100, "aria-label": step.title.split("\n")[0] };
      box.append(element("progress", facts));
    } else if (step.mark) {
      box.append(element("span", { class: "run-mark " + step.state, "aria-hidden": "true" }, step.mark));
    }
    return box;
  }

  function cells(row) {
    const value = (name) => {
      const one = row.values[name];
      const facts = { class: "num" + (one && one.out ? " out" : ""), "data-of": LABELS[name] };
      if (one && one.out) facts.title = "Outside its limits";
      return element("td", facts, one ? one.text : "");
    };
    const raw = element("span", { class: "step done" }, link(row.href, "raw", row.name));
    const words = row.run && row.words ? link(row.run, row.words, "What this run does") : row.words;
    return [
      element("td", { class: "time" }, element("time", { datetime: row.at }, row.time)),
      element("td", { class: "file" }, link(row.href, row.name, row.proposal)),
      element("td", { class: "object" }, `${row.obstype} ${row.object}`.trim()),
      element("td", { class: "setup" }, row.setup),
      element("td", { class: "num", "data-of": "s" }, row.exptime),
      element("td", { class: "stages" }, raw, ...row.stages.map(stage)),
      value("seeing"),
      value("snr"),
      element("td", { class: "num" + (row.took.out ? " out" : ""), title: row.took.title }, row.took.text),
      element("td", { class: "words " + row.mood }, words),
    ];
  }

  function paint(line, row) {
    const text = JSON.stringify(row);
    if (line.dataset.row === text) return;
    const known = Boolean(line.dataset.row);
    const focused = line.contains(document.activeElement)
      ? [...line.querySelectorAll("a")].indexOf(document.activeElement)
      : -1;
    line.dataset.row = text;
    line.dataset.at = row.at;
    line.replaceChildren(...cells(row));
    if (focused >= 0) (line.querySelectorAll("a")[focused] || line.querySelector("a")).focus();
    if (known) {
      line.classList.remove("fresh");
      void line.offsetWidth; // starts the animation again
      line.classList.add("fresh");
    }
  }

  // -- all of them: a line that stays is never moved, so that what one looks at stays ---------------
  function draw(data) {
    const body = document.getElementById("night-rows");
    if (!body || !data) return;
    if (!data.full && (data.night !== shown.night || data.page !== shown.page)) return answered();
    const lines = new Map([...body.children].map((line) => [Number(line.dataset.id), line]));
    const other = shown.night !== data.night || shown.page !== data.page;
    shown = { night: data.night, page: data.page, size: data.size };
    if (data.full) {
      if (other) body.replaceChildren();
      const keep = new Set(data.rows.map((row) => row.id));
      for (const [id, line] of lines) if (!keep.has(id)) line.remove();
    }
    for (const row of data.rows) {
      let line = body.querySelector(`tr[data-id="${row.id}"]`);
      if (!line) {
        if (!data.full && data.page !== 1) continue; // it is on an earlier page
        line = element("tr", { "data-id": row.id });
        place(body, line, row);
      }
      paint(line, row);
    }
    const most = data.full ? data.size : Math.max(data.size, Math.min(KEPT, body.children.length));
    while (body.children.length > most) body.lastElementChild.remove();
    const empty = !body.children.length;
    document.getElementById("night-empty").hidden = !empty;
    document.getElementById("night-table").hidden = empty;
    answered();
  }

  function answered() {
    asked = null;
    clearTimeout(timer);
    timer = null;
    if (wanted.size || everything) ask();
  }

  function place(body, line, row) {
    const after = (other) =>
      other.dataset.at < row.at || (other.dataset.at === row.at && Number(other.dataset.id) < row.id);
    body.insertBefore(line, [...body.children].find(after) || null);
  }

  // -- the plots: as many side by side as there is room for ---------------------------------------
  const COLUMNS = [[1150, 7], [700, 4], [0, 2]];

  function columns() {
    if (!document.getElementById("night-plots")) return;
    const fits = COLUMNS.find(([width]) => innerWidth >= width)[1];
    const plots = document.getElementById("night-plots");
    if (Number(plots.dataset.columns) === fits) return;
    plots.dataset.columns = fits;
    gsp.set("night-columns", { data: fits });
  }

  function points() {
    const plot = document.querySelector("#night-trends .js-plotly-plot");
    if (!plot || !plot.on || plot.dataset.heard) return;
    plot.dataset.heard = "yes";
    plot.on("plotly_click", (event) => {
      const point = event.points[0];
      if (point && point.customdata) gsp.go("/data/" + point.customdata);
    });
  }

  document.addEventListener(
    "toggle",
    (event) => event.target.id === "night-fold" && event.target.open && later("live-trends", 0),
    true
  );
  window.addEventListener("resize", columns);
  new MutationObserver(() => {
    if (!here()) return;
    columns();
    points();
  }).observe(document.documentElement, { childList: true, subtree: true });

  // A night chosen from the list closes it; so does a click elsewhere, and Escape.
  document.addEventListener("click", (event) => {
    const open = document.querySelector("#night-head details[open]");
    if (open && (event.target.closest("#night-head li a") || !open.contains(event.target))) {
      open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!here() || event.ctrlKey || event.metaKey || event.altKey) return;
    const open = document.querySelector("#night-head details[open]");
    if (event.key === "Escape" && open) return void (open.open = false);
    if (event.target.closest("input, textarea, select, .js-plotly-plot")) return;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...document.querySelectorAll("#night-rows td.file a")];
    const line = document.activeElement.closest("#night-rows tr");
    const now = line ? links.indexOf(line.querySelector("td.file a")) : -1;
    const next = links[event.key === "ArrowDown" ? now + 1 : Math.max(now - 1, 0)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    night: {
      draw: (data) => {
        draw(data);
        return window.dash_clientside.no_update;
      },
    },
  });
})();
