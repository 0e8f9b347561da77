/** What of a spectrum's view a link restores: how it is written in the address, and read. */

/**
 * @typedef {import("./state.js").Settings} Settings
 * @typedef {import("../core/plot_geometry.js").Edges} Edges
 */

const LISTS = ["H", "He", "neb", "star", "ism"];
const MARKS = ["sigma", "flags", "sky", "telluric", "uncorrected", "stat"];
const USUAL_MARKS = "flags,sigma";
const LEAST_Z = -0.9;
const MOST_Z = 20;
const MOST_PIXELS = 201;

/**
 * Return whether lines are shown at a redshift.
 *
 * @param {number} z
 * @returns {boolean}
 */
export const isRedshift = (z) => z > LEAST_Z && z < MOST_Z;

/**
 * Return whether a spectrum is smoothed over so many pixels.
 *
 * @param {number} n
 * @returns {boolean}
 */
export const isWindow = (n) => n >= 1 && n <= MOST_PIXELS;

/**
 * Return the parameters of the address.
 *
 * @param {Settings} settings
 * @param {Edges | null} edges Null: all of the spectrum.
 * @returns {Record<string, string>} Empty where the value is the usual one.
 */
export function writeSettings(settings, edges) {
  const marks = [...settings.marks].sort().join(",");
  return {
    z: settings.z ? String(+settings.z.toFixed(6)) : "",
    lines: [...settings.lists].join(","),
    marks: marks === USUAL_MARKS ? "" : marks || "none",
    smooth: settings.smooth === "none" ? "" : `${settings.smooth}${settings.n}`,
    log: settings.log ? "1" : "",
    norm: settings.normalise ? "1" : "",
    mode: settings.mode === "together" ? "" : settings.mode,
    with: settings.others.join(","),
    arc: settings.arc ? "1" : "",
    range: edges ? edges.map((edge) => +edge.toPrecision(6)).join(",") : "",
  };
}

/**
 * Read the parameters of the address; what is not valid is left out.
 *
 * @param {string} search The query.
 * @returns {{settings: Partial<Settings>, edges: Edges | null}}
 */
export function readSettings(search) {
  const query = new URLSearchParams(search);
  const list = (/** @type {string} */ name) => (query.get(name) || "").split(",").filter(Boolean);
  /** @type {Partial<Settings>} */
  const settings = {};
  const z = Number(query.get("z"));
  if (query.has("z") && isRedshift(z)) settings.z = z;
  if (query.has("lines")) {
    settings.lists = new Set(list("lines").filter((key) => LISTS.includes(key)));
  }
  if (query.has("marks")) {
    settings.marks = new Set(list("marks").filter((mark) => MARKS.includes(mark)));
  }
  const smoothing = (query.get("smooth") || "").match(/^(gauss|box)(\d+(?:\.\d+)?)$/);
  if (smoothing) {
    settings.smooth = /** @type {"gauss" | "box"} */ (smoothing[1]);
    settings.n = Math.min(MOST_PIXELS, Math.max(1, Number(smoothing[2])));
  }
  if (query.has("log")) settings.log = query.get("log") === "1";
  if (query.has("norm")) settings.normalise = query.get("norm") === "1";
  const mode = query.get("mode");
  if (mode === "ratio" || mode === "difference") settings.mode = mode;
  if (query.has("arc")) settings.arc = query.get("arc") === "1";
  const ids = list("with").filter((id) => /^\d{1,10}$/.test(id));
  if (ids.length) settings.others = [...new Set(ids.map(Number))];
  return { settings, edges: readEdges(list("range").map(Number)) };
}

/** @param {number[]} numbers @returns {Edges | null} */
function readEdges(numbers) {
  const sound = numbers.length === 4 && numbers.every(Number.isFinite) && numbers[0] < numbers[1];
  return sound ? /** @type {Edges} */ (numbers) : null;
}
