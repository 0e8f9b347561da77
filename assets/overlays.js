// What is drawn over an image: trace, aperture and background windows of its spectra, the
// wavelength axis; and what the cursor's place means (wavelength, sky).
//
// Everything is kept in pixels of the image (integers are pixel centres) and drawn through the
// plot's own axes, like the image itself: the two stay registered at every zoom.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const COLOUR = { aperture: "#ffb000", zone: "#a99bff", halo: "rgba(0,0,0,.55)" };
  const STEP_PX = 6; // a trace is straight over so many pixels of the screen
  const NONE = { apertures: [], sky: null };

  let known = { id: null, data: NONE };
  let asking = 0;

  function row(trace, x) {
    let value = 0;
    for (let k = trace.length - 1; k >= 0; k--) value = value * x + trace[k];
    return value;
  }

  // Clenshaw's sum; the scale holds a little beyond its ends.
  function wavelength(scale, x) {
    const [first, last] = scale.domain;
    const t = (2 * x - first - last) / (last - first);
    if (Math.abs(t) > 1.02) return NaN;
    let [b1, b2] = [0, 0];
    for (let k = scale.coefficients.length - 1; k > 0; k--) {
      [b1, b2] = [2 * t * b1 - b2 + scale.coefficients[k], b1];
    }
    return t * b1 - b2 + scale.coefficients[0];
  }

  // The column of a wavelength, by halving: the scale rises.
  function column(scale, angstrom) {
    let [low, high] = scale.domain;
    for (let k = 0; k < 40; k++) {
      const middle = (low + high) / 2;
      if (wavelength(scale, middle) < angstrom) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  // The newest calibrated spectrum that lies nearest to a place.
  function scaleAt(x, y) {
    let best = null;
    for (const one of known.data.apertures) {
      if (!one.newest || !one.wavelength) continue;
      const distance = Math.abs(row(one.trace, x) - y);
      if (!best || distance < best.distance) best = { distance, scale: one.wavelength };
    }
    return best && best.scale;
  }

  function sexagesimal(value, digits, signed) {
    const total = Math.round(Math.abs(value) * 3600 * 10 ** digits);
    const unit = 10 ** digits;
    const seconds = (total % (60 * unit)) / unit;
    const minutes = Math.floor(total / (60 * unit)) % 60;
    const whole = Math.floor(total / (3600 * unit));
    const two = (n) => String(n).padStart(2, "0");
    const sign = signed ? (value < 0 ? "−" : "+") : "";
    return `${sign}${two(whole)}:${two(minutes)}:${seconds.toFixed(digits).padStart(digits + 3, "0")}`;
  }

  function sky(x, y, info) {
    const grid = known.data.sky;
    if (!grid) return "";
    const n = grid.length - 1;
    const v = Math.min(Math.max((y / Math.max(info.n_y - 1, 1)) * n, 0), n);
    const u = Math.min(Math.max((x / Math.max(info.n_x - 1, 1)) * n, 0), n);
    const [i, j] = [Math.min(Math.floor(v), n - 1), Math.min(Math.floor(u), n - 1)];
    const at = [0, 1, 2].map((k) => {
      const low = grid[i][j][k] * (1 - (u - j)) + grid[i][j + 1][k] * (u - j);
      const high = grid[i + 1][j][k] * (1 - (u - j)) + grid[i + 1][j + 1][k] * (u - j);
      return low * (1 - (v - i)) + high * (v - i);
    });
    const hours = (((Math.atan2(at[1], at[0]) * 12) / Math.PI) + 24) % 24;
    const degrees = (Math.atan2(at[2], Math.hypot(at[0], at[1])) * 180) / Math.PI;
    return `${sexagesimal(hours, 2, false)} ${sexagesimal(degrees, 1, true)}`;
  }

  // What a place means, for the read-out.
  function meaning(x, y, info) {
    if (known.id !== info.id) return "";
    const scale = scaleAt(x, y);
    const angstrom = scale ? wavelength(scale, x) : NaN;
    const parts = [];
    if (Number.isFinite(angstrom)) parts.push(`${angstrom.toFixed(2)} Å`);
    const place = sky(x, y, info);
    if (place) parts.push(place);
    return parts.join("   ");
  }

  // -- drawing -----------------------------------------------------------------------------------
  function path(context, plane, trace, offset) {
    const [left, right] = plane.columns;
    const n = Math.max(2, Math.ceil(plane.width / STEP_PX));
    for (let k = 0; k <= n; k++) {
      const x = left + ((right - left) * k) / n;
      const [px, py] = [plane.x(x), plane.y(row(trace, x) + offset)];
      if (k) context.lineTo(px, py);
      else context.moveTo(px, py);
    }
  }

  function band(context, plane, trace, low, high) {
    context.beginPath();
    path(context, plane, trace, low);
    const [left, right] = plane.columns;
    const n = Math.max(2, Math.ceil(plane.width / STEP_PX));
    for (let k = n; k >= 0; k--) {
      const x = left + ((right - left) * k) / n;
      context.lineTo(plane.x(x), plane.y(row(trace, x) + high));
    }
    context.closePath();
    context.fill();
  }

  function line(context, plane, trace, offset, dash) {
    for (const [style, width] of [[COLOUR.halo, 2.5], [context.strokeStyle, 1.2]]) {
      const before = context.strokeStyle;
      context.beginPath();
      context.setLineDash(dash);
      path(context, plane, trace, offset);
      context.strokeStyle = style;
      context.lineWidth = width;
      context.stroke();
      context.strokeStyle = before;
    }
    context.setLineDash([]);
  }

  function aperture(context, plane, one, number) {
    context.globalAlpha = one.newest ? 1 : 0.45;
    context.strokeStyle = COLOUR.zone;
    context.fillStyle = COLOUR.zone + "26";
    for (const [low, high] of one.zones) {
      band(context, plane, one.trace, low, high);
      line(context, plane, one.trace, low, [5, 4]);
      line(context, plane, one.trace, high, [5, 4]);
    }
    context.strokeStyle = COLOUR.aperture;
    context.fillStyle = COLOUR.aperture + "1c";
    band(context, plane, one.trace, ...one.aperture);
    line(context, plane, one.trace, one.aperture[0], []);
    line(context, plane, one.trace, one.aperture[1], []);
    line(context, plane, one.trace, 0, [1, 4]);
    if (number) text(context, number, plane.left + 10, plane.y(row(one.trace, plane.columns[0])));
    context.globalAlpha = 1;
  }

  function text(context, said, x, y) {
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = COLOUR.halo;
    context.strokeText(said, x, y);
    context.fillStyle = COLOUR.aperture;
    context.fillText(said, x, y);
  }

  // Where the cuts are taken: a line each way, as thick as the pixels that are averaged.
  function cross(context, plane, { x, y, n }) {
    context.save();
    context.beginPath();
    context.rect(plane.left, plane.top, plane.width, plane.height);
    context.clip();
    context.fillStyle = "rgba(79, 163, 255, .45)";
    const thick = (at, edge) => Math.max(1, Math.abs(at(edge + n / 2) - at(edge - n / 2)));
    const [w, h] = [thick(plane.x, x), thick(plane.y, y)];
    context.fillRect(plane.x(x) - w / 2, plane.top, w, plane.height);
    context.fillRect(plane.left, plane.y(y) - h / 2, plane.width, h);
    context.restore();
  }

  // Ticks above the plot, at the wavelengths of the row in the middle of what is shown.
  function axis(context, plane, middle) {
    const scale = scaleAt((plane.columns[0] + plane.columns[1]) / 2, middle);
    if (!scale) return;
    const inside = (x) => Math.min(Math.max(x, scale.domain[0]), scale.domain[1]);
    const [first, last] = plane.columns.map((x) => wavelength(scale, inside(x)));
    const style = getComputedStyle(document.documentElement);
    context.strokeStyle = style.getPropertyValue("--axis");
    context.fillStyle = style.getPropertyValue("--quiet");
    context.font = "12px system-ui, sans-serif";
    context.lineWidth = 1;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    const all = gsp.pixels.ticks(Math.min(first, last), Math.max(first, last), plane.width / 90);
    const step = all.length > 1 ? all[1] - all[0] : 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (const angstrom of all) {
      const px = plane.x(column(scale, angstrom));
      if (px < plane.left - 0.5 || px > plane.left + plane.width + 0.5) continue;
      context.beginPath();
      context.moveTo(px, plane.top - 1);
      context.lineTo(px, plane.top - 5);
      context.stroke();
      context.fillText(angstrom.toFixed(digits), px, plane.top - 5);
    }
    context.textAlign = "left";
    context.fillText("Å", plane.left + plane.width + 6, plane.top - 5);
  }

  // `plane`: x(column), y(row) → pixels of the canvas' CSS size; left, top, width, height of the
  // plot; columns and rows that it shows.
  function draw(context, plane, info, options) {
    if (known.id !== info.id) return;
    const all = options.hand ? [...known.data.apertures, options.hand] : known.data.apertures;
    const n_new = all.filter((one) => one.newest).length;
    if (options.apertures) {
      context.save();
      context.beginPath();
      context.rect(plane.left, plane.top, plane.width, plane.height);
      context.clip();
      for (const one of all) {
        if (options.hand && one !== options.hand) continue;
        if (!options.hand && !one.newest) continue;
        aperture(context, plane, one, n_new > 1 && !options.hand ? String(one.target) : "");
      }
      context.restore();
    }
    if (options.cross) cross(context, plane, options.cross);
    if (options.wavelengths) axis(context, plane, (plane.rows[0] + plane.rows[1]) / 2);
  }

  // Ask anew what is known of an image; `done` is called when something has come.
  async function load(info, done) {
    const mine = ++asking;
    try {
      const answer = await fetch(`/img/${info.id}/overlays`);
      if (!answer.ok || mine !== asking) return;
      const data = await answer.json();
      if (mine !== asking) return;
      known = { id: info.id, data };
      done();
    } catch {
      // The image says that the server is away; it asks again.
    }
  }

  gsp.overlays = {
    draw, load, meaning, wavelength, row, COLOUR,
    of: (info) => (info && known.id === info.id ? known.data : NONE),
  };
})();
