// The profile along the slit, in which the windows are dragged.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const GRAB_PX = 7;

  let profile = null; // the mean of the columns, by row
  let strip = null;

  const state = () => gsp.windows.state;
  const rounded = (rows) => rows.map(gsp.windows.round);

  // The row of the trace in the middle of the columns.
  function traceAt() {
    const { hand, range } = state();
    return gsp.overlays.row(hand.trace, (range[0] + range[1]) / 2);
  }

  function attach() {
    const canvas = document.getElementById("profile");
    strip = new gsp.Strip(canvas, { label: state().info.unit });
    drag(canvas);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const at = strip.value(place(event));
      const factor = event.deltaY < 0 ? 0.8 : 1.25;
      zoom(strip.x.map((edge) => at + (edge - at) * factor));
    }, { passive: false });
  }

  function forget() {
    profile = strip = null;
  }

  async function load() {
    const { info, range } = state();
    const found = await gsp.cuts.fetch(info, "column", range[0], range[1], true).catch(() => null);
    if (!found || info !== state().info || range !== state().range) return;
    profile = found;
    if (state().hand.level) level();
    draw();
  }

  // Lay the trace through the brightest row.
  function level() {
    const { hand } = state();
    let best = 0;
    for (let i = 0; i < profile.length; i++) if (profile[i] > profile[best] || !(profile[best] > -Infinity)) best = i;
    hand.trace = [best];
    hand.level = false;
    frame();
    gsp.windows.changed();
  }

  function draw() {
    const { hand } = state();
    const at = traceAt();
    const span = ([low, high], colour) => ({ low: at + low, high: at + high, colour });
    const { COLOUR } = gsp.windows;
    strip.set({
      lines: profile ? [{ y: profile, colour: gsp.tone("--spectrum") }] : [],
      spans: [...hand.zones.map((zone) => span(zone, gsp.overlays.COLOUR.zone)), span(hand.aperture, COLOUR)],
      marks: [{ x: at, colour: COLOUR }],
    });
  }

  // -- rows on show ------------------------------------------------------------------------------
  // The rows that show all windows.
  function whole() {
    const { hand } = state();
    const edges = [...hand.aperture, ...hand.zones.flat()].map((edge) => traceAt() + edge);
    const more = 0.35 * (Math.max(...edges) - Math.min(...edges));
    return rounded([Math.min(...edges) - more, Math.max(...edges) + more]);
  }

  function frame() {
    strip.set({ x: whole() });
  }

  function zoom(rows) {
    strip.set({ x: rounded(rows) });
    gsp.windows.remember();
  }

  // What the address keeps: the rows on show, none when they are those that show all windows.
  function zoomed() {
    return strip.x.join() === whole().join() ? [] : strip.x;
  }

  function restore() {
    const rows = (gsp.advanced.asked("profile") || "").split(",").map(Number);
    if (rows.length === 2 && rows[0] < rows[1]) strip.set({ x: rows });
  }

  // -- dragging ----------------------------------------------------------------------------------
  const place = (event) => event.clientX - event.currentTarget.getBoundingClientRect().left;

  // Which window lies there, and which of its edges; `k` is null within a window.
  function hit(px) {
    const { hand } = state();
    const at = traceAt();
    const all = [["aperture", hand.aperture], ...hand.zones.map((zone, i) => [`zone${i}`, zone])];
    for (const [which, pair] of all) {
      for (const k of [0, 1]) if (Math.abs(strip.px(at + pair[k]) - px) < GRAB_PX) return { which, k };
    }
    const row = strip.value(px) - at;
    const inside = all.find(([, pair]) => row > pair[0] && row < pair[1]);
    return { which: inside ? inside[0] : null, k: null };
  }

  function drag(canvas) {
    let held = null;
    canvas.addEventListener("pointerdown", (event) => {
      const px = place(event);
      held = { ...hit(px), px, x: [...strip.x] };
      if (held.which) held.pair = [...gsp.windows.pairOf(held.which)];
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
      const moved = ((px - held.px) * (held.x[1] - held.x[0])) / strip.box.width;
      if (!held.which) zoom(held.x.map((edge) => edge - moved));
      else if (held.k === null) shift(held, moved);
      else gsp.windows.move(held.which, held.k, held.pair[held.k] + moved);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = null));
  }

  // Move a window by so many rows from where it was taken.
  function shift({ which, pair }, moved) {
    const now = gsp.windows.pairOf(which);
    now[0] = pair[0] + moved;
    now[1] = pair[1] + moved;
    gsp.windows.changed();
  }

  gsp.profile = { attach, forget, load, draw, frame, zoomed, restore };
})();
