// How a spectrum is painted, and the crosshair with its read-out.
(function () {
  "use strict";
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const FLAGS = { 1: "bad", 2: "saturated", 4: "cosmic ray", 8: "no flat", 16: "interpolated" };
  const SATURATED = 2;
  const DENSE = 1.5; // pixels of the spectrum to one of the screen
  let frame = 0;
  let cursor = null; // index of the pixel under the crosshair

  const byId = (id) => document.getElementById(id);

  // Plotly's axes, null while there is nothing to draw on or to draw.
  function axesOf() {
    const plot = space.plot();
    const layout = plot && space.main() && space.drawn().length ? plot._fullLayout : null;
    return layout && layout.xaxis ? layout : null;
  }

  // -- painting ------------------------------------------------------------------------------------
  function draw() {
    if (!frame) frame = requestAnimationFrame(drawNow);
  }
  space.draw = draw;

  function drawNow() {
    cancelAnimationFrame(frame);
    frame = 0;
    const canvas = byId("spectrum-canvas");
    const axes = axesOf();
    if (!canvas || !axes) return;
    const { xaxis, yaxis } = axes;
    const ratio = window.devicePixelRatio || 1;
    const [width, tall] = [xaxis._length, yaxis._length];
    const style = { left: xaxis._offset, top: yaxis._offset, width, height: tall };
    for (const [name, value] of Object.entries(style)) canvas.style[name] = value + "px";
    const [w, h] = [Math.round(width * ratio), Math.round(tall * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, tall);
    const view = views(xaxis, yaxis, width, tall);
    if (space.calibrated() && space.marks) space.marks.bands(context, view);
    for (const one of space.drawn().slice(1)) curve(context, view, one, false);
    curve(context, view, space.drawn()[0], true);
    if (space.state.marks.has("flags")) flags(context, view);
    if (space.calibrated() && space.marks) space.marks.lines(context, view);
    placeCross();
  }

  function views(xaxis, yaxis, width, tall) {
    const [x0, x1] = xaxis.range.map(Number);
    const [y0, y1] = yaxis.range.map(Number);
    const up = yaxis.type === "log" ? (v) => (v > 0 ? Math.log10(v) : NaN) : (v) => v;
    return {
      width,
      tall,
      ratio: window.devicePixelRatio || 1,
      range: [x0, x1],
      x: (value) => ((value - x0) / (x1 - x0)) * width,
      y: (value) => tall - ((up(value) - y0) / (y1 - y0)) * tall,
    };
  }

  // First pixel at or after a place: the axes ascend.
  function after(x, value) {
    let [low, high] = [0, x.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (x[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function curve(context, view, one, withBand) {
    const start = Math.max(0, after(one.x, view.range[0]) - 1);
    const stop = Math.min(one.x.length, after(one.x, view.range[1]) + 1);
    const dense = stop - start > DENSE * view.width * view.ratio;
    if (withBand && space.state.marks.has("sigma")) {
      (dense ? denseBand : band)(context, view, one, start, stop);
    }
    if (dense) return denseCurve(context, view, one, start, stop);
    context.beginPath();
    let open = false;
    for (let i = start; i < stop; i++) {
      const y = view.y(one.flux[i]);
      if (!Number.isFinite(y)) open = false;
      else if (open) context.lineTo(view.x(one.x[i]), y);
      else {
        context.moveTo(view.x(one.x[i]), y);
        open = true;
      }
    }
    context.strokeStyle = space.colour(one.colour);
    context.lineWidth = 1.2;
    context.lineJoin = "round";
    context.stroke();
  }

  // Many pixels to a column of the screen: bars from the lowest to the highest of them. They look
  // as a line of that many strokes does, which takes a browser without a graphics card 0.1 s.
  function denseCurve(context, view, one, start, stop) {
    const y = (i) => view.y(one.flux[i]);
    context.fillStyle = space.colour(one.colour);
    bars(context, view, one.x, start, stop, y, y, 0.6, true);
  }

  function denseBand(context, view, one, start, stop) {
    const edge = (sign) => (i) => {
      const value = one.flux[i] + sign * one.sigma[i];
      if (!Number.isFinite(value)) return NaN;
      const y = view.y(value);
      return Number.isFinite(y) ? y : view.tall + 10; // below zero on a logarithmic axis
    };
    context.fillStyle = space.colour("--band");
    bars(context, view, one.x, start, stop, edge(1), edge(-1), 0, false);
  }

  // `joined` bars reach to where the one before ended.
  function bars(context, view, x, start, stop, above, below, margin, joined) {
    const step = 1 / view.ratio;
    let [column, top, bottom, last] = [null, 0, 0, NaN];
    const put = (to) => {
      if (column === null) return;
      context.fillRect(column * step, top - margin, (to - column) * step, bottom - top + 2 * margin);
    };
    for (let i = start; i < stop; i++) {
      const [high, low] = [above(i), below(i)];
      const here = Math.floor(view.x(x[i]) * view.ratio);
      if (!Number.isFinite(high) || !Number.isFinite(low)) {
        put(column + 1);
        column = null;
        last = NaN;
        continue;
      }
      if (here !== column) {
        put(joined ? here : column + 1);
        column = here;
        [top, bottom] = [high, low];
        if (joined && last < top) top = last;
        if (joined && last > bottom) bottom = last;
      }
      top = Math.min(top, high);
      bottom = Math.max(bottom, low);
      last = low;
    }
    put(column + 1);
  }

  // One closed shape for each unbroken stretch of flux ± σ.
  function band(context, view, one, start, stop) {
    const floor = view.tall + 10; // below zero on a logarithmic axis
    const edge = (value) => {
      const y = view.y(value);
      return Number.isFinite(y) ? y : floor;
    };
    context.fillStyle = space.colour("--band");
    context.beginPath();
    for (let i = start; i < stop; i++) {
      const from = i;
      while (i < stop && Number.isFinite(one.flux[i]) && Number.isFinite(one.sigma[i])) i++;
      if (i === from) continue;
      context.moveTo(view.x(one.x[from]), edge(one.flux[from] + one.sigma[from]));
      for (let k = from; k < i; k++) {
        context.lineTo(view.x(one.x[k]), edge(one.flux[k] + one.sigma[k]));
      }
      for (let k = i - 1; k >= from; k--) {
        context.lineTo(view.x(one.x[k]), edge(one.flux[k] - one.sigma[k]));
      }
      context.closePath();
    }
    context.fill();
  }

  // Flagged pixels: a tick at the foot of the plot, saturated ones also where they lie.
  function flags(context, view) {
    const one = space.drawn()[0];
    const start = Math.max(0, after(one.x, view.range[0]));
    const stop = Math.min(one.x.length, after(one.x, view.range[1]));
    const saturated = space.colour("--saturated");
    const withRed = byId("stage").dataset.saturated !== "hidden"; // an option of the person
    const other = space.colour("--flag");
    for (let i = start; i < stop; i++) {
      if (!one.mask[i]) continue;
      const red = withRed && one.mask[i] & SATURATED;
      const x = view.x(one.x[i]);
      context.fillStyle = red ? saturated : other;
      context.fillRect(x - 0.5, view.tall - (red ? 9 : 6), 1.4, red ? 9 : 6);
      const y = view.y(one.flux[i]);
      if (red && Number.isFinite(y)) context.fillRect(x - 2, y - 2, 4, 4);
    }
  }

  // -- crosshair and read-out ------------------------------------------------------------------------
  function point(event) {
    const axes = axesOf();
    if (!axes) return;
    const { xaxis, yaxis } = axes;
    const corner = space.plot().getBoundingClientRect();
    const [px, py] = [event.clientX - corner.left - xaxis._offset,
                      event.clientY - corner.top - yaxis._offset];
    if (px < 0 || py < 0 || px > xaxis._length || py > yaxis._length) return aim(null);
    const value = Number(xaxis.p2d(px));
    const { x } = space.drawn()[0];
    let i = Math.min(x.length - 1, after(x, value));
    if (i > 0 && value - x[i - 1] < x[i] - value) i -= 1;
    aim(i);
  }

  function aim(i) {
    cursor = i;
    placeCross();
    const out = byId("readout");
    if (out && space.main()) out.textContent = i === null ? "" : words(i);
  }

  space.step = function (pixels) {
    const axes = axesOf();
    if (!axes) return;
    const { x } = space.drawn()[0];
    const [low, high] = axes.xaxis.range.map(Number);
    const from = cursor === null ? after(x, (low + high) / 2) : cursor + pixels;
    aim(Math.max(0, Math.min(x.length - 1, from)));
  };

  function placeCross() {
    const [across, down] = [byId("cross-x"), byId("cross-y")];
    if (!across || !down) return;
    const axes = axesOf();
    const ready = cursor !== null && axes;
    across.hidden = down.hidden = !ready || cursor >= space.drawn()[0].x.length;
    if (across.hidden) return;
    const { xaxis, yaxis } = axes;
    const view = views(xaxis, yaxis, xaxis._length, yaxis._length);
    const x = view.x(space.drawn()[0].x[cursor]);
    const y = view.y(space.drawn()[0].flux[cursor]);
    across.hidden = !(x >= 0 && x <= view.width);
    down.hidden = across.hidden || !(y >= 0 && y <= view.tall);
    across.style.cssText =
      `left:${xaxis._offset + x}px;top:${yaxis._offset}px;height:${view.tall}px`;
    down.style.cssText = `left:${xaxis._offset}px;top:${yaxis._offset + y}px;width:${view.width}px`;
  }

  const short = (value) => {
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(3);
    return String(+value.toPrecision(5));
  };

  function words(i) {
    const one = space.drawn()[0];
    const [flux, sigma] = [one.flux[i], one.sigma[i]];
    const relative = space.mode() === "ratio" || (space.state.normalise && space.mode() === "together");
    const unit = relative ? "" : " " + space.main().facts.unit;
    const place = space.calibrated() ? `λ ${one.x[i].toFixed(2)} Å` : `pixel ${one.x[i]}`;
    const parts = [place];
    if (!Number.isFinite(flux)) parts.push("no value");
    else {
      const error = Number.isFinite(sigma) ? ` ± ${short(sigma)}` : "";
      parts.push(`${short(flux)}${error}${unit}`);
      if (sigma > 0) parts.push(`S/N ${(flux / sigma).toFixed(1)}`);
    }
    if (space.calibrated() && space.state.z) {
      parts.push(`rest ${space.math.rest(one.x[i], space.state.z).toFixed(2)} Å`);
    }
    const bits = one.mask ? one.mask[i] : 0;
    const named = Object.entries(FLAGS).filter(([bit]) => bits & bit).map(([, word]) => word);
    return [...parts, ...named].join("   ");
  }

  Object.assign(space, { drawNow, point, aim, cursor: () => cursor });
})();
