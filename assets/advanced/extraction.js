/** The server's part of a manual extraction: a preview at once, and with "Extract" a new version. */
import { eventReceived } from "../live/event_stream.js";
import { errorMessage, postJson } from "../core/session.js";
import { loadSpectrum } from "../spectrum/numbers.js";
import { refreshOverlays } from "../viewer/viewer.js";
import { isAdvancedPage, roundRows } from "./address.js";
import { takeSpectra } from "./comparison.js";
import { setBusy, showMessage, showSaved } from "./windows_panel.js";
import { state } from "./windows_state.js";

/** @typedef {import("./comparison.js").Fluxes} Fluxes */

const MISSED_MS = 500; // an event may be missed while the stream is not connected
const POLL_MS = 4000;

/** The run that extracts. @type {number | null} */
let run = null;
let isPreviewing = false;
let isPreviewDue = false;

/** @returns {object | null} The windows as the server reads them. */
function windowsForServer() {
  const { windows } = state;
  if (!windows) return null;
  const [low, high] = windows.aperture.map(roundRows);
  const zones = windows.zones.map((zone) => zone.map(roundRows));
  return { trace: windows.trace, low, high, zones, target: windows.target };
}

/** Ask for the spectrum of the windows: one request at a time, then only the newest windows. */
export async function preview() {
  isPreviewDue = true;
  if (isPreviewing) return;
  isPreviewing = true;
  while (isPreviewDue) {
    isPreviewDue = false;
    await previewOnce();
  }
  isPreviewing = false;
}

async function previewOnce() {
  const { info } = state;
  const windows = windowsForServer();
  if (!info || !windows) return;
  try {
    const answer = await postJson(`/img/${info.id}/extraction-preview`, windows);
    if (info === state.info) await takePreview(answer);
  } catch {
    showMessage("The server does not answer; the spectrum shown is the last one.", true);
  }
}

/** @param {Response} answer */
async function takePreview(answer) {
  if (!answer.ok) return showMessage(await errorMessage(answer), true);
  const both = new Float32Array(await answer.arrayBuffer());
  const n = both.length / 2;
  showMessage(answer.headers.get("X-Warning") || "");
  takeSpectra({ manual: { flux: both.subarray(0, n), sigma: both.subarray(n) } });
}

/** Extract the spectrum of the windows as a new version. */
export async function extract() {
  setBusy(true);
  showMessage("Extraction requested.");
  try {
    const settings = { by_hand: windowsForServer() };
    const answer = await postJson("/api/files/spectrum/extract/", { id: state.info?.id, settings });
    if (!answer.ok) throw new Error(await errorMessage(answer));
    run = (await answer.json()).id;
    setTimeout(() => void follow(), MISSED_MS);
  } catch (error) {
    setBusy(false);
    showMessage(/** @type {Error} */ (error).message, true);
  }
}

/** Show how far the extraction is. */
async function follow() {
  if (!run || !isAdvancedPage()) return;
  try {
    const answer = await fetch(`/api/runs/${run}/`);
    if (!answer.ok) return;
    const { state: runState, step, message, products } = await answer.json();
    if (runState === "done") return void finish(products[0]);
    if (["failed", "cancelled"].includes(runState)) {
      run = null;
      setBusy(false);
      return showMessage(message || "The run was cancelled.", true);
    }
    showMessage(runState === "running" ? step || "Extracting…" : message || "Queued.");
  } catch {
    showMessage("The server does not answer; the extraction continues.", true);
  }
  setTimeout(() => void follow(), POLL_MS);
}

/** @param {{id: number, file_name: string}} product */
async function finish(product) {
  run = null;
  setBusy(false);
  showSaved(product);
  const spectrum = await loadSpectrum(product.id).catch(() => null);
  if (spectrum) {
    const { flux, sigma } = /** @type {Fluxes} */ (/** @type {unknown} */ (spectrum));
    takeSpectra({ saved: { flux, sigma, name: product.file_name } });
  }
  refreshOverlays();
}

/** Another image is on show. */
export function forgetExtraction() {
  run = null;
}

eventReceived.listen((event) => {
  if (run && event.name === "run-changed" && event.run === run) void follow();
});
