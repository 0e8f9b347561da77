/**
 * The arithmetic of zooms and drags, without a page.
 *
 * @typedef {import("../core/plot_geometry.js").Edges} Edges
 * @typedef {[number, number]} Pair
 * @typedef {{width: number, height: number}} Size Of the plot, in CSS pixels.
 * @typedef {import("../core/plot_geometry.js").Area} Box Within the plot, in CSS pixels.
 */

const ALONG_PX = 8; // a box that is shorter is none,
const THIN_PX = 20; // and one that is thinner zooms along its length only
const THIN_SHARE = 0.6;
const AWAY = 0.002; // of the whole

/**
 * Zoom by a factor each way about a place, which stays where it is.
 *
 * @param {Edges} edges
 * @param {Pair} factors Below 1: closer.
 * @param {Pair} place Shares of the plot, from its left and from its bottom.
 * @returns {Edges}
 */
export function zoomed([x0, x1, y0, y1], [factorX, factorY], [shareX, shareY]) {
  /** @type {(low: number, high: number, factor: number, share: number) => Pair} */
  const about = (low, high, factor, share) => {
    const at = low + (high - low) * share;
    return [at + (low - at) * factor, at + (high - at) * factor];
  };
  return [...about(x0, x1, factorX, shareX), ...about(y0, y1, factorY, shareY)];
}

/**
 * Move the picture.
 *
 * @param {Edges} edges
 * @param {Pair} shares Of the plot, to the right and up.
 * @returns {Edges}
 */
export function moved([x0, x1, y0, y1], [shareX, shareY]) {
  const [dx, dy] = [shareX * (x1 - x0), shareY * (y1 - y0)];
  return [x0 - dx, x1 - dx, y0 - dy, y1 - dy];
}

/**
 * Return the box between two places of the plot.
 *
 * @param {Pair} from
 * @param {Pair} to
 * @param {Size} size
 * @param {boolean} square The box has the shape of the plot.
 * @returns {Box | null} Null while it is too small.
 */
export function boxBetween([x, y], [toX, toY], { width, height }, square) {
  let [w, h] = [Math.abs(toX - x), Math.abs(toY - y)];
  if (square) {
    if (Math.max(w, h) <= THIN_PX) return null;
    const scale = Math.max(w / width, h / height);
    [w, h] = [scale * width, scale * height];
  } else if (h < Math.min(Math.max(THIN_SHARE * w, ALONG_PX), THIN_PX)) {
    return w < ALONG_PX ? null : { left: Math.min(x, toX), top: 0, width: w, height };
  } else if (w < Math.min(THIN_SHARE * h, THIN_PX)) {
    return { left: 0, top: Math.min(y, toY), width, height: h };
  }
  return { left: toX < x ? x - w : x, top: toY < y ? y - h : y, width: w, height: h };
}

/**
 * Return the edges that a box of the plot encloses.
 *
 * @param {Edges} edges
 * @param {Box} box
 * @param {Size} size
 * @returns {Edges}
 */
export function within([x0, x1, y0, y1], box, { width, height }) {
  const [left, right] = [box.left / width, (box.left + box.width) / width];
  const [bottom, top] = [1 - (box.top + box.height) / height, 1 - box.top / height];
  const [dx, dy] = [x1 - x0, y1 - y0];
  return [x0 + left * dx, x0 + right * dx, y0 + bottom * dy, y0 + top * dy];
}

/**
 * Move and zoom so that what lay under two fingers lies there still.
 *
 * @param {Edges} edges
 * @param {Pair[]} from The two places when the fingers came down.
 * @param {Pair[]} to Where they are now.
 * @param {(place: Pair) => Pair} share Turns a place into shares of the plot.
 * @returns {Edges}
 */
export function pinched(edges, from, to, share) {
  /** @type {(pair: Pair[]) => Pair} */
  const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  /** @type {(pair: Pair[]) => number} */
  const distance = ([a, b]) => Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 1);
  const factor = distance(from) / distance(to);
  const [before, now] = [share(middle(from)), share(middle(to))];
  const shifted = moved(edges, [now[0] - before[0], now[1] - before[1]]);
  return zoomed(shifted, [factor, factor], now);
}

/**
 * Write a zoom for the address.
 *
 * @param {Edges} edges
 * @param {Edges} home Of the whole image.
 * @returns {string} Empty for the whole image.
 */
export function writeView(edges, home) {
  const spans = [home[1] - home[0], home[1] - home[0], home[3] - home[2], home[3] - home[2]];
  const away = edges.some((edge, i) => Math.abs(edge - home[i]) > AWAY * Math.abs(spans[i]));
  return away ? edges.map((edge) => String(+edge.toPrecision(6))).join(",") : "";
}
