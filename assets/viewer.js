// An image on a canvas behind the transparent Plotly graph.
//
// The server sends 16-bit numbers for the viewport (api/images.py); stretch, limits and colour map
// are a look-up table here, so that they follow the hand. Pixel i is drawn from i - 0.5 to i + 0.5,
// the server's boxes count pixel edges: the two differ by half a pixel (EDGE).
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const EDGE = 0.5;
  const SATURATED = 0xff3b3bff; // ABGR: a red no colour map has
  const SETTLE_MS = 90;

  let graph = null; // Plotly's div
  let info = null; // the image on show, or the spectrum (kind)
  let view = null; // the numbers, their box, how to read them
  let painted = null; // the canvas that holds the view at its own resolution
  let request = 0;
  let wait = null;
  let frame = 0;
  let first = true; // the URL's zoom is taken once, when the page opens
  const options = { map: "Gray", limits: "zscale", low: null, high: null, stretch: "linear" };
  options.saturated = true;

  const byId = (id) => document.getElementById(id);

  // -- values ------------------------------------------------------------------------------------
  function decode(number, codec) {
    if (number === 0) return NaN;
    const [name, offset, scale, softening] = codec;
    if (name === "linear") return offset + scale * (number - 1);
    return offset + softening * Math.sinh(scale * (number - 32768));
  }

  const STRETCH = {
    linear: (t) => t,
    log: (t) => Math.log1p(1000 * t) / Math.log1p(1000),
    sqrt: Math.sqrt,
    asinh: (t) => Math.asinh(10 * t) / Math.asinh(10),
  };

  function limits() {
    if (options.limits === "typed" && options.high > options.low) return [options.low, options.high];
    const named = view.limits[options.limits] || view.limits.zscale;
    return named;
  }

  function stops(name) {
    return window.gspColormaps[name] || window.gspColormaps.Gray;
  }

  function shades(name) {
    const parts = stops(name).map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
    const table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      const where = (i / 255) * (parts.length - 1);
      const k = Math.min(Math.floor(where), parts.length - 2);
      const rgb = parts[k].map((c, j) => Math.round(c + (parts[k + 1][j] - c) * (where - k)));
      table[i] = 0xff000000 | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0];
    }
    return table;
  }

  function lookup(codec) {
    const [low, high] = limits();
    const bend = STRETCH[options.stretch] || STRETCH.linear;
    const table = shades(options.map);
    const lut = new Uint32Array(65536); // 0, nothing known, stays transparent
    for (let i = 1; i < 65536; i++) {
      const t = Math.min(1, Math.max(0, (decode(i, codec) - low) / (high - low)));
      lut[i] = table[Math.round(255 * bend(t))];
    }
    return lut;
  }

  // -- painting ----------------------------------------------------------------------------------
  function paint() {
    if (!view) return;
    const [rows, columns] = view.shape;
    painted = painted || document.createElement("canvas");
    if (painted.width !== columns || painted.height !== rows) {
      painted.width = columns;
      painted.height = rows;
    }
    const context = painted.getContext("2d");
    const image = context.createImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const lut = lookup(view.codec);
    const flags = options.saturated ? view.flags : null;
    for (let y = 0; y < rows; y++) {
      const from = y * columns;
      const to = (rows - 1 - y) * columns; // row 0 of the image is its lowest
      for (let x = 0; x < columns; x++) pixels[to + x] = lut[view.numbers[from + x]];
      if (flags) {
        for (let x = 0; x < columns; x++) if (flags[from + x]) pixels[to + x] = SATURATED | 0;
      }
    }
    context.putImageData(image, 0, 0);
    draw();
    bar();
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
    if (!canvas || !graph || !graph._fullLayout || !graph._fullLayout.xaxis) return;
    const { xaxis: x, yaxis: y } = graph._fullLayout;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(x._length * scale), Math.round(y._length * scale)];
    canvas.style.left = x._offset + "px";
    canvas.style.top = y._offset + "px";
    canvas.style.width = x._length + "px";
    canvas.style.height = y._length + "px";
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (!view || !info || info.kind !== "image") return;
    const place = (box) => {
      const left = x.d2p(box[0] - EDGE) * scale;
      const top = y.d2p(box[3] - EDGE) * scale;
      return [left, top, x.d2p(box[1] - EDGE) * scale - left, y.d2p(box[2] - EDGE) * scale - top];
    };
    context.save();
    context.beginPath();
    context.rect(...place([0, info.n_x, 0, info.n_y]));
    context.clip();
    const target = place(view.box);
    context.imageSmoothingEnabled = Math.abs(target[2]) < painted.width;
    context.imageSmoothingQuality = "high";
    context.drawImage(painted, ...target);
    context.restore();
  }

  // The colour bar shows t = 0…1 through the stretch, labelled with values.
  function bar() {
    if (!graph || !view || !graph.data || !graph.data[0].marker) return;
    const [low, high] = limits();
    const bend = STRETCH[options.stretch] || STRETCH.linear;
    const signature = [info.id, low, high, options.map, options.stretch].join();
    const marker = graph.data[0].marker;
    if (marker.signature === signature) return;
    const all = stops(options.map);
    const ticks = niceTicks(low, high, options.stretch === "linear" ? 6 : 12);
    const kept = [];
    for (const value of ticks) {
      const t = bend((value - low) / (high - low));
      if (!kept.length || t - kept[kept.length - 1][0] > 0.07) kept.push([t, value]);
    }
    marker.signature = signature;
    window.Plotly.restyle(
      graph,
      {
        "marker.colorscale": [all.map((color, i) => [i / (all.length - 1), color])],
        "marker.cmin": 0,
        "marker.cmax": 1,
        "marker.colorbar.tickvals": [kept.map((k) => k[0])],
        "marker.colorbar.ticktext": [kept.map((k) => short(k[1]))],
      },
      [0],
    );
  }

  function niceTicks(low, high, n) {
    const raw = (high - low) / n;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw) || 10);
    const ticks = [];
    for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) ticks.push(v);
    return ticks;
  }

  function short(value) {
    if (Math.abs(value) < 1e-12) return "0";
    const size = Math.abs(value);
    return size >= 1e6 || size < 1e-3 ? value.toExponential(1) : String(+value.toPrecision(5));
  }

  // -- fetching ----------------------------------------------------------------------------------
  function ranges() {
    const { xaxis, yaxis } = graph._fullLayout;
    return [...xaxis.range, ...yaxis.range].map(Number);
  }

  async function fetchView() {
    if (!info || info.kind !== "image" || !ready()) return;
    const mine = ++request;
    const asked = info;
    const [x0, x1, y0, y1] = ranges().map((edge) => edge + EDGE);
    const { xaxis, yaxis } = graph._fullLayout;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const query = new URLSearchParams({
      x0: x0.toFixed(1),
      x1: x1.toFixed(1),
      y0: y0.toFixed(1),
      y1: y1.toFixed(1),
      w: Math.max(1, Math.round(xaxis._length * scale)),
      h: Math.max(1, Math.round(yaxis._length * scale)),
      v: asked.checksum,
    });
    let answer;
    try {
      answer = await fetch(`/img/${asked.id}/view?${query}`);
      if (mine !== request) return;
      if (answer.status === 202) {
        say("The image is being prepared…");
        clearTimeout(wait);
        wait = setTimeout(fetchView, 350);
        return;
      }
      if (!answer.ok) {
        if (answer.status === 401) return location.reload();
        say("The image can't be shown just now; it is tried again.");
        clearTimeout(wait);
        wait = setTimeout(fetchView, 4000);
        return;
      }
      const facts = JSON.parse(answer.headers.get("X-View"));
      const body = await answer.arrayBuffer();
      if (mine !== request) return;
      take(asked, facts, body);
    } catch {
      if (mine !== request) return;
      say("The server does not answer; trying again.");
      clearTimeout(wait);
      wait = setTimeout(fetchView, 4000);
    }
  }

  function take(asked, facts, body) {
    const size = facts.shape[0] * facts.shape[1];
    view = { ...facts, id: asked.id };
    view.numbers = new Uint16Array(body, 0, size);
    view.flags = facts.saturated ? new Uint8Array(body, 2 * size, size) : null;
    say("");
    showLimits();
    paint();
  }

  function say(text) {
    const note = byId("stage-note");
    if (note) note.textContent = text;
  }

  function showLimits() {
    const [low, high] = limits();
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
    const found = document.querySelector("#graph .js-plotly-plot");
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
    if (key === settledFor) return bar();
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

  function readOut(event) {
    const out = byId("readout");
    if (!out) return;
    if (!view || !info || info.kind !== "image" || view.id !== info.id || !ready()) return;
    const corner = graph.getBoundingClientRect();
    const { xaxis, yaxis } = graph._fullLayout;
    const x = Math.round(xaxis.p2d(event.clientX - corner.left - xaxis._offset));
    const y = Math.round(yaxis.p2d(event.clientY - corner.top - yaxis._offset));
    if (x < 0 || y < 0 || x >= info.n_x || y >= info.n_y) return void (out.textContent = "");
    const column = Math.floor((x - view.box[0]) / view.bins[0]);
    const row = Math.floor((y - view.box[2]) / view.bins[1]);
    const [rows, columns] = view.shape;
    if (column < 0 || row < 0 || column >= columns || row >= rows) {
      return void (out.textContent = `x ${x}  y ${y}`);
    }
    const at = row * columns + column;
    const value = decode(view.numbers[at], view.codec);
    const amount = Number.isNaN(value) ? "no value" : `${+value.toPrecision(6)} ${info.unit}`;
    const [bx, by] = view.bins;
    const mean = bx * by > 1 ? ` (mean of ${bx} × ${by} pixels)` : "";
    const flag = view.flags && view.flags[at] ? " · saturated" : "";
    out.textContent = `x ${x}  y ${y}   ${amount}${mean}${flag}`;
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
      say("");
      const out = byId("readout");
      if (out) out.textContent = "";
      draw();
    }
    attach();
  };

  gsp.options = function (map, stretch, mode, low, high, saturated, title) {
    Object.assign(options, { map, stretch, limits: mode });
    options.low = low === "" || low === null ? NaN : Number(low);
    options.high = high === "" || high === null ? NaN : Number(high);
    options.saturated = (saturated || []).length > 0;
    const stage = byId("stage");
    if (stage) {
      stage.dataset.title = (title || []).length ? "shown" : "hidden";
      stage.dataset.saturated = options.saturated ? "shown" : "hidden";
    }
    if (view) {
      showLimits();
      paint();
    }
  };

  document.addEventListener("mousemove", (event) => {
    if (event.target.closest && event.target.closest("#graph")) readOut(event);
  });
  document.addEventListener("mouseout", (event) => {
    const out = byId("readout");
    const graphs = event.target.closest && event.target.closest("#graph");
    if (out && graphs && !graphs.contains(event.relatedTarget)) out.textContent = "";
  });
  new MutationObserver(() => {
    // Another page took the graph away: the next one starts afresh.
    if (graph && !graph.isConnected) {
      graph = null;
      view = null;
      settledFor = "";
      first = true;
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  const no = () => window.dash_clientside.no_update;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    viewer: {
      show: (next) => (gsp.show(next), no()),
      options: (...values) => (gsp.options(...values), no()),
    },
  });
})();
