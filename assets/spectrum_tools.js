// The controls under a spectrum: marks, redshift, smoothing, other spectra, exports, keys.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const SEARCH_MS = 200;
  const SLIDER = [-0.25, 1.6]; // places: z from -0.016 to 4.1
  const FAINT = ["H", "He", "neb", "star", "ism"];
  const LISTS = { H: "Hydrogen", He: "Helium", neb: "Nebular", star: "Stellar", ism: "Interstellar" };
  const MARKS = {
    sigma: ["1 σ band", "The standard deviation of each pixel"],
    flags: ["Flagged pixels", "Saturated, cosmic ray, bad, without flat, interpolated"],
    sky: ["Night sky", "Lines of the night sky"],
    telluric: ["Telluric", "Absorption bands of O₂ and H₂O in the atmosphere"],
  };
  let finding = null;
  let lastSearch = 0;

  const byId = (id) => document.getElementById(id);

  function make(tag, given, ...inside) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(given || {})) {
      if (name === "onclick" || name === "oninput" || name === "onchange" || name === "onkeydown") {
        node.addEventListener(name.slice(2), value);
      } else if (name in node && name !== "list") node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...inside);
    return node;
  }

  function toggle(text, title, pressed, change, key) {
    return make(
      "button",
      { type: "button", className: "chip", title, "data-chip": key, "aria-pressed": String(pressed()),
        onclick: (event) => {
          change();
          event.currentTarget.setAttribute("aria-pressed", String(pressed()));
        } },
      text,
    );
  }

  function flip(set, key) {
    if (set.has(key)) set.delete(key);
    else set.add(key);
    space.draw();
    space.note();
  }

  const row = (name, ...inside) =>
    make("div", { className: "tool-row", role: "group", "aria-label": name },
      make("span", { className: "name", "aria-hidden": "true" }, name), ...inside);

  // -- building them ---------------------------------------------------------------------------------
  function build(root) {
    const { state } = space;
    root.replaceChildren(
      row("Lines", ...lineChips(), ...redshift()),
      row("Show", ...Object.entries(MARKS).map(([key, [text, title]]) =>
        toggle(text, title, () => state.marks.has(key), () => flip(state.marks, key), key)),
        toggle("Log", "Logarithmic axis (l)", () => state.log, () => (state.log = !state.log, space.render()), "log"),
        ...smoothing()),
      row("Compare", finder(),
        toggle("Normalise", "Each spectrum over its median", () => state.normalise,
          () => (state.normalise = !state.normalise, space.render()), "normalise"),
        make("label", { id: "mode-label" }, "Show as", mode()),
        make("span", { className: "gap" }), ...exports()),
      make("div", { className: "tool-row", id: "laid-over" }),
      make("details", { className: "sources" }, make("summary", {}, "About these tools"),
        make("div", { id: "spectrum-about" })),
    );
    about();
  }

  function lineChips() {
    const { state } = space;
    return FAINT.map((key) => {
      const dot = make("span", { className: "dot" });
      dot.style.background = `var(--lines-${key})`;
      const title = key === "ism" ? "Of the Milky Way: they do not move with z" : "";
      const chip = toggle("", title, () => state.lists.has(key), () => flip(state.lists, key), key);
      chip.append(dot, LISTS[key]);
      return chip;
    });
  }

  function redshift() {
    const slider = make("input", {
      type: "range", id: "z-slider", min: SLIDER[0], max: SLIDER[1], step: 0.0005,
      "aria-label": "Redshift",
      oninput: (event) => setRedshift(space.math.toRedshift(Number(event.target.value)), "slider"),
    });
    const typed = make("input", {
      type: "number", id: "z-typed", step: "any", min: -0.9, max: 20, autocomplete: "off",
      oninput: (event) => event.target.value !== "" && setRedshift(Number(event.target.value), "typed"),
      onchange: () => setRedshift(space.state.z),
    });
    return [make("label", {}, "z", slider), make("label", { className: "z" },
      make("span", { className: "visually-hidden" }, "Redshift, typed"), typed)];
  }

  function setRedshift(z, from) {
    if (!(z > -0.9 && z < 20)) return;
    space.state.z = z;
    if (from !== "slider") byId("z-slider").value = String(space.math.toPlace(z));
    if (from !== "typed") byId("z-typed").value = String(+z.toFixed(5));
    if (space.state.lists.size === 0 && from) {
      space.state.lists.add("H"); // a redshift without lines shows nothing
      refresh();
    }
    space.draw();
    space.note();
  }

  function smoothing() {
    const { state } = space;
    const apply = () => space.render();
    const kind = make("select", { id: "smooth-kind", onchange: (event) => {
      state.smooth = event.target.value;
      byId("smooth-n").disabled = state.smooth === "none";
      apply();
    } });
    for (const [value, text] of [["none", "none"], ["gauss", "Gaussian"], ["box", "boxcar"]]) {
      kind.append(make("option", { value }, text));
    }
    const n = make("input", { type: "number", id: "smooth-n", min: 1, max: 201, step: 1, value: state.n,
      oninput: (event) => {
        const typed = Number(event.target.value);
        if (!(typed >= 1 && typed <= 201)) return;
        state.n = typed;
        apply();
      } });
    return [make("label", {}, "Smooth", kind), make("label", {}, n, "pixels")];
  }

  function mode() {
    const select = make("select", { id: "compare-mode", onchange: (event) => {
      space.state.mode = event.target.value;
      space.render();
    } });
    for (const [value, text] of [["together", "together"], ["ratio", "ratio"], ["difference", "difference"]]) {
      select.append(make("option", { value }, text));
    }
    return select;
  }

  function exports() {
    const picture = (format) => make("button", { type: "button", className: "chip",
      title: `Save what is shown as ${format.toUpperCase()}`,
      onclick: () => save(format) }, format.toUpperCase());
    return [
      toggle("Arc", "The arc behind the wavelengths, its lines and residuals (a)", () => space.state.arc,
        () => (space.state.arc = !space.state.arc, space.arc.update(), space.note()), "arc"),
      make("a", { className: "chip", id: "spectrum-csv", title: "The numbers of the file as CSV" }, "CSV"),
      picture("svg"), picture("png"),
    ];
  }

  function about() {
    const say = (text) => make("p", {}, text);
    const known = space.marks.known();
    const lists = known
      ? known.lists.map((list) => say(`${list.label}: ${list.source}.`))
      : [say("Choose a list of lines to see where it is from.")];
    const bands = known ? [say(`Telluric: ${known.telluric_source}.`)] : [];
    byId("spectrum-about").replaceChildren(
      say("Wavelengths are in air, as on the axis. At a redshift the vacuum wavelength is stretched by 1 + z " +
        "(index of air: Ciddor 1996). Interstellar lines are those of the Milky Way and stay at z = 0."),
      say("Smoothing is a weighted mean over n pixels (Gaussian: n is the full width at half maximum), its band " +
        "σ² = Σ w² σᵢ² / (Σ w)² of independent pixels; unknown pixels take no part. Neighbours of a calibrated " +
        "spectrum share light since it was resampled: the error of a wide mean is up to 1.2 times the band."),
      say("Ratio and difference put the other spectrum on this one's pixels by straight lines, errors independent. " +
        "CSV has the numbers of the file, as the API gives them."),
      ...lists, ...bands,
    );
  }

  // -- other spectra ---------------------------------------------------------------------------------
  function finder() {
    const list = make("ul", { id: "over-found", hidden: true });
    const input = make("input", {
      type: "search", id: "over-search", placeholder: "Add a spectrum: name or object", autocomplete: "off",
      maxLength: 200, "aria-label": "Add a spectrum by file name or object",
      oninput: () => search(SEARCH_MS),
      onkeydown: (event) => {
        if (event.key === "Escape") list.hidden = true;
        if (event.key === "ArrowDown" && list.querySelector("button")) {
          event.preventDefault();
          list.querySelector("button").focus();
        }
      },
    });
    input.addEventListener("focus", () => search(0));
    list.addEventListener("keydown", walk);
    return make("div", { className: "finder" }, input, list);
  }

  function walk(event) {
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1 }[event.key];
    if (event.key === "Escape") close(true);
    else if (to === undefined) return;
    else (to < 0 ? byId("over-search") : buttons[Math.min(to, buttons.length - 1)]).focus();
    event.preventDefault();
    event.stopPropagation();
  }

  function close(back) {
    const list = byId("over-found");
    if (list) list.hidden = true;
    if (back) byId("over-search").focus();
  }

  function search(wait) {
    clearTimeout(finding);
    finding = setTimeout(async () => {
      const main = space.main();
      const mine = ++lastSearch;
      if (!main) return;
      const text = byId("over-search").value;
      try {
        const answer = await fetch(`/spectrum/${main.facts.id}/others?text=${encodeURIComponent(text)}`);
        if (!answer.ok) throw new Error(answer.status);
        const { files } = await answer.json();
        if (mine === lastSearch) offer(files);
      } catch {
        gsp.toast({ key: "over", kind: "danger", text: "The list of spectra can't be had just now." });
      }
    }, wait);
  }

  function offer(files) {
    const list = byId("over-found");
    const free = files.filter((file) => !space.state.others.includes(file.id));
    list.replaceChildren(...free.map((file) => make("li", {},
      make("button", { type: "button", onclick: () => { close(true); space.lay(file.id); } },
        file.name, make("small", {}, `${file.object || "no object"} · ${file.type} · ${file.date.slice(0, 16).replace("T", " ")}`)))));
    if (!free.length) list.append(make("li", { className: "none" }, "No other spectrum with this kind of axis."));
    list.hidden = false;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest(".finder")) close(false);
  });

  function laidOver() {
    const main = space.main();
    return space.state.others.map((id) => {
      const one = space.held(id);
      if (!one) return "";
      const shown = space.overlaid().findIndex((other) => other.facts.id === id);
      const dot = make("span", { className: "dot" });
      dot.style.background = shown < 0 ? "var(--line)" : `var(--over-${shown + 1})`;
      const { name, unit } = one.facts;
      const same = unit === main.facts.unit;
      const why = shown >= 0 ? "" : id === main.facts.id ? " (on show)" : " (another kind of axis)";
      return make("span", { className: "chip over", title: name }, dot,
        make("span", { className: "text" }, `${name.replace(/\.fits$/, "")}${same ? "" : ` (${unit})`}${why}`),
        make("button", { type: "button", "aria-label": `Take away ${name}`, onclick: () => space.lift(id) }, "×"));
    });
  }

  // -- keeping them in step ----------------------------------------------------------------------------
  function refresh() {
    const root = byId("spectrum-tools");
    const main = space.main();
    if (!root || !main) return;
    if (!root.firstChild) build(root);
    root.hidden = false;
    const { state } = space;
    const pressed = { log: state.log, normalise: state.normalise, arc: state.arc };
    root.querySelectorAll("[data-chip]").forEach((chip) => {
      const key = chip.dataset.chip;
      const on = key in pressed ? pressed[key] : state.lists.has(key) || state.marks.has(key);
      chip.setAttribute("aria-pressed", String(on));
    });
    const wavelengths = main.facts.axis === "wavelength";
    for (const key of [...FAINT, "sky", "telluric", "arc"]) {
      root.querySelector(`[data-chip="${key}"]`).disabled = !wavelengths;
    }
    byId("z-slider").disabled = byId("z-typed").disabled = !wavelengths;
    follow("z-slider", space.math.toPlace(state.z));
    follow("z-typed", +state.z.toFixed(5));
    follow("smooth-kind", state.smooth);
    follow("smooth-n", state.n);
    follow("compare-mode", state.mode);
    byId("smooth-n").disabled = state.smooth === "none";
    byId("mode-label").hidden = !space.overlaid().length;
    byId("laid-over").replaceChildren(...laidOver());
    byId("laid-over").hidden = !state.others.length;
    byId("spectrum-csv").href = `/api/files/data/?id=${main.facts.id}&format=csv`;
    byId("spectrum-csv").setAttribute("download", "");
    about();
    space.arc.update();
  }
  space.refresh = refresh;

  // A field that somebody types in is left alone.
  function follow(id, value) {
    const field = byId(id);
    if (field !== document.activeElement || field.tagName === "SELECT") field.value = String(value);
  }

  // -- pictures: made in the page, nothing is asked of anybody ---------------------------------------------
  const PICTURE = { width: 1200, height: 640 };
  const PAPER = { line: "#0b4f9e", band: "rgba(11, 98, 196, .2)", ink: "#17202c",
    over: ["#c77700", "#00866a", "#8a7d00", "#b0528f", "#cf4a12", "#5d6b80", "#4d8000", "#4b48c8"] };

  function figure() {
    const drawn = space.drawn();
    const { xaxis, yaxis } = document.getElementById("spectrum-plot")._fullLayout;
    const range = xaxis.range.map(Number);
    const data = [];
    drawn.forEach((one, i) => {
      const { x, y } = { x: Array.from(one.x), y: Array.from(one.flux) };
      const found = one.colour.match(/over-(\d)/);
      const color = found ? PAPER.over[found[1] - 1] : PAPER.line;
      if (i === 0 && space.state.marks.has("sigma")) {
        const edge = (sign) => y.map((value, k) => value + sign * one.sigma[k]);
        data.push({ x, y: edge(-1), mode: "lines", line: { width: 0 }, showlegend: false },
          { x, y: edge(1), mode: "lines", line: { width: 0 }, fill: "tonexty", fillcolor: PAPER.band, showlegend: false });
      }
      data.push({ x, y, mode: "lines", line: { width: 1.2, color }, name: one.name });
    });
    const chosen = space.main().facts.axis === "wavelength" ? space.marks.chosen(range, PICTURE.width - 100) : [];
    const [xTitle, yTitle] = space.titles();
    const axis = { showline: true, mirror: true, ticks: "outside", zeroline: false, linecolor: PAPER.ink };
    const heading = [...document.querySelectorAll("#spectrum-title span")].map((one) => one.textContent).join(" · ");
    return {
      data,
      layout: {
        font: { family: "Arial, Helvetica, sans-serif", size: 13, color: PAPER.ink },
        paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: drawn.length > 1,
        legend: { orientation: "h", y: -0.16 },
        margin: { l: 80, r: 20, t: 40, b: 60 },
        xaxis: { ...axis, title: { text: xTitle }, range },
        yaxis: { ...axis, title: { text: plain(yTitle) }, range: yaxis.range.map(Number), type: yaxis.type },
        shapes: chosen.map((one) => ({ type: "line", xref: "x", yref: "paper", x0: one.at, x1: one.at, y0: 0, y1: 1,
          line: { width: 1, dash: "dot", color: "#777" } })),
        annotations: [
          { text: plain(heading), xref: "paper", yref: "paper", x: 0.5, y: 1, yanchor: "bottom", yshift: 8, showarrow: false },
          ...chosen.filter((one) => one.labelled).map((one) => ({ text: one.name, x: one.at, yref: "paper", y: 1, yanchor: "top", xanchor: "center",
            textangle: -90, showarrow: false, font: { size: 10 } })),
        ],
      },
    };
  }

  // Plotly reads markup in what it writes; a header's text is text.
  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  async function save(format) {
    const main = space.main();
    if (!main) return;
    try {
      const url = await window.Plotly.toImage(figure(), { ...PICTURE, format, scale: format === "png" ? 2 : 1 });
      const link = make("a", { href: url, download: main.facts.name.replace(/\.fits$/, "") + "." + format });
      document.body.append(link);
      link.click();
      link.remove();
    } catch {
      gsp.toast({ kind: "danger", text: "The picture could not be made in this browser." });
    }
  }

  // -- keys ------------------------------------------------------------------------------------------
  const press = (key) => () => document.querySelector(`#spectrum-tools [data-chip="${key}"]`).click();
  const KEYS = {
    l: press("log"),
    a: press("arc"),
    n: press("normalise"),
    ",": () => space.step(-1),
    ".": () => space.step(1),
    "<": () => space.step(-20),
    ">": () => space.step(20),
    "+": () => space.closer(0.5),
    "-": () => space.closer(2),
    0: () => space.whole(),
    z: () => byId("z-typed").focus(),
    c: () => byId("over-search").focus(),
  };

  document.addEventListener("keydown", (event) => {
    if (!space.main() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
