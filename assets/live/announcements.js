/** Toasts for new files and results. */
import { parameter } from "../core/address.js";
import { restartAnimation } from "../core/dom.js";
import { showToast } from "../core/toasts.js";

/** @typedef {import("./event_stream.js").ServerEvent} ServerEvent */

/** By data type. @type {Record<number, string>} */
const STAGES = {
  2: "Reduced",
  3: "Extracted",
  4: "Wavelength calibrated",
  5: "Flux calibrated",
};
const FIRST_OF_INTEREST = 4; // earlier steps are announced only for the frame on show
const QUIET_MS = 7000;

let arrived = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let quiet;

/**
 * Announce the files of events.
 *
 * @param {ServerEvent[]} events
 * @param {(event: ServerEvent) => boolean} isRelated To the file on show.
 */
export function announceArrivals(events, isRelated) {
  for (const event of events) {
    if (event.name === "file-added") announce(event, isRelated(event));
  }
}

/** @param {ServerEvent} event @param {boolean} related */
function announce(event, related) {
  const dataType = Number(event.data_type);
  const stage = STAGES[dataType];
  const proposal = parameter("proposal");
  const query = proposal ? "?proposal=" + encodeURIComponent(proposal) : "";
  const href = `/data/${event.file}${query}`;
  if (stage) {
    if (!related && dataType < FIRST_OF_INTEREST) return; // the index shows them
    const text = `${stage}: ${event.file_name}`;
    return showToast({ key: "product", kind: "success", href, text });
  }
  arrived += 1;
  clearTimeout(quiet);
  quiet = setTimeout(() => (arrived = 0), QUIET_MS);
  const text = arrived > 1 ? `${arrived} new files, the newest ` : "New: ";
  showToast({ key: "arrival", kind: "info", href, text: text + event.file_name });
  for (const badge of document.querySelectorAll(".count")) restartAnimation(badge, "pulse");
}
