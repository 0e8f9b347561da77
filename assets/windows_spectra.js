// The spectrum of the windows beside the one compared with and the one that was saved: their flux,
// their ratio, their names.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const SAVED = "#57c99b";
  const UNKNOWN = [0.5, 1.5]; // the axis of a ratio that is not there

  let strips = null; // {spectrum, ratio}
  let spectra = {}; // {auto, hand, saved}: {flux, sigma}, the saved one with its name

  const state = () => gsp.windows.state;

  function attach() {
    const strip = (id, options) => new gsp.Strip(document.getElementById(id), options);
    strips = {
      spectrum: strip("hand-spectrum", { label: state().info.unit }),
      ratio: strip("hand-ratio", { label: "ratio", y: UNKNOWN }),
    };
  }

  function forget() {
    strips = null;
    spectra = {};
  }

  // Begin anew with the one compared with.
  async function load() {
    const { chosen } = state();
    spectra = {};
    if (!chosen) return draw();
    try {
      const one = await window.gspSpectrum.load(chosen.file, "");
      if (chosen === state().chosen) spectra.auto = one;
    } catch (error) {
      gsp.windowsPanel.say(error.message, true);
    }
    draw();
  }

  function take(some) {
    Object.assign(spectra, some);
    draw();
  }

  function draw() {
    const any = spectra.hand || spectra.auto;
    if (!strips || !any) return;
    const scale = state().chosen && state().chosen.wavelength;
    const n = any.flux.length;
    const x = Float64Array.from({ length: n }, (_, i) => (scale ? gsp.overlays.wavelength(scale, i) : i));
    const ends = [x[0], x[n - 1]];
    const shown = [
      [spectra.auto, gsp.tone("--spectrum")], [spectra.hand, gsp.windows.COLOUR], [spectra.saved, SAVED],
    ];
    const lines = shown.filter(([one]) => one).map(([{ flux, sigma }, colour]) => ({ x, y: flux, sigma, colour }));
    strips.spectrum.set({ x: ends, lines, y: reach(lines) });
    const mine = spectra.saved || spectra.hand;
    const ratio = spectra.auto && mine && mine.flux.map((f, i) => f / spectra.auto.flux[i]);
    strips.ratio.set({
      x: ends, lines: ratio ? [{ x, y: ratio, colour: spectra.saved ? SAVED : gsp.windows.COLOUR }] : [],
      y: ratio ? near(ratio) : UNKNOWN, marks: [{ y: 1, colour: gsp.tone("--axis") }],
    });
    legend(scale);
  }

  // The range of the flux, without the pixels that are measured badly.
  function reach(lines) {
    const all = [];
    for (const { y, sigma } of lines) {
      const most = 20 * (median(sigma) || Infinity);
      for (let i = 0; i < y.length; i++) if (Number.isFinite(y[i]) && sigma[i] <= most) all.push(y[i]);
    }
    if (!all.length) return null;
    const [low, high] = all.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    return [Math.min(0, low) - 0.05 * (high - low || 1), high + 0.05 * (high - low || 1)];
  }

  // The range of the ratio, without its wildest pixels.
  function near(ratio) {
    const all = sorted(ratio);
    if (!all.length) return UNKNOWN;
    const [low, high] = [all[Math.floor(all.length * 0.05)], all[Math.floor(all.length * 0.95)]];
    const more = Math.max(0.05, 0.3 * (high - low));
    return [Math.min(low - more, 0.95), Math.max(high + more, 1.05)];
  }

  function sorted(values) {
    return [...values].filter(Number.isFinite).sort((a, b) => a - b);
  }

  function median(values) {
    const all = sorted(values);
    return all.length ? all[all.length >> 1] : NaN;
  }

  function legend(scale) {
    const { known, chosen } = state();
    const entry = (name, one, colour) => {
      if (!one) return null;
      const snr = median(one.flux.map((f, i) => f / one.sigma[i]));
      const key = gsp.make("span", { className: "key" });
      key.style.background = colour;
      return gsp.make("span", {}, key, `${name}, S/N ${snr.toFixed(1)}`);
    };
    const of = (file) => (known.find((one) => one.file === file) || { name: "" }).name;
    gsp.windowsPanel.legend([
      chosen ? entry(of(chosen.file), spectra.auto, gsp.tone("--spectrum")) : null,
      entry("these windows", spectra.hand, gsp.windows.COLOUR),
      entry(spectra.saved ? `saved as ${spectra.saved.name}` : "", spectra.saved, SAVED),
      gsp.make("span", { className: "quiet" }, scale ? "Å" : "columns"),
    ].filter(Boolean));
  }

  gsp.comparison = { attach, forget, load, take, draw };
})();
