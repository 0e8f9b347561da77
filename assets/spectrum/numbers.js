/** The numbers of spectra, as the server sends them (`api/spectra.py`, `api/show.py`). */
import { errorMessage } from "../core/session.js";

/** @typedef {import("./state.js").Spectrum} Spectrum */

const MOST_KEPT = 48;
/** By "id/checksum". @type {Map<string, Spectrum>} */
const kept = new Map();

/**
 * Read the arrays of a spectrum.
 *
 * @param {import("./state.js").SpectrumFacts} facts
 * @param {ArrayBuffer} body
 * @param {number} [offset] Where they begin.
 * @returns {Spectrum}
 */
export function readSpectrum(facts, body, offset = 0) {
  const { n } = facts;
  let place = offset;
  /** @template T @param {new (body: ArrayBuffer, at: number, n: number) => T} kind @param {number} size */
  const take = (kind, size) => {
    const array = new kind(body, place, n);
    place += size * n;
    return array;
  };
  const [x, flux, sigma] = [take(Float64Array, 8), take(Float32Array, 4), take(Float32Array, 4)];
  const planes = Object.fromEntries(facts.planes.map((name) => [name, take(Float32Array, 4)]));
  const spectrum = { facts, x, flux, sigma, planes, mask: take(Uint8Array, 1) };
  kept.set(`${facts.id}/${facts.checksum}`, spectrum);
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT) kept.delete(oldest);
  return spectrum;
}

/**
 * Fetch a spectrum.
 *
 * @param {number} id
 * @param {string} [checksum] Without it, what the file holds now.
 * @returns {Promise<Spectrum>} Rejected with a message for people.
 */
export async function loadSpectrum(id, checksum = "") {
  const known = checksum && kept.get(`${id}/${checksum}`);
  if (known) return known;
  const answer = await fetch(`/spectrum/${id}?v=${encodeURIComponent(checksum)}`);
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(await errorMessage(answer));
  const facts = JSON.parse(answer.headers.get("X-Spectrum") || "{}");
  return readSpectrum(facts, await answer.arrayBuffer());
}
