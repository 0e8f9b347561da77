// From 16-bit numbers to colours: values, stretches, limits, the look-up table, marked pixels.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const MARKS = { saturated: 0xff4040ff | 0, cosmic_ray: 0xffffbe00 | 0 }; // ABGR, figures/colormaps.py

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

  function stretch(options) {
    return STRETCH[options.stretch] || STRETCH.linear;
  }

  // The limits in force: typed ones, a percentile of the histogram, or one of the image's own.
  function limits(view, options) {
    if (options.limits === "typed" && options.high > options.low) return [options.low, options.high];
    return (options.named || {})[options.limits] || view.limits[options.limits] || view.limits.zscale;
  }

  function stops(options) {
    const named = window.gspColormaps[options.map] || window.gspColormaps.Gray;
    return options.invert ? [...named].reverse() : named;
  }

  function shades(options) {
    const parts = stops(options).map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
    const table = new Int32Array(256);
    for (let i = 0; i < 256; i++) {
      const where = (i / 255) * (parts.length - 1);
      const k = Math.min(Math.floor(where), parts.length - 2);
      const rgb = parts[k].map((c, j) => Math.round(c + (parts[k + 1][j] - c) * (where - k)));
      table[i] = 0xff000000 | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0];
    }
    return table;
  }

  const lut = new Int32Array(65536); // 0, nothing known, stays transparent

  function lookup(view, options) {
    const [low, high] = limits(view, options);
    const bend = stretch(options);
    const table = shades(options);
    const fine = new Int32Array(1025); // the stretch is smooth: a thousand steps of it are enough
    for (let i = 0; i < 1025; i++) fine[i] = table[Math.round(255 * bend(i / 1024))];
    const step = 1024 / (high - low);
    for (let i = 1; i < 65536; i++) {
      const t = (decode(i, view.codec) - low) * step;
      lut[i] = fine[t <= 0 ? 0 : t >= 1024 ? 1024 : (t + 0.5) | 0];
    }
    return lut;
  }

  // Which marks a number has: two bits each, the first mark's the lowest.
  function marksAt(view, index) {
    if (!view.bits) return 0;
    return (view.bits[index >> 2] >> ((index & 3) << 1)) & 3;
  }

  // Paint the numbers into a canvas of as many pixels; row 0 of the image is the lowest.
  function paint(view, options, canvas) {
    const [rows, columns] = view.shape;
    if (canvas.width !== columns || canvas.height !== rows) {
      canvas.width = columns;
      canvas.height = rows;
    }
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    const pixels = new Int32Array(image.data.buffer);
    const table = lookup(view, options);
    const numbers = view.numbers;
    for (let y = 0; y < rows; y++) {
      let from = y * columns;
      let to = (rows - 1 - y) * columns;
      for (const end = to + columns; to < end; ) pixels[to++] = table[numbers[from++]];
    }
    const wanted = (options.saturated ? 1 : 0) | (options.cosmic ? 2 : 0);
    if (view.bits && wanted) mark(view, wanted, pixels);
    context.putImageData(image, 0, 0);
  }

  function mark(view, wanted, pixels) {
    const [rows, columns] = view.shape;
    const mask = wanted * 0x55;
    const colours = [0, MARKS.saturated, MARKS.cosmic_ray, MARKS.saturated];
    for (let k = 0; k < view.bits.length; k++) {
      const four = view.bits[k] & mask;
      if (!four) continue;
      for (let j = 0; j < 4; j++) {
        const bits = (four >> (2 * j)) & 3;
        if (!bits) continue;
        const index = 4 * k + j;
        const y = (index / columns) | 0;
        pixels[(rows - 1 - y) * columns + (index - y * columns)] = colours[bits];
      }
    }
  }

  // Round numbers within a range, at steps of 1, 2 or 5 × 10ⁿ.
  function ticks(low, high, about) {
    const raw = (high - low) / Math.max(about, 1);
    if (!(raw > 0) || !Number.isFinite(raw)) return [];
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw * 0.999) || 10);
    const found = [];
    const first = Math.ceil(low / step - 1e-9);
    for (let k = first; k * step <= high + step * 1e-9; k++) found.push(k * step);
    return found;
  }

  function short(value) {
    const size = Math.abs(value);
    if (size < 1e-12) return "0";
    return size >= 1e6 || size < 1e-3 ? value.toExponential(1) : String(+value.toPrecision(5));
  }

  // A view as the server sends it (api/images.py).
  function read(id, facts, body, at = 0) {
    const size = facts.shape[0] * facts.shape[1];
    const view = { ...facts, id, numbers: new Uint16Array(body, at, size), bits: null };
    if (facts.marks.length) view.bits = new Uint8Array(body, at + 2 * size);
    return view;
  }

  gsp.pixels = { decode, stretch, limits, stops, paint, marksAt, ticks, short, read };
})();
