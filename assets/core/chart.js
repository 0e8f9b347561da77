/**
 * A small chart on a canvas: lines with their standard deviation, spans, marks.
 *
 * @typedef {object} Line
 * @property {ArrayLike<number> | null} [x] Null: 0, 1, 2, …
 * @property {ArrayLike<number>} y
 * @property {ArrayLike<number>} [sigma]
 * @property {string} colour
 *
 * @typedef {{low: number, high: number, colour: string}} Span
 * @typedef {{x?: number, y?: number, colour: string}} Mark
 * @typedef {{left: number, right: number, top: number, bottom: number}} Padding
 * @typedef {[number, number] | number[]} Range
 * @typedef {import("./plot_geometry.js").Area} Area
 * @typedef {(context: CanvasRenderingContext2D, box: Area) => void} AxesPainter
 *
 * @typedef {object} ChartOptions
 * @property {string} [label] Of the y axis.
 * @property {Partial<Padding>} [pad]
 * @property {Range} [x]
 * @property {Range | null} [y] Null: as the lines need it.
 * @property {AxesPainter | null} [paintAxes] In place of the usual axes.
 */
import { contextOf, themeColour } from "./dom.js";
import { shortNumber, ticks } from "./ticks.js";

const PADDING = { left: 68, right: 12, top: 8, bottom: 24 };
const FONT = "11.5px system-ui, sans-serif";
const MARGIN = 0.06; // above and below the lines, of their range

export class Chart {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {ChartOptions} [options]
   */
  constructor(canvas, options = {}) {
    this.canvas = canvas;
    this.label = options.label || "";
    /** @type {Padding} */
    this.pad = { ...PADDING, ...options.pad };
    /** @type {Range} */
    this.x = options.x || [0, 1];
    /** @type {Range | null} */
    this.y = options.y || null;
    /** @type {AxesPainter | null} */
    this.paintAxes = options.paintAxes || null;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Span[]} */
    this.spans = [];
    /** @type {Mark[]} */
    this.marks = [];
    this.frame = 0;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /**
   * @param {{x?: Range, y?: Range | null, label?: string, lines?: Line[], spans?: Span[],
   *   marks?: Mark[]}} changes
   */
  set(changes) {
    Object.assign(this, changes);
    this.draw();
  }

  /** Paint with the next frame. */
  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** The plot within the canvas. @returns {Area} */
  get box() {
    const { clientWidth, clientHeight } = this.canvas;
    const { left, right, top, bottom } = this.pad;
    const width = Math.max(1, clientWidth - left - right);
    return { left, top, width, height: Math.max(1, clientHeight - top - bottom) };
  }

  /** @param {number} x @returns {number} Where a value lies, in CSS pixels. */
  px(x) {
    const { left, width } = this.box;
    return left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * width;
  }

  /** @param {number} px @returns {number} */
  value(px) {
    const { left, width } = this.box;
    return this.x[0] + ((px - left) / width) * (this.x[1] - this.x[0]);
  }

  /** The range of the y axis: what the lines need within the x range. @returns {Range} */
  yRange() {
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
    const margin = high > low ? MARGIN * (high - low) : Math.abs(high) || 1;
    return [low - margin, high + margin];
  }

  /** Paint at once. */
  paint() {
    const { canvas, box } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    const scale = window.devicePixelRatio || 1;
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
    }
    const context = contextOf(canvas);
    context.setTransform(size[0] / width, 0, 0, size[1] / height, 0, 0);
    context.clearRect(0, 0, width, height);
    const range = this.yRange();
    const py = (/** @type {number} */ y) =>
      box.top + ((range[1] - y) / (range[1] - range[0])) * box.height;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    for (const span of this.spans) this.paintSpan(context, span, box);
    for (const line of this.lines) this.paintLine(context, line, py);
    for (const mark of this.marks) this.paintMark(context, mark, py, box);
    context.restore();
    if (this.paintAxes) this.paintAxes(context, box);
    else this.paintUsualAxes(context, box, range, py);
  }

  /** @param {CanvasRenderingContext2D} context @param {Span} span @param {Area} box */
  paintSpan(context, { low, high, colour }, box) {
    const [left, right] = [this.px(low), this.px(high)];
    context.fillStyle = colour + "33";
    context.fillRect(left, box.top, right - left, box.height);
    context.fillStyle = colour;
    for (const edge of [left, right]) context.fillRect(edge - 0.75, box.top, 1.5, box.height);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Mark} mark
   * @param {(y: number) => number} py
   * @param {Area} box
   */
  paintMark(context, mark, py, box) {
    context.fillStyle = mark.colour;
    if (mark.x !== undefined) context.fillRect(this.px(mark.x) - 0.5, box.top, 1, box.height);
    if (mark.y !== undefined) context.fillRect(box.left, py(mark.y) - 0.5, box.width, 1);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Line} line
   * @param {(y: number) => number} py
   */
  paintLine(context, line, py) {
    const [start, stop] = this.within(line);
    const px = (/** @type {number} */ i) => this.px(line.x ? line.x[i] : i);
    if (line.sigma) this.paintBand(context, line, line.sigma, py);
    context.strokeStyle = line.colour;
    context.lineWidth = 1.2;
    context.beginPath();
    let connected = false;
    for (let i = start; i < stop; i++) {
      const known = Number.isFinite(line.y[i]);
      if (known && connected) context.lineTo(px(i), py(line.y[i]));
      else if (known) context.moveTo(px(i), py(line.y[i]));
      connected = known;
    }
    context.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Line} line
   * @param {ArrayLike<number>} sigma
   * @param {(y: number) => number} py
   */
  paintBand(context, line, sigma, py) {
    const [start, stop] = this.within(line);
    const px = (/** @type {number} */ i) => this.px(line.x ? line.x[i] : i);
    context.fillStyle = line.colour + "38";
    for (let i = start; i < stop; i++) {
      if (!Number.isFinite(sigma[i]) || !Number.isFinite(line.y[i])) continue;
      const [top, bottom] = [py(line.y[i] + sigma[i]), py(line.y[i] - sigma[i])];
      const width = Math.max(1, i + 1 < line.y.length ? px(i + 1) - px(i) : 1);
      context.fillRect(px(i) - width / 2, top, width, bottom - top);
    }
  }

  /** @param {Line} line @returns {[number, number]} First pixel in view, and after the last. */
  within(line) {
    const n = line.y.length;
    if (line.x) return [0, n];
    return [Math.max(0, Math.floor(this.x[0]) - 1), Math.min(n, Math.ceil(this.x[1]) + 2)];
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Area} box
   * @param {Range} range
   * @param {(y: number) => number} py
   */
  paintUsualAxes(context, box, range, py) {
    const [left, right] = [...this.x].sort((a, b) => a - b);
    context.strokeStyle = themeColour("--axis");
    context.lineWidth = 1;
    context.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
    context.fillStyle = themeColour("--quiet");
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const x of ticks(left, right, box.width / 80)) {
      context.fillRect(this.px(x), box.top + box.height, 1, 4);
      context.fillText(shortNumber(x), this.px(x), box.top + box.height + 6);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const y of ticks(range[0], range[1], Math.max(3, box.height / 34))) {
      context.fillRect(box.left - 4, py(y), 4, 1);
      context.fillText(shortNumber(y), box.left - 7, py(y));
    }
    context.save();
    context.translate(10, box.top + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(this.label, 0, 0);
    context.restore();
  }
}
