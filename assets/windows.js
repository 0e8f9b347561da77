// Extraction by hand: the profile along the slit with draggable windows, the spectrum they would
// give at once, and "Extract", which saves it as a new version beside the automatic one.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const GRAB_PX = 7;
  const COLOUR = { hand: "#e08a00", saved: "#57c99b" };
  const round = (value) => Math.round(value * 100) / 100;

  let info = null;
  let known = []; // apertures of the spectra that were extracted
  let chosen = null; // the one that is compared with
  let hand = null; // {trace, aperture, zones, target}
  let range = null; // columns that the profile is the mean of
  let profile = null;
  let strips = null;
  let parts = {};
  let spectra = {}; // {auto, hand, saved}: {flux, sigma}
  let run = null;

  const byId = (id) => document.getElementById(id);
  const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const middle = () => (range[0] + range[1]) / 2;
  const traceAt = () => gsp.overlays.row(hand.trace, middle());

  // -- the panel ---------------------------------------------------------------------------------
  function build() {
    // `named` where the label beside the field says too little by itself ("to").
    const field = (name, label, act, named) => {
      parts[name] = gsp.make("input", {
        type: "number", step: "any", autocomplete: "off", "aria-label": named || label,
        on: { change: (event) => event.target.value !== "" && act(Number(event.target.value)) },
      });
      return gsp.make("label", {}, label, parts[name]);
    };
    const edge = (name, label, which, k, named) =>
      field(name, label, (value) => move(which, k, value), named);
    parts = {};
    parts.choose = gsp.make("select", {
      className: "form-select form-select-sm", on: { change: (e) => choose(Number(e.target.value)) },
    });
    parts.extract = gsp.make("button", { type: "button", className: "button main", on: { click: extract } }, "Extract");
    parts.reset = gsp.make("button", { type: "button", className: "button", on: { click: reset } }, "Reset windows");
    parts.onView = gsp.make("button", { type: "button", className: "button", on: { click: columnsOnShow } }, "Columns on show");
    parts.said = gsp.make("p", { className: "said", role: "status" });
    parts.legend = gsp.make("p", { className: "legend" });
    const canvas = (id, label) => {
      const made = gsp.make("canvas", { id, className: "strip", role: "img" });
      made.setAttribute("aria-label", label);
      return made;
    };
    byId("advanced-windows").replaceChildren(
      gsp.make("h2", {}, "Extraction by hand"),
      gsp.make("div", { className: "windows-grid" },
        gsp.make("div", {},
          gsp.make("div", { className: "pairs three" },
            gsp.make("label", { className: "wide" }, "Compared with", parts.choose),
            field("from", "Columns from", (v) => setRange([v, range[1]])),
            field("to", "to", (v) => setRange([range[0], v]), "Columns to"),
            gsp.make("div", { className: "bottom" }, parts.onView)),
          canvas("profile", "Profile along the slit with the windows"),
          gsp.make("div", { className: "pairs six" },
            edge("low", "Aperture from", "aperture", 0), edge("high", "to", "aperture", 1, "Aperture to"),
            edge("z00", "Background 1 from", "zone0", 0), edge("z01", "to", "zone0", 1, "Background 1 to"),
            edge("z10", "Background 2 from", "zone1", 0), edge("z11", "to", "zone1", 1, "Background 2 to")),
          gsp.make("p", { className: "quiet" }, "Rows from the trace. Drag the windows or their edges in the profile; the wheel zooms.")),
        gsp.make("div", {},
          parts.legend,
          canvas("hand-spectrum", "Spectrum of the windows and the one compared with"),
          canvas("hand-ratio", "Ratio of the two spectra"))),
      gsp.make("div", { className: "buttons" }, parts.extract, parts.reset, parts.said),
    );
    strips = {
      profile: new gsp.Strip(byId("profile"), { label: info.unit }),
      spectrum: new gsp.Strip(byId("hand-spectrum"), { label: info.unit }),
      ratio: new gsp.Strip(byId("hand-ratio"), { label: "ratio", y: [0.5, 1.5] }),
    };
    drag(byId("profile"));
  }

  // -- state and address -------------------------------------------------------------------------
  function start() {
    const text = gsp.advanced.asked("windows");
    const numbers = (text || "").split(/[,:]/).map(Number);
    const wanted = Number(gsp.advanced.asked("spectrum"));
    chosen = known.find((one) => one.file === wanted) || automatic();
    const across = (gsp.advanced.asked("range") || "").split(",").map(Number);
    const sound = across.length === 2 && across.every(Number.isFinite);
    range = sound ? across : [Math.round(info.n_x * 0.45), Math.round(info.n_x * 0.55)];
    hand = chosen ? copy(chosen) : straight();
    if (text && numbers.length >= 2 && numbers.length % 2 === 0 && numbers.every(Number.isFinite)) {
      const pairs = [];
      for (let k = 0; k < numbers.length; k += 2) pairs.push(numbers.slice(k, k + 2));
      hand.aperture = pairs[0];
      hand.zones = pairs.slice(1, 3);
    }
  }

  // What is compared with unless somebody chooses: the first target's newest automatic spectrum.
  function automatic() {
    const own = known.filter((one) => !one.by_hand);
    own.sort((a, b) => a.target - b.target || b.file - a.file);
    return own[0] || known[0] || null;
  }

  function copy(one) {
    return {
      trace: [...one.trace], aperture: [...one.aperture], target: one.target,
      zones: one.zones.map((zone) => [...zone]), newest: true,
    };
  }

  // Nothing was extracted yet: a level trace through the brightest row, once the profile is known.
  function straight() {
    return { trace: [info.n_y / 2], aperture: [-6, 6], zones: [[-25, -12], [12, 25]], target: 1, newest: true, level: true };
  }

  function remember() {
    const pairs = [hand.aperture, ...hand.zones];
    const start_ = chosen ? copy(chosen) : straight();
    const same = JSON.stringify([start_.aperture, start_.zones]) === JSON.stringify([hand.aperture, hand.zones]);
    gsp.advanced.note({
      windows: same ? "" : pairs.map((pair) => pair.map(round).join(":")).join(","),
      range: range.map(Math.round).join(","),
      profile: strips.profile.x.join() === whole().join() ? "" : strips.profile.x.join(),
      spectrum: chosen && chosen !== automatic() ? String(chosen.file) : "",
    });
  }

  function choose(file) {
    chosen = known.find((one) => one.file === file) || null;
    hand = chosen ? copy(chosen) : straight();
    spectra = {};
    loadAuto();
    frameProfile();
    changed();
  }

  function reset() {
    hand = chosen ? copy(chosen) : straight();
    spectra.saved = null;
    frameProfile();
    changed();
  }

  function setRange(next) {
    const clip = (v) => Math.min(Math.max(Math.round(v), 0), info.n_x - 1);
    range = next.map(clip).sort((a, b) => a - b);
    loadProfile();
    changed();
  }

  function columnsOnShow() {
    const [x0, x1] = gsp.viewer.ranges();
    setRange([x0, x1]);
  }

  function windowsOf(which) {
    return which === "aperture" ? hand.aperture : hand.zones[Number(which[4])];
  }

  function move(which, k, value) {
    if (which !== "aperture" && !windowsOf(which)) hand.zones[hand.zones.length] = [12, 25];
    const pair = windowsOf(which);
    const least = which === "aperture" ? 0.5 : 1;
    if (!pair) return;
    pair[k] = k ? Math.max(value, pair[0] + least) : Math.min(value, pair[1] - least);
    changed();
  }

  function changed() {
    gsp.viewer.state.options.hand = hand;
    gsp.viewer.draw();
    const values = { low: hand.aperture[0], high: hand.aperture[1], from: range[0], to: range[1] };
    for (const i of [0, 1]) for (const k of [0, 1]) values[`z${i}${k}`] = hand.zones[i] ? hand.zones[i][k] : "";
    for (const [name, value] of Object.entries(values)) {
      if (parts[name] !== document.activeElement) parts[name].value = value === "" ? "" : round(value);
    }
    drawProfile();
    remember();
    rehearse();
  }

  // -- the profile -------------------------------------------------------------------------------
  async function loadProfile() {
    const [mine, across] = [info, range];
    const found = await gsp.fetchCut(mine, "column", across[0], across[1], true).catch(() => null);
    if (!found || mine !== info || across !== range) return;
    profile = found;
    if (hand.level) {
      let best = 0;
      for (let i = 0; i < profile.length; i++) if (profile[i] > profile[best] || !(profile[best] > -Infinity)) best = i;
      hand.trace = [best];
      hand.level = false;
      frameProfile();
      changed();
    }
    drawProfile();
  }

  // The rows that show all windows.
  function whole() {
    const edges = [...hand.aperture, ...hand.zones.flat()].map((edge) => traceAt() + edge);
    const more = 0.35 * (Math.max(...edges) - Math.min(...edges));
    return [Math.min(...edges) - more, Math.max(...edges) + more].map(round);
  }

  function frameProfile() {
    strips.profile.set({ x: whole() });
  }

  function zoomProfile(rows) {
    strips.profile.set({ x: rows.map(round) });
    remember();
  }

  function drawProfile() {
    const at = traceAt();
    const span = ([low, high], colour) => ({ low: at + low, high: at + high, colour });
    strips.profile.set({
      lines: profile ? [{ y: profile, colour: tone("--spectrum") }] : [],
      spans: [...hand.zones.map((zone) => span(zone, gsp.overlays.COLOUR.zone)), span(hand.aperture, COLOUR.hand)],
      marks: [{ x: at, colour: COLOUR.hand }],
    });
  }

  function drag(canvas) {
    let held = null;
    const place = (event) => event.clientX - canvas.getBoundingClientRect().left;
    const hit = (px) => {
      const at = traceAt();
      const all = [["aperture", hand.aperture], ...hand.zones.map((zone, i) => [`zone${i}`, zone])];
      for (const [which, pair] of all) {
        for (const k of [0, 1]) {
          if (Math.abs(strips.profile.px(at + pair[k]) - px) < GRAB_PX) return { which, k };
        }
      }
      const row = strips.profile.value(px) - at;
      const inside = all.find(([, pair]) => row > pair[0] && row < pair[1]);
      return inside ? { which: inside[0], k: null } : { which: null, k: null };
    };
    canvas.addEventListener("pointerdown", (event) => {
      const px = place(event);
      held = { ...hit(px), from: strips.profile.value(px), x: [...strips.profile.x] };
      if (held.which) held.pair = [...windowsOf(held.which)];
      held.px = px;
      canvas.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      const px = place(event);
      if (!held) {
        const { which, k } = hit(px);
        canvas.style.cursor = which === null ? "" : k === null ? "grab" : "ew-resize";
        return;
      }
      const span = (held.x[1] - held.x[0]) / strips.profile.box.width;
      const moved = (px - held.px) * span;
      if (!held.which) return zoomProfile(held.x.map((edge) => edge - moved));
      const pair = windowsOf(held.which);
      if (held.k === null) {
        pair[0] = held.pair[0] + moved;
        pair[1] = held.pair[1] + moved;
        changed();
      } else move(held.which, held.k, held.pair[held.k] + moved);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = null));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const at = strips.profile.value(place(event));
      const factor = event.deltaY < 0 ? 0.8 : 1.25;
      zoomProfile(strips.profile.x.map((edge) => at + (edge - at) * factor));
    }, { passive: false });
  }

  // -- the spectra -------------------------------------------------------------------------------
  function told() {
    return {
      trace: hand.trace, low: round(hand.aperture[0]), high: round(hand.aperture[1]),
      zones: hand.zones.map((zone) => zone.map(round)), target: hand.target,
    };
  }

  function post(path, body) {
    return fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": gsp.cookie("_csrf_token") },
      body: JSON.stringify(body),
    });
  }

  async function sentence(answer) {
    try {
      return (await answer.json()).error.message;
    } catch {
      return "The server does not answer as it should.";
    }
  }

  let busy = false;
  let again = false;
  // One request at a time; while it is under way only the newest wish is kept.
  async function rehearse() {
    if (busy) return void (again = true);
    busy = true;
    try {
      const mine = info;
      const answer = await post(`/img/${mine.id}/rehearsal`, told());
      if (mine === info) {
        if (answer.ok) {
          const both = new Float32Array(await answer.arrayBuffer());
          const n = both.length / 2;
          spectra.hand = { flux: both.subarray(0, n), sigma: both.subarray(n) };
          say(answer.headers.get("X-Warning") || "", false);
        } else say(await sentence(answer), true);
        drawSpectra();
      }
    } catch {
      say("The server does not answer; the spectrum on show is the last one.", true);
    }
    busy = false;
    if (again) {
      again = false;
      rehearse();
    }
  }

  async function loadAuto() {
    const mine = chosen;
    spectra.auto = null;
    if (!mine) return drawSpectra();
    try {
      const one = await window.gspSpectrum.load(mine.file, "");
      if (mine === chosen) spectra.auto = one;
    } catch (error) {
      say(error.message, true);
    }
    drawSpectra();
  }

  function drawSpectra() {
    if (!strips) return;
    const scale = chosen && chosen.wavelength;
    const any = spectra.hand || spectra.auto;
    if (!any) return;
    const n = any.flux.length;
    const x = Float64Array.from({ length: n }, (_, i) => (scale ? gsp.overlays.wavelength(scale, i) : i));
    const lines = [];
    const line = (one, colour) => one && lines.push({ x, y: one.flux, sigma: one.sigma, colour });
    line(spectra.auto, tone("--spectrum"));
    line(spectra.hand, COLOUR.hand);
    line(spectra.saved, COLOUR.saved);
    const ends = [x[0], x[n - 1]];
    strips.spectrum.set({ x: ends, lines, y: sound(lines) });
    const mine = spectra.saved || spectra.hand;
    const ratio = spectra.auto && mine && mine.flux.map((f, i) => f / spectra.auto.flux[i]);
    strips.ratio.set({
      x: ends, lines: ratio ? [{ x, y: ratio, colour: spectra.saved ? COLOUR.saved : COLOUR.hand }] : [],
      y: ratio ? near(ratio) : [0.5, 1.5], marks: [{ y: 1, colour: tone("--axis") }],
    });
    legend(scale);
  }

  // The range of the flux, without the pixels that are measured badly.
  function sound(lines) {
    let all = [];
    for (const { y, sigma } of lines) {
      const known_ = [...sigma].filter(Number.isFinite).sort((a, b) => a - b);
      const most = 20 * (known_[known_.length >> 1] || Infinity);
      for (let i = 0; i < y.length; i++) if (Number.isFinite(y[i]) && sigma[i] <= most) all.push(y[i]);
    }
    if (!all.length) return null;
    const [low, high] = all.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    return [Math.min(0, low) - 0.05 * (high - low || 1), high + 0.05 * (high - low || 1)];
  }

  function near(ratio) {
    const all = [...ratio].filter(Number.isFinite).sort((a, b) => a - b);
    if (!all.length) return [0.5, 1.5];
    const [low, high] = [all[Math.floor(all.length * 0.05)], all[Math.floor(all.length * 0.95)]];
    const more = Math.max(0.05, 0.3 * (high - low));
    return [Math.min(low - more, 0.95), Math.max(high + more, 1.05)];
  }

  function median(values) {
    const all = [...values].filter(Number.isFinite).sort((a, b) => a - b);
    return all.length ? all[all.length >> 1] : NaN;
  }

  function legend(scale) {
    const entry = (name, one, colour) => {
      if (!one) return null;
      const snr = median(one.flux.map((f, i) => f / one.sigma[i]));
      const key = gsp.make("span", { className: "key" });
      key.style.background = colour;
      return gsp.make("span", {}, key, `${name}, S/N ${snr.toFixed(1)}`);
    };
    const of = (file) => (known.find((one) => one.file === file) || { name: "" }).name;
    parts.legend.replaceChildren(...[
      chosen ? entry(of(chosen.file), spectra.auto, tone("--spectrum")) : null,
      entry("these windows", spectra.hand, COLOUR.hand),
      entry(spectra.saved ? `saved as ${spectra.saved.name}` : "", spectra.saved, COLOUR.saved),
      gsp.make("span", { className: "quiet" }, scale ? "Å" : "columns"),
    ].filter(Boolean));
  }

  // -- saving ------------------------------------------------------------------------------------
  async function extract() {
    parts.extract.disabled = true;
    say("Asked for; the worker has it next.", false);
    try {
      const answer = await post("/api/files/spectrum/extract/", { id: info.id, settings: { by_hand: told() } });
      if (!answer.ok) throw new Error(await sentence(answer));
      run = (await answer.json()).id;
      setTimeout(() => run && follow(), 500); // an event may be missed while the stream is away
    } catch (error) {
      parts.extract.disabled = false;
      say(error.message, true);
    }
  }

  async function follow() {
    if (!run || !gsp.advanced.here()) return;
    try {
      const answer = await fetch(`/api/runs/${run}/`);
      if (!answer.ok) return;
      const state = await answer.json();
      if (state.state === "done") return finished(state.products[0]);
      if (["failed", "cancelled"].includes(state.state)) {
        run = null;
        parts.extract.disabled = false;
        return say(state.message || "The run was cancelled.", true);
      }
      say(state.state === "running" ? state.step || "Extracting…" : state.message || "Queued.", false);
    } catch {
      say("The server does not answer; the extraction goes on.", true);
    }
    setTimeout(() => run && follow(), 4000);
  }

  async function finished(product) {
    run = null;
    parts.extract.disabled = false;
    const link = gsp.make("a", { href: `/data/${product.id}` }, product.file_name);
    link.dataset.go = "";
    parts.said.className = "said good";
    parts.said.replaceChildren("Saved as ", link, ".");
    const one = await window.gspSpectrum.load(product.id, "").catch(() => null);
    if (one) spectra.saved = { flux: one.flux, sigma: one.sigma, name: product.file_name };
    drawSpectra();
    gsp.viewer.refresh();
  }

  window.addEventListener("gsp-event", ({ detail }) => {
    if (run && detail.name === "run-changed" && detail.run === run) follow();
  });

  function say(text, bad) {
    parts.said.textContent = text;
    parts.said.className = bad ? "said bad" : "said";
  }

  // -- the page ----------------------------------------------------------------------------------
  function list() {
    parts.choose.replaceChildren(...known.map((one) => gsp.make("option", { value: String(one.file) }, one.name + (one.by_hand ? " (by hand)" : ""))));
    if (!known.length) parts.choose.replaceChildren(gsp.make("option", {}, "no spectrum yet"));
    parts.choose.disabled = !known.length;
    if (chosen) parts.choose.value = String(chosen.file);
  }

  window.addEventListener("gsp-shown", () => {
    const panel = byId("advanced-windows");
    if (!panel) return;
    info = gsp.viewer.state.info;
    [known, chosen, hand, profile, strips, spectra, run] = [[], null, null, null, null, {}, null];
    panel.hidden = !(info && info.kind === "image" && info.reduced);
  });
  // Spectra may come later; what a person has laid stays.
  window.addEventListener("gsp-overlays", () => {
    if (!gsp.advanced.here() || !info || !info.reduced) return;
    known = gsp.overlays.of(info).apertures;
    if (strips) return list();
    start();
    build();
    list();
    begin();
  });
  // The windows need the image's pixels, which may still be unpacked.
  function begin() {
    if (!gsp.viewer.state.view) return void window.addEventListener("gsp-view", begin, { once: true });
    if (!strips || !hand) return;
    const rows = (gsp.advanced.asked("profile") || "").split(",").map(Number);
    loadProfile();
    loadAuto();
    frameProfile();
    if (rows.length === 2 && rows[0] < rows[1]) strips.profile.set({ x: rows });
    changed();
  }
  window.addEventListener("gsp-theme", () => strips && gsp.advanced.here() && (drawProfile(), drawSpectra()));
})();
