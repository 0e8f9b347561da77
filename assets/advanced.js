// Advanced Visualization: limits (also dragged on the histogram), stretch, colours, cuts; all of it
// is in the address, which restores it.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const NOTE_MS = 300;
  const PERCENTILES = [99.9, 99.5, 99, 98, 95, 90];
  const STRETCHES = { linear: "Linear", log: "Log", sqrt: "Square root", asinh: "Asinh" };
  const MARKS = {
    saturated: "Saturated pixels", cosmic: "Cosmic rays",
    apertures: "Trace and windows", wavelengths: "Wavelength axis",
  };

  let info = null;
  let histogram = null;
  let strips = null; // {histogram, row, column}
  let cut = null; // {x, y, n}
  let fields = {};
  let noting = null;
  const noted = {};

  const byId = (id) => document.getElementById(id);
  const here = () => Boolean(byId("advanced"));
  const asked = (name) => new URLSearchParams(location.search).get(name);

  // Browsers allow few changes of the address in a short time.
  function note(changes) {
    Object.assign(noted, changes);
    clearTimeout(noting);
    noting = setTimeout(() => {
      if (!here()) return;
      for (const [name, value] of Object.entries(noted)) {
        gsp.note(name, value);
        delete noted[name];
      }
    }, NOTE_MS);
  }

  // -- options -----------------------------------------------------------------------------------
  function fromAddress() {
    const root = byId("advanced");
    const hidden = (asked("hide") || "").split(",");
    const shown = (asked("show") || "").split(",");
    return {
      map: asked("map") in window.gspColormaps ? asked("map") : root.dataset.colormap,
      invert: asked("invert") === "1",
      stretch: asked("stretch") in STRETCHES ? asked("stretch") : "linear",
      limits: asked("limits") || "zscale",
      low: asked("low") === null ? NaN : Number(asked("low")),
      high: asked("high") === null ? NaN : Number(asked("high")),
      saturated: root.dataset.saturated === "true" ? !hidden.includes("saturated") : shown.includes("saturated"),
      cosmic: shown.includes("cosmic"),
      apertures: !hidden.includes("apertures"),
      wavelengths: !hidden.includes("wavelengths"),
    };
  }

  function change(changes) {
    gsp.viewer.set(changes);
    const { options } = gsp.viewer.state;
    const typed = options.limits === "typed";
    const preset = byId("advanced").dataset.saturated === "true";
    note({
      map: options.map === byId("advanced").dataset.colormap ? "" : options.map,
      invert: options.invert ? "1" : "",
      stretch: options.stretch === "linear" ? "" : options.stretch,
      limits: options.limits === "zscale" ? "" : options.limits,
      low: typed ? String(+options.low.toPrecision(7)) : "",
      high: typed ? String(+options.high.toPrecision(7)) : "",
      hide: [!options.saturated && preset && "saturated", !options.apertures && "apertures",
        !options.wavelengths && "wavelengths"].filter(Boolean).join(","),
      show: [options.saturated && !preset && "saturated", options.cosmic && "cosmic"]
        .filter(Boolean).join(","),
    });
    show();
  }

  function limits() {
    const { view, options } = gsp.viewer.state;
    return gsp.pixels.limits(view || { limits: histogram.limits }, options);
  }

  // Write what is in force into the fields, but not where somebody types.
  function show() {
    if (!histogram) return;
    const { options } = gsp.viewer.state;
    const [low, high] = limits();
    const values = {
      map: options.map, stretch: options.stretch, limits: options.limits,
      low: String(+low.toPrecision(6)), high: String(+high.toPrecision(6)),
    };
    for (const [name, value] of Object.entries(values)) {
      if (fields[name] !== document.activeElement || fields[name].tagName === "SELECT") fields[name].value = value;
    }
    for (const name of ["invert", ...Object.keys(MARKS)]) fields[name].checked = options[name];
    drawHistogram();
    link();
  }

  // The same picture as a file, drawn by the server.
  function link() {
    const { options, view } = gsp.viewer.state;
    if (!view) return;
    const [low, high] = limits();
    const [x0, x1, y0, y1] = gsp.viewer.ranges();
    const query = new URLSearchParams({
      id: info.id, format: "png", colormap: options.map, invert: options.invert,
      stretch: options.stretch, vmin: low, vmax: high, width: 1600,
      x0: (x0 + 0.5).toFixed(2), x1: (x1 + 0.5).toFixed(2),
      y0: (y0 + 0.5).toFixed(2), y1: (y1 + 0.5).toFixed(2),
      show_saturated: options.saturated, show_cosmic_rays: options.cosmic,
      show_apertures: options.apertures,
    });
    fields.save.href = `/api/files/visualize/?${query}`;
    fields.save.download = info.file_name.replace(/\.fits.*$/, "") + ".png";
  }

  // -- the panel ---------------------------------------------------------------------------------
  function choice(name, label, choices, act) {
    const options = Object.entries(choices).map(([value, text]) => gsp.make("option", { value }, text));
    fields[name] = gsp.make("select", {
      className: "form-select form-select-sm", on: { change: (e) => act(e.target.value) },
    }, ...options);
    return gsp.make("label", {}, label, fields[name]);
  }

  function number(name, label, act, more = {}) {
    fields[name] = gsp.make("input", {
      type: "number", step: "any", autocomplete: "off", ...more,
      on: { change: (e) => e.target.value !== "" && act(Number(e.target.value)) },
    });
    return gsp.make("label", {}, label, fields[name]);
  }

  function tick(name, label) {
    fields[name] = gsp.make("input", {
      type: "checkbox", on: { change: (e) => change({ [name]: e.target.checked }) },
    });
    if (name in MARKS) fields[name].id = { saturated: "show-saturated", cosmic: "show-cosmic",
      apertures: "show-apertures", wavelengths: "show-wavelengths" }[name];
    return gsp.make("label", { className: "tick" }, fields[name], label);
  }

  function typed(changes) {
    const [low, high] = limits();
    const next = { low, high, ...changes };
    if (next.high > next.low) change({ limits: "typed", ...next });
    else show();
  }

  function build() {
    fields = {};
    const named = { zscale: "Zscale" };
    for (const p of PERCENTILES) named[`p${p}`] = `${p} %`;
    Object.assign(named, { minmax: "Min to max", typed: "As typed" });
    const maps = Object.fromEntries(Object.keys(window.gspColormaps).map((m) => [m, m]));
    fields.save = gsp.make("a", { className: "button" }, "Save image");
    const bars = gsp.make("canvas", { id: "histogram", role: "img", tabIndex: 0 });
    bars.setAttribute("aria-label", "Histogram of the pixels with the limits");
    byId("advanced-controls").replaceChildren(
      gsp.make("div", { className: "pairs" },
        choice("limits", "Limits", named, (limitsName) =>
          limitsName === "typed" ? typed({}) : change({ limits: limitsName })),
        choice("stretch", "Stretch", STRETCHES, (stretch) => change({ stretch })),
        number("low", "Lower limit", (low) => typed({ low })),
        number("high", "Upper limit", (high) => typed({ high })),
        choice("map", "Colour map", maps, (map) => change({ map })),
        gsp.make("div", { className: "ticks" }, tick("invert", "Invert"))),
      bars,
      gsp.make("div", { className: "ticks" }, ...Object.entries(MARKS).map(([name, label]) => tick(name, label))),
      gsp.make("div", { className: "pairs three" },
        number("x", "Cut column", (x) => place({ x })),
        number("y", "Cut row", (y) => place({ y })),
        number("n", "Average over", (n) => place({ n }), { min: 1, step: 1 })),
      gsp.make("div", { className: "buttons" }, fields.save),
    );
    strips = {
      histogram: new gsp.Strip(bars, { pad: { left: 8, right: 8, top: 4, bottom: 20 } }),
      row: new gsp.Strip(byId("row-cut"), { pad: { left: 68, right: 92 } }),
      column: new gsp.Strip(byId("column-cut"), { pad: { left: 56, right: 10 } }),
    };
    dragLimits(bars);
  }

  // -- the histogram -----------------------------------------------------------------------------
  const toScale = (value) => Math.asinh((value - histogram.offset) / histogram.softening);
  const toValue = (at) => histogram.offset + histogram.softening * Math.sinh(at);

  // The value below which a share of the pixels lies.
  function quantile(share) {
    const total = histogram.counts.reduce((a, b) => a + b, 0);
    let below = 0;
    for (let i = 0; i < histogram.counts.length; i++) {
      const next = below + histogram.counts[i];
      if (next >= share * total && histogram.counts[i]) {
        const part = (share * total - below) / histogram.counts[i];
        return toValue(histogram.first + (i + part) * histogram.step);
      }
      below = next;
    }
    return toValue(histogram.first + histogram.counts.length * histogram.step);
  }

  function percentiles() {
    const named = {};
    for (const p of PERCENTILES) {
      const [low, high] = [quantile((1 - p / 100) / 2), quantile((1 + p / 100) / 2)];
      named[`p${p}`] = high > low ? [low, high] : histogram.limits.zscale;
    }
    return named;
  }

  function drawHistogram() {
    const { counts, first, step } = histogram;
    const [low, high] = limits().map(toScale);
    const strip = strips.histogram;
    const y = counts.map((n) => Math.log10(1 + n));
    strip.axes = (c, box) => histogramAxis(c, box, strip);
    strip.set({
      x: [Math.min(first, low), Math.max(first + step * counts.length, high)],
      lines: [{ x: counts.map((_, i) => first + (i + 0.5) * step), y, colour: "#7f8ea8" }],
      spans: [{ low, high, colour: "#4fa3ff" }],
    });
  }

  function histogramAxis(c, box, strip) {
    c.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--quiet");
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "top";
    c.textAlign = "center";
    const spread = histogram.softening;
    let last = -99;
    const far = [1, 2, 5].flatMap((m) => [1, 10, 100, 1000, 1e4].map((p) => m * p)).sort((a, b) => a - b);
    const round = (v) => +v.toPrecision(2);
    const near = [0, ...far.flatMap((f) => [-f * spread, f * spread])].map((d) => round(histogram.offset + d));
    for (const value of [...new Set(near)].sort((a, b) => a - b)) {
      const at = strip.px(toScale(value));
      if (at < box.left + 14 || at > box.left + box.width - 14 || at - last < 46) continue;
      c.fillRect(at, box.top + box.height, 1, 3);
      c.fillText(gsp.pixels.short(value), at, box.top + box.height + 5);
      last = at;
    }
  }

  function dragLimits(canvas) {
    let held = null;
    const at = (event) => event.clientX - canvas.getBoundingClientRect().left;
    canvas.addEventListener("pointerdown", (event) => {
      if (!histogram) return;
      const [low, high] = limits().map((v) => strips.histogram.px(toScale(v)));
      const x = at(event);
      const nearest = Math.abs(x - low) < Math.abs(x - high) ? "low" : "high";
      const inside = x > low + 8 && x < high - 8;
      held = { name: inside ? "both" : nearest, from: strips.histogram.value(x), limits: limits().map(toScale) };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      const moved = strips.histogram.value(at(event)) - held.from;
      const [low, high] = held.limits;
      const next = {
        low: toValue(held.name === "high" ? low : low + moved),
        high: toValue(held.name === "low" ? high : high + moved),
      };
      typed(next);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = null));
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || !histogram) return;
      const [low, high] = limits().map((v) => toValue(toScale(v) + step * 0.1));
      typed(event.shiftKey ? { low } : event.ctrlKey ? { low, high } : { high });
      event.preventDefault();
      event.stopPropagation();
    });
  }

  // -- cuts --------------------------------------------------------------------------------------
  let serial = 0;
  function place(changes) {
    const clip = (value, n) => Math.min(Math.max(Math.round(value), 0), n - 1);
    const next = { ...cut, ...changes };
    cut = { x: clip(next.x, info.n_x), y: clip(next.y, info.n_y), n: Math.min(Math.max(Math.round(next.n), 1), 999) };
    for (const name of ["x", "y", "n"]) fields[name].value = cut[name];
    note({ cut: `${cut.x},${cut.y},${cut.n}` });
    gsp.viewer.state.options.cross = cut;
    gsp.viewer.draw();
    fetchCuts();
  }

  async function fetchCuts() {
    const mine = ++serial;
    const [asked_, at] = [info, cut];
    const half = Math.floor((at.n - 1) / 2);
    try {
      const [row, column] = await Promise.all([
        gsp.fetchCut(asked_, "row", at.y - half, at.y - half + at.n - 1),
        gsp.fetchCut(asked_, "column", at.x - half, at.x - half + at.n - 1),
      ]);
      if (mine !== serial || !row || !column) return;
      const colour = getComputedStyle(document.documentElement).getPropertyValue("--spectrum").trim();
      strips.row.set({ label: asked_.unit, lines: [{ y: row, colour }] });
      strips.column.set({ lines: [{ y: column, colour }] });
      const of = at.n > 1 ? `, mean of ${at.n}` : "";
      byId("row-cut-said").textContent = `Along row ${at.y}${of}`;
      byId("column-cut-said").textContent = `Along column ${at.x}${of} (${asked_.unit})`;
    } catch {
      // The image itself says that the server is away.
    }
  }

  gsp.fetchCut = async function (file, axis, first, last, clean) {
    const n = axis === "row" ? file.n_y : file.n_x;
    const clip = (value) => Math.min(Math.max(value, 0), n - 1);
    const query = new URLSearchParams({ axis, first: clip(first), last: clip(last), v: file.checksum });
    if (clean) query.set("clean", "1");
    const answer = await fetch(`/img/${file.id}/cut?${query}`);
    return answer.status === 200 ? new Float32Array(await answer.arrayBuffer()) : null;
  };

  // A click on the image, without a drag, takes the cuts there.
  let pressed = null;
  document.addEventListener("pointerdown", (event) => {
    pressed = here() && event.target.closest("#stage") ? [event.clientX, event.clientY] : null;
  }, true);
  document.addEventListener("pointerup", (event) => {
    if (!pressed || !cut || event.button !== 0) return;
    if (Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 3) return;
    const at = gsp.under();
    if (at) place({ x: at[0], y: at[1] });
  }, true);

  // -- the page ----------------------------------------------------------------------------------
  function shown() {
    if (!here()) return;
    info = gsp.viewer.state.info;
    [histogram, cut] = [null, null];
    if (!info || info.kind !== "image") return;
    build();
    Object.assign(gsp.viewer.state.options, fromAddress(), { cross: null });
  }

  // The image has come, so its pyramid is there.
  async function viewed() {
    if (!here() || !info || histogram) return;
    const mine = info;
    const answer = await fetch(`/img/${mine.id}/histogram?v=${mine.checksum}`);
    if (answer.status !== 200 || mine !== info || histogram) return;
    histogram = await answer.json();
    gsp.viewer.set({ named: percentiles() });
    show();
    const from = (asked("cut") || "").split(",").map(Number);
    const sound = from.length === 3 && from.every(Number.isFinite);
    const [x, y, n] = sound ? from : [info.n_x / 2, info.n_y / 2, 1];
    cut = { x, y, n };
    place({});
  }

  window.addEventListener("gsp-shown", shown);
  window.addEventListener("gsp-view", () => void viewed().catch(() => {}));
  window.addEventListener("gsp-drawn", () => {
    if (!here() || !strips || !histogram) return;
    const [x0, x1, y0, y1] = gsp.viewer.ranges();
    strips.row.set({ x: [x0, x1] });
    strips.column.set({ x: [y0, y1] });
    link();
  });
  window.addEventListener("gsp-theme", () => here() && histogram && (show(), fetchCuts()));

  gsp.advanced = { note, asked, here };
})();
