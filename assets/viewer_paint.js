// How an image is painted: its numbers through the look-up table, scaled into the plot's axes, what
// lies over it, and the labels of the colour bar.
//
// Pixel i is drawn from i - 0.5 to i + 0.5, the server's boxes count pixel edges: the two differ by
// half a pixel (EDGE).
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const EDGE = 0.5;
  const LABELS_MS = 60; // the image follows the hand, its labels when the hand rests

  let painted = null; // the canvas that holds the view at its own resolution
  let frame = 0;
  let repaint = false;
  let labels = null;
  let nothing = ""; // colour where there is no image; asking the style sheet takes long

  const byId = (id) => document.getElementById(id);

  // Paint the numbers anew with the next frame.
  function paint() {
    repaint = true;
    draw();
  }

  function draw() {
    if (!frame) frame = requestAnimationFrame(now);
  }

  // Paint what is due at once, for this very frame.
  function now() {
    cancelAnimationFrame(frame);
    frame = 0;
    const { info, view, options } = gsp.viewer.state;
    const canvas = byId("canvas");
    if (!canvas || !gsp.viewer.ready()) return;
    if (repaint && view) {
      painted = painted || document.createElement("canvas");
      gsp.pixels.paint(view, options, painted);
    }
    const plane = planeOf(gsp.zoom.ranges());
    const shown = view && info && info.kind === "image";
    const context = fit(canvas);
    nothing = nothing || getComputedStyle(canvas).getPropertyValue("--nothing");
    context.fillStyle = nothing;
    context.fillRect(plane.left, plane.top, plane.width, plane.height);
    if (shown) image(context, plane, info, view);
    over(plane, info, options, shown);
    if (repaint && view) bar(info, view, options);
    repaint = false;
    if (shown) window.dispatchEvent(new Event("gsp-drawn"));
  }

  // Where columns and rows lie on the canvas (CSS pixels) when the axes reach from edge to edge.
  function planeOf([x0, x1, y0, y1]) {
    const { xaxis, yaxis } = gsp.viewer.state.graph._fullLayout;
    const [left, top, width, height] = [xaxis._offset, yaxis._offset, xaxis._length, yaxis._length];
    return {
      x: (column) => left + ((column - x0) / (x1 - x0)) * width,
      y: (row) => top + height - ((row - y0) / (y1 - y0)) * height,
      column: (px) => x0 + ((px - left) / width) * (x1 - x0),
      row: (px) => y0 + ((top + height - px) / height) * (y1 - y0),
      left, top, width, height, columns: [x0, x1], rows: [y0, y1],
    };
  }

  // Make a canvas as large as the graph, so that all of them have one grid of screen pixels, and
  // return its cleared context in CSS pixels.
  function fit(canvas) {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = gsp.viewer.state.graph;
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

  function image(context, plane, info, view) {
    const at = (box) => {
      const [left, top] = [plane.x(box[0] - EDGE), plane.y(box[3] - EDGE)];
      return [left, top, plane.x(box[1] - EDGE) - left, plane.y(box[2] - EDGE) - top];
    };
    context.save();
    context.beginPath();
    context.rect(plane.left, plane.top, plane.width, plane.height);
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

  function over(plane, info, options, shown) {
    const canvas = byId("overlay");
    if (!canvas) return;
    const context = fit(canvas);
    if (shown) gsp.overlays.draw(context, plane, info, options);
  }

  // The colour bar shows t = 0…1 through the stretch, labelled with values.
  function bar(info, view, options) {
    const { graph } = gsp.viewer.state;
    const marker = graph.data && graph.data[0] && graph.data[0].marker;
    if (!marker) return;
    const [low, high] = gsp.pixels.limits(view, options);
    const signature = [info.id, low, high, options.map, options.invert, options.stretch].join();
    if (marker.signature === signature) return;
    marker.signature = signature;
    const bend = gsp.pixels.stretch(options);
    const kept = [];
    for (const value of gsp.pixels.ticks(low, high, options.stretch === "linear" ? 6 : 12)) {
      const t = bend((value - low) / (high - low));
      if (!kept.length || t - kept[kept.length - 1][0] > 0.07) kept.push([t, value]);
    }
    clearTimeout(labels);
    labels = setTimeout(() => label(kept, gsp.pixels.stops(options)), LABELS_MS);
  }

  function label(kept, stops) {
    const { graph } = gsp.viewer.state;
    if (!graph || !graph.data[0]) return;
    const values = {
      "marker.colorscale": [stops.map((color, i) => [i / (stops.length - 1), color])],
      "marker.cmin": 0,
      "marker.cmax": 1,
      "marker.colorbar.tickvals": [kept.map((k) => k[0])],
      "marker.colorbar.ticktext": [kept.map((k) => gsp.pixels.short(k[1]))],
    };
    window.Plotly.update(graph, values, {}, [0]); // Dash would take note of a restyle
  }

  window.addEventListener("gsp-theme", () => {
    nothing = "";
    draw();
  });

  gsp.painter = { paint, draw, now, plane: () => planeOf(gsp.zoom.ranges()) };
})();
