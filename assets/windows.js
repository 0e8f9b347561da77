// Extraction by hand: windows along the slit, the spectrum they would give at once, and "Extract",
// which saves it as a new version beside the automatic one.
//
// Here is which windows and columns are chosen, also in the address. windows_panel.js has the
// fields, windows_profile.js the profile that the windows are dragged in, windows_spectra.js the
// spectra that are compared; windows_extract.js asks the server for the spectrum, and saves it.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const COLOUR = "#e08a00"; // of the windows and their spectrum
  const round = (value) => Math.round(value * 100) / 100;

  const state = {
    info: null, // the image
    known: [], // apertures of the spectra that were extracted
    chosen: null, // the one that is compared with
    hand: null, // {trace, aperture, zones, target}
    range: null, // columns that the profile is the mean of
  };
  let built = false;

  const byId = (id) => document.getElementById(id);

  // -- windows -----------------------------------------------------------------------------------
  // What is compared with unless somebody chooses: the first target's newest automatic spectrum.
  function automatic() {
    const own = state.known.filter((one) => !one.by_hand);
    own.sort((a, b) => a.target - b.target || b.file - a.file);
    return own[0] || state.known[0] || null;
  }

  // The windows to begin with: those of the spectrum compared with.
  function initial() {
    const one = state.chosen;
    if (!one) return straight();
    return {
      trace: [...one.trace], aperture: [...one.aperture], target: one.target,
      zones: one.zones.map((zone) => [...zone]), newest: true,
    };
  }

  // Nothing was extracted yet: a level trace through the brightest row, once the profile is known.
  function straight() {
    const zones = [[-25, -12], [12, 25]];
    return { trace: [state.info.n_y / 2], aperture: [-6, 6], zones, target: 1, newest: true, level: true };
  }

  function choose(file) {
    state.chosen = state.known.find((one) => one.file === file) || null;
    state.hand = initial();
    gsp.comparison.load();
    gsp.profile.frame();
    changed();
  }

  function reset() {
    state.hand = initial();
    gsp.comparison.take({ saved: null });
    gsp.profile.frame();
    changed();
  }

  function setRange(next) {
    const clip = (v) => Math.min(Math.max(Math.round(v), 0), state.info.n_x - 1);
    state.range = next.map(clip).sort((a, b) => a - b);
    gsp.profile.load();
    changed();
  }

  function columnsOnShow() {
    const [x0, x1] = gsp.viewer.ranges();
    setRange([x0, x1]);
  }

  // [low, high] of "aperture", "zone0" or "zone1", in rows from the trace.
  function pairOf(which) {
    return which === "aperture" ? state.hand.aperture : state.hand.zones[Number(which[4])];
  }

  function move(which, k, value) {
    const { zones } = state.hand;
    if (which !== "aperture" && !pairOf(which)) zones[zones.length] = [12, 25];
    const pair = pairOf(which);
    const least = which === "aperture" ? 0.5 : 1;
    if (!pair) return;
    pair[k] = k ? Math.max(value, pair[0] + least) : Math.min(value, pair[1] - least);
    changed();
  }

  function changed() {
    gsp.viewer.state.options.hand = state.hand;
    gsp.viewer.draw();
    gsp.windowsPanel.write();
    gsp.profile.draw();
    remember();
    gsp.extraction.rehearse();
  }

  // -- the address -------------------------------------------------------------------------------
  function remember() {
    const { chosen, hand, range } = state;
    const pairs = [hand.aperture, ...hand.zones];
    const first = initial();
    const same = JSON.stringify([first.aperture, first.zones]) === JSON.stringify([hand.aperture, hand.zones]);
    gsp.advanced.note({
      windows: same ? "" : pairs.map((pair) => pair.map(round).join(":")).join(","),
      range: range.map(Math.round).join(","),
      profile: gsp.profile.zoomed().join(),
      spectrum: chosen && chosen !== automatic() ? String(chosen.file) : "",
    });
  }

  function start() {
    const { info, known } = state;
    const text = gsp.advanced.asked("windows");
    const numbers = (text || "").split(/[,:]/).map(Number);
    const wanted = Number(gsp.advanced.asked("spectrum"));
    state.chosen = known.find((one) => one.file === wanted) || automatic();
    const across = (gsp.advanced.asked("range") || "").split(",").map(Number);
    const sound = across.length === 2 && across.every(Number.isFinite);
    state.range = sound ? across : [Math.round(info.n_x * 0.45), Math.round(info.n_x * 0.55)];
    state.hand = initial();
    if (text && numbers.length >= 2 && numbers.length % 2 === 0 && numbers.every(Number.isFinite)) {
      const pairs = [];
      for (let k = 0; k < numbers.length; k += 2) pairs.push(numbers.slice(k, k + 2));
      state.hand.aperture = pairs[0];
      state.hand.zones = pairs.slice(1, 3);
    }
  }

  // -- the page ----------------------------------------------------------------------------------
  window.addEventListener("gsp-shown", () => {
    const panel = byId("advanced-windows");
    if (!panel) return;
    const { info } = gsp.viewer.state;
    Object.assign(state, { info, known: [], chosen: null, hand: null });
    built = false;
    for (const part of [gsp.profile, gsp.comparison, gsp.extraction]) part.forget();
    panel.hidden = !(info && info.kind === "image" && info.reduced);
  });

  // Spectra may come later; what a person has laid stays.
  window.addEventListener("gsp-overlays", () => {
    const { info } = state;
    if (!gsp.advanced.here() || !info || !info.reduced) return;
    state.known = gsp.overlays.of(info).apertures;
    if (built) return gsp.windowsPanel.list();
    start();
    gsp.windowsPanel.build();
    gsp.profile.attach();
    gsp.comparison.attach();
    built = true;
    gsp.windowsPanel.list();
    begin();
  });

  // The windows need the image's pixels, which may still be unpacked.
  function begin() {
    if (!gsp.viewer.state.view) return void window.addEventListener("gsp-view", begin, { once: true });
    if (!built || !state.hand) return;
    gsp.profile.load();
    gsp.comparison.load();
    gsp.profile.frame();
    gsp.profile.restore();
    changed();
  }

  window.addEventListener("gsp-theme", () => {
    if (built && gsp.advanced.here()) [gsp.profile, gsp.comparison].forEach((part) => part.draw());
  });

  gsp.windows = {
    COLOUR, round, state, choose, reset, setRange, columnsOnShow, pairOf, move, changed, remember,
  };
})();
