// Which part of the image is on show. A zoom is painted within the event that asks for it; the ticks
// of Plotly's axes are moved along with it, and Plotly draws its axes anew when the hand rests.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const CALM_MS = 300; // after a rest of so long a zoom is made sharp at once,
  const REST_MS = 90; // in a row of them the last one; that one Plotly draws its axes for
  const SQUARE = 1e-3; // of a pixel, which may be so much wider than high
  const OUTSIDE_PX = 0.5;

  let ahead = null; // edges on show that Plotly's axes do not have yet
  let resting = null;
  let changedAt = 0;

  const state = () => gsp.viewer.state;
  const axes = () => state().graph._fullLayout;

  // [x0, x1, y0, y1] of what is painted, as the axes count.
  function ranges() {
    if (ahead) return ahead;
    const { xaxis, yaxis } = axes();
    return [...xaxis.range, ...yaxis.range].map(Number);
  }

  const square = () => Boolean(state().graph.layout.yaxis && state().graph.layout.yaxis.scaleanchor);

  // Do these edges fill the plot as it is? Square pixels may need another shape of it.
  function fits([x0, x1, y0, y1]) {
    const { xaxis, yaxis } = axes();
    const ratio = ((x1 - x0) / xaxis._length) / ((y1 - y0) / yaxis._length);
    return !square() || Math.abs(ratio - 1) < SQUARE;
  }

  // Show these edges, at once.
  function look(wanted) {
    if (fits(wanted)) {
      ahead = [...wanted];
      gsp.painter.now();
      moveTicks();
    } else {
      ahead = null;
      drawAxes(wanted);
    }
    changed();
  }

  // What is on show is asked for and kept in the address; of a row of zooms, the last one.
  function changed() {
    const now = performance.now();
    if (now - changedAt > CALM_MS) gsp.numbers.fetch();
    changedAt = now;
    clearTimeout(resting);
    resting = setTimeout(() => {
      gsp.numbers.fetch();
      follow();
      remember();
    }, REST_MS);
  }

  // Plotly draws its axes for what is on show.
  function follow() {
    if (!ahead || !gsp.viewer.ready()) return;
    drawAxes(ahead);
    ahead = null;
  }

  // As by Plotly's own buttons, so that the zoom outlives a change of file (uirevision), but not by
  // its relayout, of which Dash takes note three times as long as it takes.
  function drawAxes(wanted) {
    for (const tick of ticks()) tick.style.display = "";
    axes()._guiEditing = true;
    const edges = { "xaxis.range": wanted.slice(0, 2), "yaxis.range": wanted.slice(2) };
    window.Plotly.update(state().graph, {}, edges);
    axes()._guiEditing = false;
  }

  // What was on show ahead of Plotly is no more.
  function forget() {
    ahead = null;
  }

  // Plotly has drawn other axes of its own accord.
  function zoomed(change) {
    gsp.painter.draw();
    if (Object.keys(change || {}).some((name) => /^[xy]axis/.test(name))) changed(); // not the size
  }

  // -- ticks -------------------------------------------------------------------------------------
  const ticks = () => state().graph.querySelectorAll(".xtick, .ytick");

  // Each tick goes where its value has gone; Plotly has the values with the elements.
  function moveTicks() {
    const plane = gsp.painter.plane();
    for (const tick of ticks()) {
      const value = tick.__data__ && Number(tick.__data__.x);
      const named = tick.localName === "g" ? tick.querySelector("text") : tick;
      if (!Number.isFinite(value) || !named) continue;
      const x = tick.classList.contains("xtick");
      const at = x ? plane.x(value) : plane.y(value);
      const [first, length] = x ? [plane.left, plane.width] : [plane.top, plane.height];
      const inside = at > first - OUTSIDE_PX && at < first + length + OUTSIDE_PX;
      tick.style.display = inside ? "" : "none";
      const before = named.getAttribute("transform") || "";
      const moved = x ? `translate(${at},0)` : `translate(0,${at})`;
      named.setAttribute("transform", before.replace(/^translate\([^)]*\)/, moved));
    }
  }

  // -- the address and home ----------------------------------------------------------------------
  // The zoom belongs to the URL, the whole view does not.
  function remember() {
    const { info } = state();
    const home = info && info.home;
    if (!home || !gsp.viewer.ready()) return;
    const now = ranges();
    const spans = [home[1] - home[0], home[1] - home[0], home[3] - home[2], home[3] - home[2]];
    const away = now.some((edge, i) => Math.abs(edge - home[i]) > 0.002 * Math.abs(spans[i]));
    gsp.note("view", away ? now.map((edge) => String(+edge.toPrecision(6))).join(",") : "");
  }

  function restore() {
    const text = new URLSearchParams(location.search).get("view");
    const wanted = (text || "").split(",").map(Number);
    if (wanted.length !== 4 || !wanted.every(Number.isFinite)) return;
    if (wanted[0] === wanted[1] || wanted[2] === wanted[3]) return;
    look(wanted);
  }

  // What the reset of Plotly's axes goes back to: else it keeps that of its first figure.
  function bringHome() {
    const { xaxis, yaxis } = axes();
    for (const [axis, k] of [[xaxis, 0], [yaxis, 2]]) {
      const [low, high] = state().info.home.slice(k, k + 2);
      Object.assign(axis, { _rangeInitial0: low, _rangeInitial1: high, _autorangeInitial: false });
    }
  }

  gsp.zoom = { ranges, square, look, follow, forget, zoomed, remember, restore, bringHome };
})();
