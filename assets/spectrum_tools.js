// The controls under a spectrum: marks, redshift, smoothing, other spectra, exports, keys.
(function () {
  "use strict";
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const SLIDER = [-0.25, 1.6]; // places: z from -0.016 to 4.1
  const FAINT = ["H", "He", "neb", "star", "ism"];
  const LISTS = { H: "Hydrogen", He: "Helium", neb: "Nebular", star: "Stellar", ism: "Interstellar" };
  const MARKS = {
    sigma: ["1 σ band", "The standard deviation of each pixel"],
    flags: ["Flagged pixels", "Saturated, cosmic ray, bad, without flat, interpolated"],
    sky: ["Night sky", "Lines of the night sky"],
    telluric: ["Telluric", "Absorption bands of O₂ and H₂O in the atmosphere"],
  };

  const byId = (id) => document.getElementById(id);
  const make = (...given) => space.make(...given);

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
      row("Compare", space.finder(),
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
      onclick: () => space.save(format) }, format.toUpperCase());
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
    byId("laid-over").replaceChildren(...space.laidOver());
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
