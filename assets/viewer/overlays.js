/** What is known of an image besides its pixels: apertures of its spectra, position on the sky. */
import { sexagesimal, skyPosition, traceRow, wavelengthAt } from "./coordinates.js";

/**
 * @typedef {import("./state.js").Aperture} Aperture
 * @typedef {import("./state.js").FileInfo} FileInfo
 * @typedef {{apertures: Aperture[], sky: import("./coordinates.js").Vector[][] | null}} Overlays
 */

/** @type {Overlays} */
const NONE = { apertures: [], sky: null };

/** @type {{id: number | null, overlays: Overlays}} */
let known = { id: null, overlays: NONE };
let requests = 0;

/**
 * @param {FileInfo | null} info
 * @returns {Overlays} Empty while they are not known.
 */
export const overlaysOf = (info) => (info && known.id === info.id ? known.overlays : NONE);

/**
 * Ask what is known of an image.
 *
 * @param {FileInfo} info
 * @returns {Promise<boolean>} Whether it has come.
 */
export async function loadOverlays(info) {
  const serial = ++requests;
  try {
    const answer = await fetch(`/img/${info.id}/overlays`);
    if (!answer.ok || serial !== requests) return false;
    const overlays = await answer.json();
    if (serial !== requests) return false;
    known = { id: info.id, overlays };
    return true;
  } catch {
    return false; // the viewer reports that the server does not answer, and tries again
  }
}

/**
 * Return the scale of the newest calibrated spectrum that lies nearest to a place.
 *
 * @param {Aperture[]} apertures
 * @param {number} x
 * @param {number} y
 * @returns {import("./coordinates.js").WavelengthScale | null}
 */
export function scaleNearest(apertures, x, y) {
  let nearest = Infinity;
  let scale = null;
  for (const aperture of apertures) {
    if (!aperture.newest || !aperture.wavelength) continue;
    const distance = Math.abs(traceRow(aperture.trace, x) - y);
    if (distance < nearest) [nearest, scale] = [distance, aperture.wavelength];
  }
  return scale;
}

/**
 * Return what a place means, for the read-out: wavelength, position on the sky.
 *
 * @param {number} x
 * @param {number} y
 * @param {FileInfo} info
 * @returns {string[]}
 */
export function meaningOf(x, y, info) {
  const { apertures, sky } = overlaysOf(info);
  const scale = scaleNearest(apertures, x, y);
  const angstrom = scale ? wavelengthAt(scale, x) : NaN;
  const parts = [];
  if (Number.isFinite(angstrom)) parts.push(`${angstrom.toFixed(2)} Å`);
  if (sky) {
    const [hours, degrees] = skyPosition(sky, x, y, info);
    parts.push(`${sexagesimal(hours, 2, false)} ${sexagesimal(degrees, 1, true)}`);
  }
  return parts;
}
