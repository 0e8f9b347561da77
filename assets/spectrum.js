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
  const NOTE_MS = 350; // browsers allow few changes of the address in a short time
  const FLAGS = { 1: "bad", 2: "saturated", 4: "cosmic ray", 8: "no flat", 16: "interpolated" };
  const SATURATED = 2;

  const state = (space.state = {
    z: 0,
    lists: new Set(),
    marks: new Set(["flags"]),
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
  let frame = 0;
  let noting = null;
  let cursor = null; // index of the pixel under the crosshair
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
  space.drawn = () => drawn;
  space.colour = colour;
  space.MOST = MOST;

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
    if (others.length && state.mode !== "together") {
      drawn = others.map((one) => ({ ...one, ...space.math.compare(state.mode, first, one) }));
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
    const whole = !zoom.x[main.facts.axis] && !state.log && state.mode === "together";
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

  const scale = () => [main.facts.unit, state.log, state.normalise, state.mode].join();

  function yTitle() {
    const { unit } = main.facts;
    if (overlaid().length && state.mode === "ratio") return "Ratio";
    if (state.normalise && state.mode === "together") return "Relative to the median";
    const word = unit.toLowerCase().includes("erg") ? "Flux" : "Intensity";
    return state.mode === "difference" ? `Difference (${unit})` : `${word} (${unit})`;
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
        title: { text: title, standoff: 6 },
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
      plot.on("plotly_relayouting", draw);
      plot.on("plotly_relayout", zoomed);
      plot.on("plotly_doubleclick", () => space.whole());
      plot.on("plotly_afterplot", drawNow);
      plot.addEventListener("mousemove", point);
      plot.addEventListener("mouseleave", () => aim(null));
    }
    drawNow();
    plot.dataset.file = main.facts.id;
    describe();
    note();
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
    draw();
    const names = Object.keys(change || {});
    const { xaxis, yaxis } = plot._fullLayout;
    if (names.some((name) => name.startsWith("xaxis"))) {
      zoom.x[main.facts.axis] = xaxis.range.map(Number);
    }
    if (names.some((name) => name.startsWith("yaxis"))) {
      zoom.y = { range: yaxis.range.map(Number), scale: scale() };
    }
    note();
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
    const middle = cursor === null ? (low + high) / 2 : drawn[0].x[cursor];
    zoom.x[main.facts.axis] = [middle - (middle - low) * factor, middle + (high - middle) * factor];
    zoom.y = null;
    render();
  };

  // -- painting ------------------------------------------------------------------------------------
  function draw() {
    if (!frame) frame = requestAnimationFrame(drawNow);
  }
  space.draw = draw;

  function drawNow() {
    cancelAnimationFrame(frame);
    frame = 0;
    const canvas = byId("spectrum-canvas");
    if (!canvas || !plot || !plot._fullLayout || !plot._fullLayout.xaxis || !drawn.length) return;
    const { xaxis, yaxis } = plot._fullLayout;
    const ratio = window.devicePixelRatio || 1;
    const [width, tall] = [xaxis._length, yaxis._length];
    const style = { left: xaxis._offset, top: yaxis._offset, width, height: tall };
    for (const [name, value] of Object.entries(style)) canvas.style[name] = value + "px";
    const [w, h] = [Math.round(width * ratio), Math.round(tall * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, tall);
    const view = views(xaxis, yaxis, width, tall);
    if (calibrated() && space.marks) space.marks.bands(context, view);
    for (const one of drawn.slice(1)) curve(context, view, one, false);
    curve(context, view, drawn[0], true);
    if (state.marks.has("flags")) flags(context, view);
    if (calibrated() && space.marks) space.marks.lines(context, view);
    placeCross();
  }

  function views(xaxis, yaxis, width, tall) {
    const [x0, x1] = xaxis.range.map(Number);
    const [y0, y1] = yaxis.range.map(Number);
    const up = yaxis.type === "log" ? (v) => (v > 0 ? Math.log10(v) : NaN) : (v) => v;
    return {
      width,
      tall,
      range: [x0, x1],
      x: (value) => ((value - x0) / (x1 - x0)) * width,
      y: (value) => tall - ((up(value) - y0) / (y1 - y0)) * tall,
    };
  }

  // First pixel at or after a place: the axes ascend.
  function after(x, value) {
    let [low, high] = [0, x.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (x[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function curve(context, view, one, withBand) {
    const start = Math.max(0, after(one.x, view.range[0]) - 1);
    const stop = Math.min(one.x.length, after(one.x, view.range[1]) + 1);
    if (withBand && state.marks.has("sigma")) band(context, view, one, start, stop);
    context.beginPath();
    let open = false;
    for (let i = start; i < stop; i++) {
      const y = view.y(one.flux[i]);
      if (!Number.isFinite(y)) open = false;
      else if (open) context.lineTo(view.x(one.x[i]), y);
      else {
        context.moveTo(view.x(one.x[i]), y);
        open = true;
      }
    }
    context.strokeStyle = colour(one.colour);
    context.lineWidth = 1.2;
    context.lineJoin = "round";
    context.stroke();
  }

  // One closed shape for each unbroken stretch of flux ± σ.
  function band(context, view, one, start, stop) {
    const floor = view.tall + 10; // below zero on a logarithmic axis
    const edge = (value) => {
      const y = view.y(value);
      return Number.isFinite(y) ? y : floor;
    };
    context.fillStyle = colour("--band");
    context.beginPath();
    for (let i = start; i < stop; i++) {
      const from = i;
      while (i < stop && Number.isFinite(one.flux[i]) && Number.isFinite(one.sigma[i])) i++;
      if (i === from) continue;
      context.moveTo(view.x(one.x[from]), edge(one.flux[from] + one.sigma[from]));
      for (let k = from; k < i; k++) {
        context.lineTo(view.x(one.x[k]), edge(one.flux[k] + one.sigma[k]));
      }
      for (let k = i - 1; k >= from; k--) {
        context.lineTo(view.x(one.x[k]), edge(one.flux[k] - one.sigma[k]));
      }
      context.closePath();
    }
    context.fill();
  }

  // Flagged pixels: a tick at the foot of the plot, saturated ones also where they lie.
  function flags(context, view) {
    const one = drawn[0];
    const start = Math.max(0, after(one.x, view.range[0]));
    const stop = Math.min(one.x.length, after(one.x, view.range[1]));
    const saturated = colour("--saturated");
    const other = colour("--flag");
    for (let i = start; i < stop; i++) {
      if (!one.mask[i]) continue;
      const red = one.mask[i] & SATURATED;
      const x = view.x(one.x[i]);
      context.fillStyle = red ? saturated : other;
      context.fillRect(x - 0.5, view.tall - (red ? 9 : 6), 1.4, red ? 9 : 6);
      const y = view.y(one.flux[i]);
      if (red && Number.isFinite(y)) context.fillRect(x - 2, y - 2, 4, 4);
    }
  }

  // -- crosshair and read-out ------------------------------------------------------------------------
  function point(event) {
    if (!main || !plot._fullLayout || !drawn.length) return;
    const { xaxis, yaxis } = plot._fullLayout;
    const corner = plot.getBoundingClientRect();
    const [px, py] = [event.clientX - corner.left - xaxis._offset,
                      event.clientY - corner.top - yaxis._offset];
    if (px < 0 || py < 0 || px > xaxis._length || py > yaxis._length) return aim(null);
    const value = Number(xaxis.p2d(px));
    const { x } = drawn[0];
    let i = Math.min(x.length - 1, after(x, value));
    if (i > 0 && value - x[i - 1] < x[i] - value) i -= 1;
    aim(i);
  }

  function aim(i) {
    cursor = i;
    placeCross();
    const out = byId("readout");
    if (out && main) out.textContent = i === null ? "" : words(i);
  }

  space.step = function (pixels) {
    if (!main || !drawn.length) return;
    const { x } = drawn[0];
    const [low, high] = plot._fullLayout.xaxis.range.map(Number);
    const from = cursor === null ? after(x, (low + high) / 2) : cursor + pixels;
    aim(Math.max(0, Math.min(x.length - 1, from)));
  };

  function placeCross() {
    const [across, down] = [byId("cross-x"), byId("cross-y")];
    if (!across || !down) return;
    const ready = cursor !== null && drawn.length && plot._fullLayout;
    across.hidden = down.hidden = !ready || cursor >= drawn[0].x.length;
    if (across.hidden) return;
    const { xaxis, yaxis } = plot._fullLayout;
    const view = views(xaxis, yaxis, xaxis._length, yaxis._length);
    const x = view.x(drawn[0].x[cursor]);
    const y = view.y(drawn[0].flux[cursor]);
    across.hidden = !(x >= 0 && x <= view.width);
    down.hidden = across.hidden || !(y >= 0 && y <= view.tall);
    across.style.cssText =
      `left:${xaxis._offset + x}px;top:${yaxis._offset}px;height:${view.tall}px`;
    down.style.cssText = `left:${xaxis._offset}px;top:${yaxis._offset + y}px;width:${view.width}px`;
  }

  const short = (value) => {
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(3);
    return String(+value.toPrecision(5));
  };
  space.short = short;

  function words(i) {
    const one = drawn[0];
    const [flux, sigma] = [one.flux[i], one.sigma[i]];
    const unit = state.mode === "ratio" || state.normalise ? "" : " " + main.facts.unit;
    const place = calibrated() ? `λ ${one.x[i].toFixed(2)} Å` : `pixel ${one.x[i]}`;
    const parts = [place];
    if (!Number.isFinite(flux)) parts.push("no value");
    else {
      const error = Number.isFinite(sigma) ? ` ± ${short(sigma)}` : "";
      parts.push(`${short(flux)}${error}${unit}`);
      if (sigma > 0) parts.push(`S/N ${(flux / sigma).toFixed(1)}`);
    }
    if (calibrated() && state.z) {
      parts.push(`rest ${space.math.rest(one.x[i], state.z).toFixed(2)} Å`);
    }
    const bits = one.mask ? one.mask[i] : 0;
    const named = Object.entries(FLAGS).filter(([bit]) => bits & bit).map(([, word]) => word);
    return [...parts, ...named].join("   ");
  }

  // -- the address: what a link restores -------------------------------------------------------------
  function note() {
    clearTimeout(noting);
    noting = setTimeout(noteNow, NOTE_MS);
  }
  space.note = note;

  function noteNow() {
    if (!info || !main || !plot || !plot._fullLayout) return;
    const { xaxis, yaxis } = plot._fullLayout;
    const x = zoom.x[main.facts.axis];
    const edges = x || zoom.y ? [...xaxis.range, ...yaxis.range].map((v) => +(+v).toPrecision(6)) : [];
    const values = {
      z: state.z ? String(+state.z.toFixed(6)) : "",
      lines: [...state.lists].join(","),
      marks: [...state.marks].sort().join(","),
      smooth: state.smooth === "none" ? "" : `${state.smooth}${state.n}`,
      log: state.log ? "1" : "",
      norm: state.normalise ? "1" : "",
      mode: state.mode === "together" ? "" : state.mode,
      with: state.others.join(","),
      arc: state.arc ? "1" : "",
      range: edges.join(","),
    };
    if (values.marks === "flags,sigma") values.marks = "";
    else if (!values.marks) values.marks = "none";
    for (const [name, value] of Object.entries(values)) gsp.note(name, value);
  }

  function restore() {
    const query = new URLSearchParams(location.search);
    const list = (name) => (query.get(name) || "").split(",").filter(Boolean);
    const z = Number(query.get("z"));
    if (query.has("z") && z > -0.9 && z < 20) state.z = z;
    if (query.has("lines")) state.lists = new Set(list("lines"));
    if (query.has("marks")) state.marks = new Set(list("marks").filter((mark) => mark !== "none"));
    const smooth = (query.get("smooth") || "").match(/^(gauss|box)(\d+(?:\.\d+)?)$/);
    if (smooth) [state.smooth, state.n] = [smooth[1], Math.min(201, Math.max(1, +smooth[2]))];
    if (query.has("log")) state.log = query.get("log") === "1";
    if (query.has("norm")) state.normalise = query.get("norm") === "1";
    if (["ratio", "difference"].includes(query.get("mode"))) state.mode = query.get("mode");
    if (query.has("arc")) state.arc = query.get("arc") === "1";
    const ids = list("with").filter((id) => /^\d{1,10}$/.test(id)).map(Number);
    [...new Set(ids)].slice(0, MOST).forEach((id) => space.lay(id));
    const edges = list("range").map(Number);
    if (edges.length === 4 && edges.every(Number.isFinite) && edges[0] < edges[1]) {
      zoom.x[main.facts.axis] = edges.slice(0, 2);
      if (edges[2] < edges[3]) zoom.y = { range: edges.slice(2), scale: scale() };
    }
  }
  state.marks.add("sigma");

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
    aim(null);
    byId("stage").dataset.kind = "spectrum";
    const remark = byId("stage-note");
    if (remark) remark.textContent = "";
    const opened = byId("spectrum-plot") !== plot;
    main = one;
    if (opened) restore();
    render();
  };

  // The numbers are asked for at the click, beside the rest of the page.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-spectrum]");
    const other = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!link || other || !byId("spectrum-plot")) return;
    const [, id] = link.getAttribute("href").match(/\/data\/(\d+)/) || [];
    if (id) space.show({ kind: "spectrum", id: Number(id), checksum: link.dataset.spectrum });
  });

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
    draw();
  });

  const no = () => window.dash_clientside.no_update;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    spectrum: { show: (facts) => (space.show(facts), no()) },
  });
})();
