// A spectrum on a canvas behind the transparent axes of a Plotly graph.
//
// The numbers come once for each file (api/spectra.py); whatever is done to them – smoothing,
// comparing, marking lines at a redshift – is done here, so that it follows the hand.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const MOST = 8; // other spectra at once

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

  const held = new Map(); // id → numbers of the spectra laid over
  let plot = null; // Plotly's div
  let main = null; // its numbers
  let drawn = []; // what is on the canvas: [{x, flux, sigma, mask, colour}], the first on top
  let serial = 0;
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
  space.colour = colour;
  space.MOST = MOST;
  // Plotly reads markup in what it writes; a header's text is text.
  space.plain = (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

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

  // An empty trace: without one Plotly draws no axes.
  const EMPTY = [{ x: [null], y: [null], mode: "lines", hoverinfo: "skip" }];

  function render() {
    const found = byId("spectrum-plot");
    if (!main || !found) return;
    if (!window.Plotly) return void setTimeout(render, 20);
    compute();
    const fresh = found !== plot || !found._fullLayout;
    plot = found;
    // A configuration would have Plotly begin anew.
    window.Plotly.react(plot, EMPTY, space.layout(), fresh ? space.config() : undefined);
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
    gsp.title(main.facts.heading);
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
      zoom.y = { range: yaxis.range.map(Number), scale: space.scale() };
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
      held.set(id, await space.load(id, ""));
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
  // Show a spectrum, with its numbers if they have come; or none.
  space.show = function (facts, opened) {
    const mine = ++serial;
    if (!facts || facts.kind !== "spectrum") return hide();
    if (opened) return put(space.read(opened.spectrum, opened.body, opened.at));
    const { id, checksum } = facts;
    const onShow = main && main.facts.id === id && main.facts.checksum === checksum;
    if (onShow && byId("spectrum-plot") === plot) return; // since the click
    space.load(id, checksum).then(
      (one) => mine === serial && put(one),
      (error) => mine === serial && refuse(error.message),
    );
  };

  function hide() {
    main = null;
    ["spectrum-tools", "arc-panel"].forEach((id) => byId(id) && (byId(id).hidden = true));
  }

  function put(one) {
    if (!byId("spectrum-plot")) return;
    space.aim(null);
    byId("stage").dataset.kind = "spectrum";
    const remark = byId("stage-note");
    if (remark) remark.textContent = "";
    const opened = byId("spectrum-plot") !== plot;
    main = one;
    if (opened) space.restore();
    render();
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
})();
