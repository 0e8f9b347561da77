/** What the image viewer shows, and how; the modules of this folder share it. */
import { createSignal } from "../core/signal.js";
import { plotArea } from "../core/plot_geometry.js";

/**
 * @typedef {object} FileInfo A file as the server describes it (`services/plots.py`).
 * @property {"image" | "spectrum" | "sensitivity"} kind
 * @property {number} id
 * @property {string} checksum
 * @property {string[]} heading Lines of the title.
 * @property {string} file_name
 * @property {number} n_x Columns.
 * @property {number} n_y Rows.
 * @property {string} unit
 * @property {{data: object[], layout: any}} figure Of Plotly: axes and colour bar.
 * @property {string} uirevision Images with the same one keep the zoom.
 * @property {import("../core/plot_geometry.js").Edges} home Edges of the whole image.
 * @property {boolean} reduced
 *
 * @typedef {object} ViewFacts How the server has cut an image (`api/images.py`).
 * @property {[number, number]} shape Rows, columns.
 * @property {[number, number, number, number]} box First and last column, first and last row, as
 *   edges of pixels.
 * @property {[number, number]} bins Pixels averaged, by column and by row.
 * @property {[string, number, number, number]} codec How numbers stand for values.
 * @property {Record<string, [number, number]>} limits By name.
 * @property {string[]} marks Kinds of marked pixels.
 *
 * @typedef {ViewFacts & {id: number, numbers: Uint16Array, bits: Uint8Array | null}} View
 *
 * @typedef {object} Opened The answer to a click on a file (`api/show.py`).
 * @property {ViewFacts} view Of an image.
 * @property {any} spectrum Facts of a spectrum.
 * @property {ArrayBuffer} body
 * @property {number} offset Where the numbers begin in the body.
 *
 * @typedef {object} Aperture An extracted spectrum's windows on its image.
 * @property {number} [file]
 * @property {string} [name]
 * @property {boolean} [by_hand]
 * @property {number} target
 * @property {number[]} trace Polynomial: coefficients of the row as a function of the column.
 * @property {number[]} aperture Rows from the trace.
 * @property {number[][]} zones Background windows, rows from the trace.
 * @property {boolean} newest
 * @property {import("./coordinates.js").WavelengthScale | null} [wavelength]
 * @property {boolean} [level] The trace is yet to be laid through the brightest row.
 *
 * @typedef {object} Options How an image is shown.
 * @property {string} map
 * @property {boolean} invert
 * @property {string} limits Name, or "typed".
 * @property {number | null} low
 * @property {number | null} high
 * @property {string} stretch
 * @property {boolean} saturated
 * @property {boolean} cosmic
 * @property {boolean} apertures
 * @property {boolean} wavelengths
 * @property {Aperture | null} manual Windows of the manual extraction, in place of the others.
 * @property {{x: number, y: number, n: number} | null} cross Where cuts are taken.
 * @property {Record<string, [number, number]> | null} named More limits by name.
 */

/**
 * @type {{graph: PlotlyGraph | null, info: FileInfo | null, view: View | null, options: Options}}
 */
export const viewer = {
  graph: null,
  info: null,
  view: null,
  options: {
    map: "Gray",
    invert: false,
    limits: "zscale",
    low: null,
    high: null,
    stretch: "linear",
    saturated: true,
    cosmic: false,
    apertures: true,
    wavelengths: true,
    manual: null,
    cross: null,
    named: null,
  },
};

/** @typedef {import("../core/signal.js").Signal<void>} Announcement */

/** Another file is on show, or none. @type {Announcement} */
export const fileShown = createSignal();
/** Pixels of the image have arrived. @type {Announcement} */
export const viewReceived = createSignal();
/** The image was painted. @type {Announcement} */
export const imagePainted = createSignal();
/** What is drawn over the image has arrived. @type {Announcement} */
export const overlaysReceived = createSignal();

/** @returns {FileInfo | null} The image on show. */
export const imageOnShow = () => (viewer.info?.kind === "image" ? viewer.info : null);

/** Return whether Plotly has drawn axes. */
export const isReady = () => plotArea(viewer.graph) !== null;

/** Return whether Plotly has drawn the axes of the image on show. */
export function hasItsAxes() {
  const image = imageOnShow();
  return isReady() && image !== null && viewer.graph?.layout.uirevision === image.uirevision;
}
