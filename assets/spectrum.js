// A spectrum on a canvas behind the transparent axes of a Plotly graph.
//
// The numbers come once for each file (api/spectra.py); whatever is done to them – smoothing,
// comparing, marking lines at a redshift – is done here, so that it follows the hand.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const MOST = 8; // other spectra at once
  const MOST_KEPT = 48;
  const HOLD_MS = 4000; // an answer that never comes is said elsewhere

  const state = (space.state = {
    z: 0,
    lists: new Set(),
    marks: new Set(["sigma", "flags"]),
    smooth: "none",
    n: 5,
    log: false,
    normalise: false,
    mode: "together",
    arc: false,
    others: [], // ids
  });

  const kept = new Map(); // "id/checksum" → numbers; the page belongs to one person
  const held = new Map(); // id → numbers of the spectra laid over
  let plot = null; // Plotly's div
  let info = null; // what the page wants to show
  let main = null; // its numbers
  let drawn = []; // what is on the canvas: [{x, flux, sigma, mask, colour}], the first on top
  let serial = 0;
  let holding = null;
  const zoom = { x: {}, y: null }; // by kind of axis; null is the whole

  const byId = (id) => document.getElementById(id);
  const calibrated = () => Boolean(main && main.facts.axis === "wavelength");
  let colours = new Map(); // asking the style sheet takes longer than drawing
  function colour(name) {
    if (!colours.has(name)) {
      const found = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      colours.set(name, found || "#888");
    }
    return colours.get(name);
  }
  space.main = () => main;
  space.plot = () => plot;
  space.drawn = () => drawn;
  space.mode = () => mode();
  space.calibrated = calibrated;
  space.zoom = zoom;
  space.scale = () => scale();
  space.colour = colour;
  space.MOST = MOST;
  // Plotly reads markup in what it writes; a header's text is text.
  space.plain = (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  // -- numbers -------------------------------------------------------------------------------------
  async function sentence(answer) {
    try {
      return (await answer.json()).error.message;
    } catch {
      return "The server does not answer as it should.";
    }
  }

  async function load(id, checksum) {
    const key = `${id}/${checksum}`;
    if (checksum && kept.has(key)) return kept.get(key);
    const answer = await fetch(`/spectrum/${id}?v=${encodeURIComponent(checksum || "")}`);
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(await sentence(answer));
    const facts = JSON.parse(answer.headers.get("X-Spectrum"));
    const body = await answer.arrayBuffer();
    const n = facts.n;
    const one = {
      facts,
      x: new Float64Array(body, 0, n),
      flux: new Float32Array(body, 8 * n, n),
      sigma: new Float32Array(body, 12 * n, n),
      mask: new Uint8Array(body, 16 * n, n),
    };
    kept.set(`${id}/${facts.checksum}`, one);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
    return one;
  }
  space.load = load;

  function smoothed(one) {
    if (state.smooth === "none" || !(state.n > 1)) return one;
    const key = `${state.smooth}${state.n}`;
    if (one.smoothed && one.smoothed.key === key) return one.smoothed;
    one.smoothed = { key, x: one.x, ...space.math.smooth(one.flux, one.sigma, state.smooth, state.n) };
    return one.smoothed;
  }

  // What is drawn, from the numbers and the choices.
  function compute() {
    const mine = smoothed(main);
    const others = overlaid().map((one, i) => ({
      id: one.facts.id,
      name: one.facts.name,
      mask: one.mask,
      colour: `--over-${i + 1}`,
      ...pick(smoothed(one)),
    }));
    const first = { id: main.facts.id, name: main.facts.name, colour: "--spectrum", ...pick(mine) };
    if (mode() !== "together") {
      drawn = others.map((one) => ({ ...one, ...space.math.compare(mode(), first, one) }));
    } else {
      drawn = [first, ...others];
      if (state.normalise) drawn = drawn.map((one) => ({ ...one, ...space.math.normalised(one) }));
    }
    drawn[0].mask = main.mask;
  }

  const pick = ({ x, flux, sigma }) => ({ x, flux, sigma });

  function overlaid() {
    if (!main) return [];
    return state.others
      .map((id) => held.get(id))
      .filter((one) => one && one.facts.axis === main.facts.axis)
      .filter((one) => one.facts.id !== main.facts.id);
  }
  space.overlaid = overlaid;
  const mode = () => (overlaid().length ? state.mode : "together");
  space.held = (id) => held.get(id);

  // -- axes ----------------------------------------------------------------------------------------
  function reach() {
    const { x } = drawn[0];
    return [x[0], x[x.length - 1]];
  }

  // Range of the flux that is measured well: a wild edge pixel must not flatten the spectrum.
  function height([low, high]) {
    const values = [];
    for (const one of drawn) {
      const near = space.math.median(one.sigma) * 20;
      for (let i = 0; i < one.x.length; i++) {
        const inside = one.x[i] >= low && one.x[i] <= high;
        if (inside && Number.isFinite(one.flux[i]) && one.sigma[i] <= near) values.push(one.flux[i]);
      }
    }
    if (!values.length) return state.log ? [-1, 1] : [0, 1];
    values.sort((a, b) => a - b);
    let [bottom, top] = [values[0], values[values.length - 1]];
    if (state.log) {
      const positive = values.filter((value) => value > 0);
      if (!positive.length) return [-1, 1];
      bottom = Math.log10(positive[Math.floor(0.005 * positive.length)]);
      top = Math.log10(positive[positive.length - 1]);
    }
    const margin = 0.05 * (top - bottom) || 0.5 * Math.abs(top) || 1;
    const whole = !zoom.x[main.facts.axis] && !state.log && mode() === "together";
    return [whole ? Math.min(bottom - margin, 0) : bottom - margin, top + margin];
  }

  // The zoom is kept as long as something is seen through it.
  function ranges() {
    const [first, last] = reach();
    let x = zoom.x[main.facts.axis] || null;
    if (x && (x[0] >= last || x[1] <= first)) x = zoom.x[main.facts.axis] = null;
    x = x || [first, last];
    let y = zoom.y && zoom.y.scale === scale() ? zoom.y.range : null;
    if (y) {
      const seen = drawn[0].flux.filter((_, i) => drawn[0].x[i] >= x[0] && drawn[0].x[i] <= x[1]);
      const middle = space.math.median(seen);
      const at = state.log ? Math.log10(middle) : middle;
      if (!(at > y[0] && at < y[1])) y = zoom.y = null;
    }
    return [x, y || height(x)];
  }

  const scale = () => [main.facts.unit, state.log, state.normalise, mode()].join();

  function yTitle() {
    const { unit } = main.facts;
    if (mode() === "ratio") return "Ratio";
    if (state.normalise && mode() === "together") return "Relative to the median";
    const word = unit.toLowerCase().includes("erg") ? "Flux" : "Intensity";
    return mode() === "difference" ? `Difference (${unit})` : `${word} (${unit})`;
  }
  space.titles = () => [calibrated() ? "Wavelength in air (Å)" : "Dispersion Axis (Pixels)", yTitle()];

  function layout() {
    const [x, y] = ranges();
    const common = {
      ticks: "outside", ticklen: 4, showline: true, mirror: true, zeroline: false,
      exponentformat: "power", minexponent: 6,
    };
    const [xTitle, title] = space.titles();
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "inherit", size: 12 },
      margin: { l: 68, r: 16, t: 30, b: 46, autoexpand: false },
      showlegend: false,
      hovermode: false,
      dragmode: (plot && plot.layout && plot.layout.dragmode) || "zoom",
      xaxis: { ...common, title: { text: xTitle, standoff: 6 }, range: [...x] },
      yaxis: {
        ...common,
        title: { text: space.plain(title), standoff: 6 },
        range: [...y],
        type: state.log ? "log" : "linear",
      },
    };
  }

  function config() {
    const whole = {
      name: "whole",
      title: "Whole spectrum (0)",
      icon: window.Plotly.Icons.home,
      click: () => space.whole(),
    };
    return {
      displaylogo: false, scrollZoom: true, doubleClick: false, showTips: false, responsive: true,
      modeBarButtons: [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", whole]],
    };
  }

  // An empty trace: without one Plotly draws no axes.
  const EMPTY = [{ x: [null], y: [null], mode: "lines", hoverinfo: "skip" }];

  function render() {
    const found = byId("spectrum-plot");
    if (!main || !found) return;
    if (!window.Plotly) return void setTimeout(render, 20);
    compute();
    const fresh = found !== plot || !found._fullLayout;
    plot = found;
    window.Plotly.react(plot, EMPTY, layout(), config());
    if (fresh) {
      plot.on("plotly_relayouting", space.draw);
      plot.on("plotly_relayout", zoomed);
      plot.on("plotly_doubleclick", () => space.whole());
      plot.on("plotly_afterplot", space.drawNow);
      plot.addEventListener("mousemove", space.point);
      plot.addEventListener("mouseleave", () => space.aim(null));
      const options = { attributes: true, attributeFilter: ["data-saturated"] };
      new MutationObserver(space.draw).observe(byId("stage"), options);
    }
    space.drawNow();
    plot.dataset.file = main.facts.id;
    describe();
    space.note();
    if (space.refresh) space.refresh();
  }
  space.render = render;

  function describe() {
    const { name, n } = main.facts;
    const others = overlaid().length;
    const more = others ? `, with ${others} more` : "";
    plot.setAttribute("aria-label", `Spectrum ${name}, ${n} pixels${more}`);
    const title = byId("spectrum-title");
    if (title) title.replaceChildren(...main.facts.heading.map(line));
  }

  function line(text) {
    const span = document.createElement("span");
    span.textContent = text;
    return span;
  }

  // -- zoom ----------------------------------------------------------------------------------------
  function zoomed(change) {
    space.draw();
    const names = Object.keys(change || {});
    const { xaxis, yaxis } = plot._fullLayout;
    if (names.some((name) => name.startsWith("xaxis"))) {
      zoom.x[main.facts.axis] = xaxis.range.map(Number);
    }
    if (names.some((name) => name.startsWith("yaxis"))) {
      zoom.y = { range: yaxis.range.map(Number), scale: scale() };
    }
    space.note();
  }

  space.whole = function () {
    if (!main) return;
    zoom.x[main.facts.axis] = null;
    zoom.y = null;
    render();
  };

  space.closer = function (factor) {
    if (!main) return;
    const [low, high] = plot._fullLayout.xaxis.range.map(Number);
    const at = space.cursor();
    const middle = at === null ? (low + high) / 2 : drawn[0].x[at];
    zoom.x[main.facts.axis] = [middle - (middle - low) * factor, middle + (high - middle) * factor];
    zoom.y = null;
    render();
  };

  // -- other spectra ---------------------------------------------------------------------------------
  space.lay = async function (id) {
    if (state.others.includes(id)) return;
    if (state.others.length >= MOST) {
      gsp.toast({ kind: "warning", text: `At most ${MOST} spectra are drawn over one.` });
      return;
    }
    state.others.push(id);
    try {
      held.set(id, await load(id, ""));
      render();
    } catch (error) {
      state.others = state.others.filter((one) => one !== id);
      const text = `The spectrum ${id} can't be drawn here: ${error.message}`;
      gsp.toast({ key: `over-${id}`, kind: "danger", text });
    }
  };

  space.lift = function (id) {
    state.others = state.others.filter((one) => one !== id);
    held.delete(id);
    if (!state.others.length) state.mode = "together";
    render();
  };

  // -- what the page asks for --------------------------------------------------------------------------
  space.show = async function (facts) {
    const here = location.pathname.match(/^\/data\/(\d+)/);
    if (facts && here && facts.id !== Number(here[1])) return; // meanwhile one went on
    const mine = ++serial;
    info = facts && facts.kind === "spectrum" ? facts : null;
    if (!info) {
      main = null;
      ["spectrum-tools", "arc-panel"].forEach((id) => byId(id) && (byId(id).hidden = true));
      return;
    }
    let one;
    try {
      one = await load(info.id, info.checksum);
    } catch (error) {
      if (mine === serial) refuse(error.message);
      return;
    }
    if (mine !== serial || !byId("spectrum-plot")) return;
    if (one === main && byId("spectrum-plot") === plot) return; // it is on show since the click
    space.aim(null);
    byId("stage").dataset.kind = "spectrum";
    const remark = byId("stage-note");
    if (remark) remark.textContent = "";
    const opened = byId("spectrum-plot") !== plot;
    main = one;
    if (opened) space.restore();
    render();
  };

  // The numbers are asked for at the click, beside the rest of the page.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-spectrum]");
    const other = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!link || other || !byId("spectrum-plot")) return;
    const [, id] = link.getAttribute("href").match(/\/data\/(\d+)/) || [];
    if (!id) return;
    if (main && main.facts.id === Number(id)) return space.note(); // it is on show
    hold(true);
    space.show({ kind: "spectrum", id: Number(id), checksum: link.dataset.spectrum });
  });

  // The buttons under the spectrum are still those of the file before: they wait for the page.
  function hold(waits) {
    clearTimeout(holding);
    for (const part of ["view-actions", "view-runs"]) if (byId(part)) byId(part).inert = waits;
    if (waits) holding = setTimeout(() => hold(false), HOLD_MS);
  }

  function refuse(text) {
    main = null;
    drawn = [];
    const canvas = byId("spectrum-canvas");
    if (canvas) canvas.width = canvas.width; // wiped
    const remark = byId("stage-note");
    if (remark) remark.textContent = `This spectrum can't be shown: ${text}`;
  }

  window.addEventListener("gsp-theme", () => {
    colours = new Map();
    space.draw();
  });

  const no = () => window.dash_clientside.no_update;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    spectrum: { show: (facts) => (hold(false), space.show(facts), no()) },
  });
})();
