// An image on a canvas behind the transparent Plotly graph: which one, its numbers, how they are
// looked at.
//
// Stretch, limits and colour map are a look-up table (pixels.js), so that they follow the hand.
// viewer_numbers.js asks for the numbers, viewer_zoom.js says which part is on show,
// viewer_gestures.js hears the hand, viewer_paint.js paints. Plotly draws the axes only, and only
// anew when they change.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const SHOWN_MS = 500; // within which the overlays of a new image need not be asked for again

  let graph = null; // Plotly's div
  let figure = ""; // what it was told to draw
  let info = null; // the image on show, or the spectrum (kind)
  let view = null; // the numbers, their box, how to read them
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

  function take(next) {
    view = next;
    gsp.numbers.say("");
    showLimits();
    gsp.painter.paint();
    tell("gsp-view");
    if (drawn()) gsp.painter.now();
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
      graph.on("plotly_relayout", gsp.zoom.zoomed);
      graph.on("plotly_afterplot", settled);
      gsp.gestures.attach(graph);
    }
    const wanted = JSON.stringify(info.figure);
    if (wanted === figure) return settled();
    figure = wanted;
    gsp.zoom.follow();
    const { data, layout } = JSON.parse(wanted);
    const dragmode = graph.layout.dragmode || layout.dragmode;
    // By way of Dash: its graph draws what it was given last whenever it sees fit.
    const given = { data, layout: { ...layout, dragmode } };
    window.dash_clientside.set_props(graph.closest(".stage-graph").id, { figure: given });
  }

  let settledFor = "";
  function settled() {
    if (!drawn()) return;
    gsp.painter.draw();
    const key = [info.id, info.checksum, graph.clientWidth, graph.clientHeight].join();
    if (key === settledFor) return;
    settledFor = key;
    gsp.zoom.bringHome();
    if (first) gsp.zoom.restore();
    first = false;
    gsp.zoom.remember();
    if (!gsp.numbers.suffice()) gsp.numbers.fetch();
  }

  // Show an image, or make room for a spectrum, or for nothing; with the numbers if they are there.
  gsp.show = function (next, opened) {
    const place = byId("stage");
    if (!place) return;
    const same = info && next && info.id === next.id && info.checksum === next.checksum;
    info = next;
    place.dataset.kind = next ? next.kind : "";
    if (!same) {
      gsp.numbers.forget();
      settledFor = "";
      view = null;
      Object.assign(options, { hand: null, cross: null, named: null });
      shownAt = performance.now();
      gsp.numbers.say("");
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
    set, refresh, take, isImage, ready, drawn,
    look: (edges) => gsp.zoom.look(edges),
    ranges: () => gsp.zoom.ranges(),
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
      gsp.numbers.forget();
      gsp.zoom.forget();
      graph = view = info = null;
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
