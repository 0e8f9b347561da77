// An image on a canvas behind the transparent Plotly graph: which one, how far it is zoomed, and the
// 16-bit numbers the server sends for the viewport (api/images.py, api/show.py).
//
// Stretch, limits and colour map are a look-up table here (pixels.js), so that they follow the hand;
// viewer_paint.js paints. Plotly draws the axes only, and only anew when they change.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const EDGE = 0.5; // from the centre of a pixel, which axes count, to its edge, which boxes do
  const CALM_MS = 300; // after a rest of so long a zoom is made sharp at once,
  const SETTLE_MS = 90; // in a row of them the last one
  const SHOWN_MS = 500; // within which the overlays of a new image need not be asked for again

  let graph = null; // Plotly's div
  let figure = ""; // what it was told to draw
  let info = null; // the image on show, or the spectrum (kind)
  let view = null; // the numbers, their box, how to read them
  let ahead = null; // edges that are painted before Plotly has drawn its axes for them
  let request = null; // {query, control} of the numbers that are asked for
  let wait = null;
  let shownAt = 0; // when `info` changed, ms
  let first = true; // the URL's zoom is taken once, when the page opens
  const options = {
    map: "Gray", invert: false, limits: "zscale", low: null, high: null, stretch: "linear",
    saturated: true, cosmic: false, apertures: true, wavelengths: true, hand: null,
  };

  const byId = (id) => document.getElementById(id);
  const tell = (name) => window.dispatchEvent(new Event(name));
  const isImage = () => Boolean(info && info.kind === "image");
  const ready = () => Boolean(graph && graph._fullLayout && graph._fullLayout.xaxis);
  const drawn = () => ready() && isImage() && graph.layout.uirevision === info.uirevision;

  // -- fetching ----------------------------------------------------------------------------------
  function ranges() {
    if (ahead) return ahead;
    const { xaxis, yaxis } = graph._fullLayout;
    return [...xaxis.range, ...yaxis.range].map(Number);
  }

  // Of the plot in pixels of the screen.
  function size() {
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const stage = byId("stage");
    const [width, height] = ready() && graph.layout.uirevision
      ? [graph._fullLayout.xaxis._length, graph._fullLayout.yaxis._length]
      : [stage.clientWidth, stage.clientHeight];
    return { w: Math.max(1, Math.round(width * scale)), h: Math.max(1, Math.round(height * scale)) };
  }

  function edges() {
    const [x0, x1, y0, y1] = ranges().map((edge) => (edge + EDGE).toFixed(1));
    return { x0, x1, y0, y1 };
  }

  // What is asked for with the next file (api/show.py): its whole, or the zoom if it is alike.
  function stage() {
    const zoom = ready() && graph.layout.uirevision;
    return new URLSearchParams(zoom ? { ...size(), ...edges(), like: zoom } : size());
  }

  function again(text, after) {
    request = null;
    say(text);
    clearTimeout(wait);
    wait = setTimeout(fetchView, after);
  }

  function forget() {
    if (request) request.control.abort();
    request = null;
    clearTimeout(wait);
  }

  async function fetchView() {
    if (!isImage() || !ready() || gsp.leaving) return;
    const query = `/img/${info.id}/view?${new URLSearchParams({ ...edges(), ...size(), v: info.checksum })}`;
    if (request && request.query === query) return; // it is under way, or has come
    forget();
    const mine = (request = { query, control: new AbortController() });
    const asked = info;
    try {
      const answer = await fetch(query, { signal: mine.control.signal });
      if (mine !== request || gsp.leaving) return;
      if (answer.status === 202) return again("The image is being prepared…", 350);
      if (answer.status === 401) return location.reload();
      if (!answer.ok) return again("The image can't be shown just now; it is tried again.", 4000);
      const facts = JSON.parse(answer.headers.get("X-View"));
      const body = await answer.arrayBuffer();
      if (mine === request) take(gsp.pixels.read(asked.id, facts, body));
    } catch {
      if (mine === request) again("The server does not answer; trying again.", 4000);
    }
  }

  function take(next) {
    view = next;
    say("");
    showLimits();
    gsp.painter.paint();
    tell("gsp-view");
    if (drawn()) gsp.painter.now();
  }

  // Does what is at hand make the plot sharp? The server's rule for cuts (figures.pyramid.view).
  function suffices() {
    if (!view || view.id !== info.id) return false;
    const [x0, x1, y0, y1] = ranges().map((edge) => edge + EDGE);
    const { w, h } = size();
    const fits = (low, high, n, from, to, bin, screen) => {
      const [a, b] = [Math.floor(Math.max(low, 0)), Math.ceil(Math.min(high, n))];
      return from <= a && to >= b && bin <= Math.max(1, Math.floor((b - a) / screen));
    };
    const [box, bins] = [view.box, view.bins];
    return fits(x0, x1, info.n_x, box[0], box[1], bins[0], w) &&
      fits(y0, y1, info.n_y, box[2], box[3], bins[1], h);
  }

  function say(text) {
    const note = byId("stage-note");
    if (note) note.textContent = text;
  }

  function showLimits() {
    const [low, high] = gsp.pixels.limits(view, options);
    for (const [id, value] of [["limit-low", low], ["limit-high", high]]) {
      const field = byId(id);
      if (field && document.activeElement !== field && options.limits !== "typed") {
        field.value = String(+value.toPrecision(6));
      }
    }
  }

  // -- the graph ---------------------------------------------------------------------------------
  function attach() {
    if (!isImage()) return;
    const found = document.querySelector("#stage .js-plotly-plot");
    if (!found || !found.on) return void setTimeout(attach, 30);
    if (found !== graph) {
      graph = found;
      figure = "";
      graph.on("plotly_relayouting", gsp.painter.draw);
      graph.on("plotly_relayout", zoomed);
      graph.on("plotly_afterplot", settled);
    }
    const wanted = JSON.stringify(info.figure);
    if (wanted === figure) return settled();
    figure = wanted;
    ahead = null;
    const { data, layout } = JSON.parse(wanted);
    const dragmode = graph.layout.dragmode || layout.dragmode;
    // By way of Dash: its graph draws what it was given last whenever it sees fit.
    const given = { data, layout: { ...layout, dragmode } };
    window.dash_clientside.set_props(graph.closest(".stage-graph").id, { figure: given });
  }

  // What a double click and the button go back to: else Plotly keeps that of its first figure.
  function bringHome() {
    const { xaxis, yaxis } = graph._fullLayout;
    for (const [axis, k] of [[xaxis, 0], [yaxis, 2]]) {
      const [low, high] = info.home.slice(k, k + 2);
      Object.assign(axis, { _rangeInitial0: low, _rangeInitial1: high, _autorangeInitial: false });
    }
  }

  let settledFor = "";
  function settled() {
    if (!drawn()) return;
    gsp.painter.draw();
    const key = [info.id, info.checksum, graph.clientWidth, graph.clientHeight].join();
    if (key === settledFor) return;
    settledFor = key;
    bringHome();
    if (first) restore();
    first = false;
    remember();
    if (!suffices()) fetchView();
  }

  function restore() {
    const text = new URLSearchParams(location.search).get("view");
    const wanted = (text || "").split(",").map(Number);
    if (wanted.length !== 4 || !wanted.every(Number.isFinite)) return;
    if (wanted[0] === wanted[1] || wanted[2] === wanted[3]) return;
    look(wanted);
  }

  // The picture on show is stretched to the new edges in this very frame; Plotly's axes, which take
  // longer to draw, follow with the next. Not where they may take other edges, to keep pixels square.
  function look(wanted) {
    const square = Boolean(graph.layout.yaxis && graph.layout.yaxis.scaleanchor);
    const axes = { "xaxis.range": wanted.slice(0, 2), "yaxis.range": wanted.slice(2) };
    if (square) return void window.Plotly.relayout(graph, axes);
    ahead = [...wanted];
    if (view) gsp.painter.now();
    fetchView();
    const mine = ahead;
    requestAnimationFrame(() => setTimeout(() => {
      if (mine === ahead && ready()) window.Plotly.relayout(graph, axes);
    }));
  }

  let settle = null;
  let moved = 0;
  function zoomed(change) {
    gsp.painter.draw();
    if (!Object.keys(change || {}).some((name) => /^[xy]axis/.test(name))) return; // another size
    ahead = null;
    const now = performance.now();
    const calm = now - moved > CALM_MS;
    moved = now;
    clearTimeout(settle);
    settle = setTimeout(() => {
      remember();
      fetchView();
    }, calm ? 0 : SETTLE_MS);
  }

  // The zoom belongs to the URL, the whole view does not.
  function remember() {
    const home = info && info.home;
    if (!home || !ready()) return;
    const now = ranges();
    const spans = [home[1] - home[0], home[1] - home[0], home[3] - home[2], home[3] - home[2]];
    const away = now.some((edge, i) => Math.abs(edge - home[i]) > 0.002 * Math.abs(spans[i]));
    gsp.note("view", away ? now.map((edge) => String(+edge.toPrecision(6))).join(",") : "");
  }

  // Show an image, or make room for a spectrum, or for nothing; with the numbers if they are there.
  gsp.show = function (next, opened) {
    const place = byId("stage");
    if (!place) return;
    const same = info && next && info.id === next.id && info.checksum === next.checksum;
    info = next;
    place.dataset.kind = next ? next.kind : "";
    if (!same) {
      forget();
      settledFor = "";
      view = null;
      Object.assign(options, { hand: null, cross: null, named: null });
      shownAt = performance.now();
      say("");
      gsp.painter.draw();
      refresh();
      tell("gsp-shown");
    }
    if (isImage()) gsp.title(info.heading);
    if (opened) take(gsp.pixels.read(info.id, opened.view, opened.body, opened.at));
    attach();
  };

  // What is drawn over the image may have changed: another spectrum was made of it.
  function refresh() {
    if (!isImage()) return;
    gsp.overlays.load(info, () => {
      gsp.painter.draw();
      tell("gsp-overlays");
    });
  }

  function set(changes) {
    Object.assign(options, changes);
    if (view) {
      showLimits();
      gsp.painter.paint();
    }
  }

  gsp.viewer = {
    set, refresh, look, ranges, ready, stage,
    draw: () => gsp.painter.draw(),
    get state() {
      return { graph, info, view, options };
    },
  };

  const on = (values) => (values || []).length > 0;
  const number = (value) => (value === "" || value === null ? NaN : Number(value));

  gsp.options = function (map, stretch, mode, low, high, saturated, title, cosmic, marks, scale) {
    const place = byId("stage");
    if (place) {
      place.dataset.title = on(title) ? "shown" : "hidden";
      place.dataset.saturated = on(saturated) ? "shown" : "hidden";
    }
    set({
      map, invert: false, stretch, limits: mode, low: number(low), high: number(high), saturated: on(saturated),
      cosmic: on(cosmic), apertures: on(marks), wavelengths: on(scale),
    });
  };

  new MutationObserver(() => {
    // Another page took the graph away: the next one starts afresh.
    if (graph && !graph.isConnected) {
      forget();
      graph = view = info = ahead = null;
      settledFor = figure = "";
      first = true;
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  const no = () => window.dash_clientside.no_update;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    viewer: {
      show: (facts) => (gsp.present(facts), no()),
      options: (...values) => (gsp.options(...values), no()),
      // The server has answered anew about the file on show: not asked when it is out of one's
      // reach by now, nor when the image has just come with its overlays.
      refresh: (_, image) => {
        gsp.followed(image);
        const same = info && image && image.id === info.id;
        if (same && performance.now() - shownAt > SHOWN_MS) refresh();
        return no();
      },
    },
  });
})();
