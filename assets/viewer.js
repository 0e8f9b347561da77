// An image on a canvas behind the transparent Plotly graph.
//
// The server sends 16-bit numbers for the viewport (api/images.py); stretch, limits and colour map
// are a look-up table here (pixels.js), so that they follow the hand. Pixel i is drawn from i - 0.5
// to i + 0.5, the server's boxes count pixel edges: the two differ by half a pixel (EDGE).
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const EDGE = 0.5;
  const SETTLE_MS = 90;
  const SHOWN_MS = 500; // within which the overlays of a new image need not be asked for again

  let graph = null; // Plotly's div
  let info = null; // the image on show, or the spectrum (kind)
  let view = null; // the numbers, their box, how to read them
  let painted = null; // the canvas that holds the view at its own resolution
  let request = 0;
  let wait = null;
  let frame = 0;
  let repaint = false;
  let shownAt = 0; // when `info` changed, ms
  let first = true; // the URL's zoom is taken once, when the page opens
  const options = {
    map: "Gray", invert: false, limits: "zscale", low: null, high: null, stretch: "linear",
    saturated: true, cosmic: false, apertures: true, wavelengths: true, hand: null,
  };

  const byId = (id) => document.getElementById(id);
  const tell = (name) => window.dispatchEvent(new Event(name));

  // -- painting ----------------------------------------------------------------------------------
  function paint() {
    repaint = true;
    draw();
  }

  function draw() {
    if (!frame) {
      frame = requestAnimationFrame(() => {
        frame = 0;
        drawNow();
      });
    }
  }

  function drawNow() {
    const canvas = byId("canvas");
    if (!canvas || !ready()) return;
    if (repaint && view) {
      painted = painted || document.createElement("canvas");
      gsp.pixels.paint(view, options, painted);
    }
    const { xaxis: x, yaxis: y } = graph._fullLayout;
    const shown = view && info && info.kind === "image";
    const context = fit(canvas);
    context.fillStyle = getComputedStyle(canvas).getPropertyValue("--nothing");
    context.fillRect(x._offset, y._offset, x._length, y._length);
    if (shown) drawImage(context, x, y);
    drawOverlay(x, y, shown);
    if (repaint && view) bar();
    repaint = false;
    if (shown) tell("gsp-drawn");
  }

  // Make a canvas as large as the graph, so that all of them have one grid of screen pixels, and
  // return its cleared context in CSS pixels.
  function fit(canvas) {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = graph;
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      Object.assign(canvas.style, { width: width + "px", height: height + "px" });
    }
    const context = canvas.getContext("2d");
    context.setTransform(size[0] / width, 0, 0, size[1] / height, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  function drawImage(context, x, y) {
    const at = (box) => {
      const left = x._offset + x.d2p(box[0] - EDGE);
      const top = y._offset + y.d2p(box[3] - EDGE);
      const [right, bottom] = [x._offset + x.d2p(box[1] - EDGE), y._offset + y.d2p(box[2] - EDGE)];
      return [left, top, right - left, bottom - top];
    };
    context.save();
    context.beginPath();
    context.rect(x._offset, y._offset, x._length, y._length);
    context.clip();
    context.beginPath();
    context.rect(...at([0, info.n_x, 0, info.n_y]));
    context.clip();
    const target = at(view.box);
    const scale = window.devicePixelRatio || 1;
    context.imageSmoothingEnabled = Math.abs(target[2] * scale) < painted.width;
    context.imageSmoothingQuality = "high";
    context.drawImage(painted, ...target);
    context.restore();
  }

  function drawOverlay(x, y, shown) {
    const canvas = byId("overlay");
    if (!canvas) return;
    const context = fit(canvas);
    if (!shown) return;
    const plane = {
      x: (column) => x._offset + x.d2p(column),
      y: (row) => y._offset + y.d2p(row),
      left: x._offset, top: y._offset, width: x._length, height: y._length,
      columns: x.range.map(Number), rows: y.range.map(Number),
    };
    gsp.overlays.draw(context, plane, info, options);
  }

  // The colour bar shows t = 0…1 through the stretch, labelled with values.
  function bar() {
    if (!graph || !view || !graph.data || !graph.data[0].marker) return;
    const [low, high] = gsp.pixels.limits(view, options);
    const bend = gsp.pixels.stretch(options);
    const signature = [info.id, low, high, options.map, options.invert, options.stretch].join();
    const marker = graph.data[0].marker;
    if (marker.signature === signature) return;
    const all = gsp.pixels.stops(options);
    const kept = [];
    for (const value of gsp.pixels.ticks(low, high, options.stretch === "linear" ? 6 : 12)) {
      const t = bend((value - low) / (high - low));
      if (!kept.length || t - kept[kept.length - 1][0] > 0.07) kept.push([t, value]);
    }
    marker.signature = signature;
    clearTimeout(labels);
    labels = setTimeout(
      () =>
        graph &&
        graph.data[0] &&
        window.Plotly.restyle(
          graph,
          {
            "marker.colorscale": [all.map((color, i) => [i / (all.length - 1), color])],
            "marker.cmin": 0,
            "marker.cmax": 1,
            "marker.colorbar.tickvals": [kept.map((k) => k[0])],
            "marker.colorbar.ticktext": [kept.map((k) => gsp.pixels.short(k[1]))],
          },
          [0],
        ),
      60, // the image follows the hand, its labels when the hand rests
    );
  }
  let labels = null;

  // -- fetching ----------------------------------------------------------------------------------
  function ranges() {
    const { xaxis, yaxis } = graph._fullLayout;
    return [...xaxis.range, ...yaxis.range].map(Number);
  }

  function again(text, after) {
    say(text);
    clearTimeout(wait);
    wait = setTimeout(fetchView, after);
  }

  async function fetchView() {
    if (!info || info.kind !== "image" || !ready() || gsp.leaving) return;
    const mine = ++request;
    const asked = info;
    const [x0, x1, y0, y1] = ranges().map((edge) => (edge + EDGE).toFixed(1));
    const { xaxis, yaxis } = graph._fullLayout;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const [w, h] = [xaxis, yaxis].map((a) => Math.max(1, Math.round(a._length * scale)));
    const query = new URLSearchParams({ x0, x1, y0, y1, w, h, v: asked.checksum });
    try {
      const answer = await fetch(`/img/${asked.id}/view?${query}`);
      if (mine !== request || gsp.leaving) return;
      if (answer.status === 202) return again("The image is being prepared…", 350);
      if (answer.status === 401) return location.reload();
      if (!answer.ok) return again("The image can't be shown just now; it is tried again.", 4000);
      const facts = JSON.parse(answer.headers.get("X-View"));
      const body = await answer.arrayBuffer();
      if (mine !== request) return;
      view = gsp.pixels.read(asked.id, facts, body);
      say("");
      showLimits();
      paint();
      tell("gsp-view");
    } catch {
      if (mine === request) again("The server does not answer; trying again.", 4000);
    }
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
  function ready() {
    return Boolean(graph && graph._fullLayout && graph._fullLayout.xaxis);
  }

  function attach() {
    const found = document.querySelector("#stage .js-plotly-plot");
    if (!found || !found.on) return void setTimeout(attach, 30);
    if (found !== graph) {
      graph = found;
      graph.on("plotly_relayouting", draw);
      graph.on("plotly_relayout", zoomed);
      graph.on("plotly_afterplot", settled);
    }
    if (ready()) settled();
  }

  let settledFor = "";
  function settled() {
    if (!info || !ready()) return;
    if (!expected()) return; // the figure of the last file is still drawn
    draw();
    const key = [info.id, graph.clientWidth, graph.clientHeight].join();
    if (key === settledFor) return;
    settledFor = key;
    if (first) restore();
    first = false;
    remember();
    fetchView();
  }

  function expected() {
    const name = (graph.layout && graph.layout.uirevision) || "";
    return name === info.uirevision;
  }

  function restore() {
    const text = new URLSearchParams(location.search).get("view");
    const edges = (text || "").split(",").map(Number);
    if (edges.length !== 4 || !edges.every(Number.isFinite)) return;
    if (edges[0] === edges[1] || edges[2] === edges[3]) return;
    look(edges);
  }

  function look(edges) {
    window.Plotly.relayout(graph, {
      "xaxis.range": edges.slice(0, 2),
      "yaxis.range": edges.slice(2),
    });
  }

  let settle = null;
  function zoomed() {
    draw();
    clearTimeout(settle);
    settle = setTimeout(() => {
      remember();
      fetchView();
    }, SETTLE_MS);
  }

  // The zoom belongs to the URL, the whole view does not.
  function remember() {
    const home = info && info.home;
    if (!home || !ready()) return;
    const now = ranges();
    const spans = [home[1] - home[0], home[1] - home[0], home[3] - home[2], home[3] - home[2]];
    const moved = now.some((edge, i) => Math.abs(edge - home[i]) > 0.002 * Math.abs(spans[i]));
    gsp.note("view", moved ? now.map((edge) => String(+edge.toPrecision(6))).join(",") : "");
  }

  gsp.show = function (next) {
    const stage = byId("stage");
    if (!stage) return;
    const same = info && next && info.id === next.id && info.checksum === next.checksum;
    info = next;
    stage.dataset.kind = next ? next.kind : "";
    if (!same) {
      request += 1;
      clearTimeout(wait);
      settledFor = "";
      view = null;
      Object.assign(options, { hand: null, cross: null, named: null });
      shownAt = performance.now();
      say("");
      draw();
      refresh();
      tell("gsp-shown");
    }
    attach();
  };

  // What is drawn over the image may have changed: another spectrum was made of it.
  function refresh() {
    if (!info || info.kind !== "image") return;
    gsp.overlays.load(info, () => {
      draw();
      tell("gsp-overlays");
    });
  }

  function set(changes) {
    Object.assign(options, changes);
    if (view) {
      showLimits();
      paint();
    }
  }

  gsp.viewer = {
    set, refresh, draw, look, ranges,
    get state() {
      return { graph, info, view, options };
    },
  };

  const on = (values) => (values || []).length > 0;
  const number = (value) => (value === "" || value === null ? NaN : Number(value));

  gsp.options = function (map, stretch, mode, low, high, saturated, title, cosmic, marks, scale) {
    const stage = byId("stage");
    if (stage) {
      stage.dataset.title = on(title) ? "shown" : "hidden";
      stage.dataset.saturated = on(saturated) ? "shown" : "hidden";
    }
    set({
      map, invert: false, stretch, limits: mode, low: number(low), high: number(high), saturated: on(saturated),
      cosmic: on(cosmic), apertures: on(marks), wavelengths: on(scale),
    });
  };

  window.addEventListener("gsp-theme", draw);
  new MutationObserver(() => {
    // Another page took the graph away: the next one starts afresh.
    if (graph && !graph.isConnected) {
      graph = null;
      view = null;
      info = null;
      settledFor = "";
      first = true;
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  const no = () => window.dash_clientside.no_update;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    viewer: {
      show: (next) => (gsp.show(next), no()),
      options: (...values) => (gsp.options(...values), no()),
      // The server has answered anew about the file on show: not asked when it is out of one's
      // reach by now, nor when the image has just come with its overlays.
      refresh: (_, image) => {
        const same = info && image && image.id === info.id;
        if (same && performance.now() - shownAt > SHOWN_MS) refresh();
        return no();
      },
    },
  });
})();
