// A small chart on a canvas: lines with their σ, spans, marks; fast enough to follow the hand.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const PAD = { left: 68, right: 12, top: 8, bottom: 24 };

  // A colour of the theme's.
  const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  class Strip {
    // `options`: label (of y), pad, x and y ranges [low, high] (y null: as the lines need it).
    constructor(canvas, options) {
      this.canvas = canvas;
      this.label = options.label || "";
      this.pad = { ...PAD, ...(options.pad || {}) };
      this.x = options.x || [0, 1];
      this.y = options.y || null;
      this.lines = []; // {x: array or null (0, 1, 2 …), y, sigma, colour}
      this.spans = []; // {low, high, colour}
      this.marks = []; // {x or y, colour}
      this.frame = 0;
      new ResizeObserver(() => this.draw()).observe(canvas);
    }

    set(changes) {
      Object.assign(this, changes);
      this.draw();
    }

    draw() {
      if (!this.frame) this.frame = requestAnimationFrame(() => ((this.frame = 0), this.now()));
    }

    get box() {
      const { clientWidth: w, clientHeight: h } = this.canvas;
      const { left, right, top, bottom } = this.pad;
      return { left, top, width: Math.max(1, w - left - right), height: Math.max(1, h - top - bottom) };
    }

    px(x) {
      const { left, width } = this.box;
      return left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * width;
    }

    value(px) {
      const { left, width } = this.box;
      return this.x[0] + ((px - left) / width) * (this.x[1] - this.x[0]);
    }

    // What the lines need of the y axis, within the x range; wild σ does not count.
    reach() {
      if (this.y) return this.y;
      let [low, high] = [Infinity, -Infinity];
      for (const line of this.lines) {
        for (let i = 0; i < line.y.length; i++) {
          const x = line.x ? line.x[i] : i;
          const y = line.y[i];
          if (!(x >= this.x[0] && x <= this.x[1]) || !Number.isFinite(y)) continue;
          if (y < low) low = y;
          if (y > high) high = y;
        }
      }
      if (!(high >= low)) return [0, 1];
      const more = high > low ? 0.06 * (high - low) : Math.abs(high) || 1;
      return [low - more, high + more];
    }

    now() {
      const { canvas } = this;
      const { clientWidth: width, clientHeight: height } = canvas;
      if (!width || !height) return;
      const scale = window.devicePixelRatio || 1;
      const size = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
      const c = canvas.getContext("2d");
      c.setTransform(size[0] / width, 0, 0, size[1] / height, 0, 0);
      c.clearRect(0, 0, width, height);
      const box = this.box;
      const range = this.reach();
      const py = (y) => box.top + ((range[1] - y) / (range[1] - range[0])) * box.height;
      c.save();
      c.beginPath();
      c.rect(box.left, box.top, box.width, box.height);
      c.clip();
      for (const span of this.spans) this.span(c, span, box);
      for (const line of this.lines) this.line(c, line, py);
      for (const mark of this.marks) this.mark(c, mark, py, box);
      c.restore();
      this.axes(c, box, range, py);
    }

    span(c, { low, high, colour }, box) {
      const [a, b] = [this.px(low), this.px(high)];
      c.fillStyle = colour + "33";
      c.fillRect(a, box.top, b - a, box.height);
      c.fillStyle = colour;
      for (const edge of [a, b]) c.fillRect(edge - 0.75, box.top, 1.5, box.height);
    }

    mark(c, mark, py, box) {
      c.fillStyle = mark.colour;
      if (mark.x !== undefined) c.fillRect(this.px(mark.x) - 0.5, box.top, 1, box.height);
      else c.fillRect(box.left, py(mark.y) - 0.5, box.width, 1);
    }

    line(c, line, py) {
      const n = line.y.length;
      const at = (i) => this.px(line.x ? line.x[i] : i);
      const ends = this.within(line, n);
      if (line.sigma) {
        c.fillStyle = line.colour + "38";
        for (let i = ends[0]; i < ends[1]; i++) {
          const s = line.sigma[i];
          if (!Number.isFinite(s) || !Number.isFinite(line.y[i])) continue;
          const [top, bottom] = [py(line.y[i] + s), py(line.y[i] - s)];
          const width = Math.max(1, i + 1 < n ? at(i + 1) - at(i) : 1);
          c.fillRect(at(i) - width / 2, top, width, bottom - top);
        }
      }
      c.strokeStyle = line.colour;
      c.lineWidth = 1.2;
      c.beginPath();
      let on = false;
      for (let i = ends[0]; i < ends[1]; i++) {
        if (!Number.isFinite(line.y[i])) {
          on = false;
          continue;
        }
        const [x, y] = [at(i), py(line.y[i])];
        if (!on) c.moveTo(x, y);
        else c.lineTo(x, y);
        on = true;
      }
      c.stroke();
    }

    within(line, n) {
      if (line.x) return [0, n];
      return [Math.max(0, Math.floor(this.x[0]) - 1), Math.min(n, Math.ceil(this.x[1]) + 2)];
    }

    axes(c, box, range, py) {
      const [axis, quiet] = [tone("--axis"), tone("--quiet")];
      c.strokeStyle = axis;
      c.lineWidth = 1;
      c.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
      c.fillStyle = quiet;
      c.font = "11.5px system-ui, sans-serif";
      c.textAlign = "center";
      c.textBaseline = "top";
      for (const x of gsp.pixels.ticks(...[...this.x].sort((a, b) => a - b), box.width / 80)) {
        const at = this.px(x);
        c.fillRect(at, box.top + box.height, 1, 4);
        c.fillText(gsp.pixels.short(x), at, box.top + box.height + 6);
      }
      c.textAlign = "right";
      c.textBaseline = "middle";
      for (const y of gsp.pixels.ticks(...range, Math.max(3, box.height / 34))) {
        c.fillRect(box.left - 4, py(y), 4, 1);
        c.fillText(gsp.pixels.short(y), box.left - 7, py(y));
      }
      c.save();
      c.translate(10, box.top + box.height / 2);
      c.rotate(-Math.PI / 2);
      c.textAlign = "center";
      c.fillText(this.label, 0, 0);
      c.restore();
    }
  }

  // An element with properties and children: what the panels are built of.
  function make(tag, props, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
      if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
      else if (name in element && name !== "list") element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  Object.assign(gsp, { Strip, make, tone });
})();
