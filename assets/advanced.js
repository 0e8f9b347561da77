// Advanced Visualization: limits, stretch, colours, what lies over the image; all of it is in the
// address, which restores it.
//
// advanced_histogram.js has the histogram that the limits are dragged on, advanced_cuts.js the cuts
// along a row and a column, windows*.js the extraction by hand.
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

  let info = null; // the image
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
    return gsp.pixels.limits(view || { limits: gsp.histogram.facts.limits }, options);
  }

  // Write what is in force into the fields, but not where somebody types.
  function show() {
    if (!gsp.histogram.facts) return;
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
    gsp.histogram.draw();
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

  function write(values) {
    for (const [name, value] of Object.entries(values)) fields[name].value = value;
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
        number("x", "Cut column", (x) => gsp.cuts.place({ x })),
        number("y", "Cut row", (y) => gsp.cuts.place({ y })),
        number("n", "Average over", (n) => gsp.cuts.place({ n }), { min: 1, step: 1 })),
      gsp.make("div", { className: "buttons" }, fields.save),
    );
    gsp.histogram.attach(bars);
    gsp.cuts.attach();
  }

  // -- the page ----------------------------------------------------------------------------------
  function shown() {
    if (!here()) return;
    info = gsp.viewer.state.info;
    gsp.histogram.forget();
    gsp.cuts.forget();
    if (!info || info.kind !== "image") return;
    build();
    Object.assign(gsp.viewer.state.options, fromAddress(), { cross: null });
  }

  // The image has come, so its pyramid is there.
  async function viewed() {
    if (!here() || !info || gsp.histogram.facts) return;
    const mine = info;
    const answer = await fetch(`/img/${mine.id}/histogram?v=${mine.checksum}`);
    if (answer.status !== 200 || mine !== info || gsp.histogram.facts) return;
    gsp.histogram.take(await answer.json());
    gsp.viewer.set({ named: gsp.histogram.named(PERCENTILES) });
    show();
    gsp.cuts.start();
  }

  window.addEventListener("gsp-shown", shown);
  window.addEventListener("gsp-view", () => void viewed().catch(() => {}));
  window.addEventListener("gsp-drawn", () => {
    if (!here() || !gsp.histogram.facts) return;
    gsp.cuts.frame(gsp.viewer.ranges());
    link();
  });
  window.addEventListener("gsp-theme", () => here() && gsp.histogram.facts && (show(), gsp.cuts.load()));

  gsp.advanced = {
    note, asked, here, limits, typed, write,
    get info() {
      return info;
    },
  };
})();
