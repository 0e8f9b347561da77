/** The windows of a manual extraction. */
import { imageOnShow } from "../viewer/state.js";

/**
 * @typedef {import("../viewer/state.js").Aperture} Aperture
 * @typedef {Aperture & {file: number, name: string}} KnownAperture
 * @typedef {"aperture" | "zone0" | "zone1"} WindowName
 *
 * @typedef {object} WindowsState
 * @property {import("../viewer/state.js").FileInfo | null} info The image.
 * @property {KnownAperture[]} known Those of the spectra that were extracted.
 * @property {KnownAperture | null} compared The one compared with.
 * @property {Aperture | null} windows What is to be extracted.
 * @property {number[]} range Columns that the profile is the mean of.
 */

/** Of the windows and their spectrum. */
export const WINDOWS_COLOUR = "#e08a00";
const LEVEL_APERTURE = [-6, 6];
const LEVEL_ZONES = [
  [-25, -12],
  [12, 25],
];
const NEW_ZONE = [12, 25];
const LEAST_APERTURE = 0.5;
const LEAST_ZONE = 1;

/** @type {WindowsState} */
export const state = { info: null, known: [], compared: null, windows: null, range: [0, 0] };

/** Begin with another image. */
export function resetState() {
  Object.assign(state, { info: imageOnShow(), known: [], compared: null, windows: null });
}

/**
 * Return what is compared with by default: the first target's newest automatic
 * spectrum.
 *
 * @param {KnownAperture[]} known
 * @returns {KnownAperture | null}
 */
export function usualComparison(known) {
  const automatic = known.filter((aperture) => !aperture.by_hand);
  automatic.sort((a, b) => a.target - b.target || b.file - a.file);
  return automatic[0] || known[0] || null;
}

/**
 * Return the windows to begin with: those of the spectrum compared with. Before anything was
 * extracted, a level trace, to be laid through the brightest row.
 *
 * @returns {Aperture}
 */
export function initialWindows() {
  const { compared, info } = state;
  if (!compared) {
    return {
      trace: [(info?.n_y || 0) / 2],
      aperture: [...LEVEL_APERTURE],
      zones: structuredClone(LEVEL_ZONES),
      target: 1,
      newest: true,
      level: true,
    };
  }
  return {
    trace: [...compared.trace],
    aperture: [...compared.aperture],
    zones: compared.zones.map((zone) => [...zone]),
    target: compared.target,
    newest: true,
  };
}

/**
 * Return a window's edges, in rows from the trace.
 *
 * @param {Aperture} windows
 * @param {WindowName} name
 * @returns {number[] | undefined}
 */
export const edgesOf = (windows, name) =>
  name === "aperture" ? windows.aperture : windows.zones[Number(name[4])];

/**
 * Move an edge of a window; the window keeps a least width.
 *
 * @param {Aperture} windows
 * @param {WindowName} name A background window that is not there is added.
 * @param {0 | 1} end
 * @param {number} value Rows from the trace.
 */
export function moveEdge(windows, name, end, value) {
  if (!edgesOf(windows, name)) windows.zones.push([...NEW_ZONE]);
  const edges = edgesOf(windows, name);
  if (!edges) return;
  const least = name === "aperture" ? LEAST_APERTURE : LEAST_ZONE;
  if (end) edges[1] = Math.max(value, edges[0] + least);
  else edges[0] = Math.min(value, edges[1] - least);
}
