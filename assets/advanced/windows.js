/**
 * Manual extraction: windows along the slit, the spectrum that they would give, and "Extract",
 * which saves it as a new version beside the automatic one.
 */
import { parameter, parseNumbers } from "../core/address.js";
import { byId } from "../core/dom.js";
import { themeChanged } from "../core/theme.js";
import { shownEdges } from "../viewer/axes.js";
import { overlaysOf } from "../viewer/overlays.js";
import { paintSoon } from "../viewer/paint.js";
import { fileShown, overlaysReceived, viewer, viewReceived } from "../viewer/state.js";
import { isAdvancedPage, note, readWindows, writeWindows } from "./address.js";
import {
  attachComparison,
  drawComparison,
  forgetComparison,
  loadComparison,
  takeSpectra,
} from "./comparison.js";
import { extract, forgetExtraction, preview } from "./extraction.js";
import {
  attachProfile,
  drawProfile,
  forgetProfile,
  frameProfile,
  loadProfile,
  restoreProfile,
  zoomedRows,
} from "./profile.js";
import { buildPanel, listSpectra, writeFields } from "./windows_panel.js";
import { initialWindows, moveEdge, resetState, state, usualComparison } from "./windows_state.js";

/** @typedef {import("./windows_state.js").WindowName} WindowName */

const MIDDLE = [0.45, 0.55]; // of the columns
let built = false;

// -- windows -------------------------------------------------------------------------------------

/** Compare with another spectrum, and begin with its windows. @param {number} file */
function choose(file) {
  state.compared = state.known.find((aperture) => aperture.file === file) || null;
  state.windows = initialWindows();
  void loadComparison();
  frameProfile();
  changed();
}

function reset() {
  state.windows = initialWindows();
  takeSpectra({ saved: null });
  frameProfile();
  changed();
}

/** @param {number[]} range Columns. */
function setRange(range) {
  const last = (state.info?.n_x || 1) - 1;
  state.range = range.map((column) => Math.min(Math.max(Math.round(column), 0), last));
  state.range.sort((a, b) => a - b);
  void loadProfile();
  changed();
}

/** @param {WindowName} name @param {0 | 1} end @param {number} value */
function move(name, end, value) {
  if (!state.windows) return;
  moveEdge(state.windows, name, end, value);
  changed();
}

/** Show the windows as they are now. */
function changed() {
  viewer.options.manual = state.windows;
  paintSoon();
  writeFields();
  drawProfile();
  remember();
  void preview();
}

// -- the address ---------------------------------------------------------------------------------

function remember() {
  const { compared, windows, range, known } = state;
  if (!windows) return;
  const first = initialWindows();
  const pairs = [windows.aperture, ...windows.zones];
  const same = JSON.stringify(pairs) === JSON.stringify([first.aperture, ...first.zones]);
  note({
    windows: same ? "" : writeWindows(pairs),
    range: range.map(Math.round).join(","),
    profile: zoomedRows().join(),
    spectrum: compared && compared !== usualComparison(known) ? String(compared.file) : "",
  });
}

function restore() {
  const { info, known } = state;
  if (!info) return;
  const wanted = Number(parameter("spectrum"));
  const named = known.find((aperture) => aperture.file === wanted);
  state.compared = named || usualComparison(known);
  const middle = MIDDLE.map((share) => Math.round(info.n_x * share));
  state.range = parseNumbers(parameter("range"), 2) || middle;
  state.windows = { ...initialWindows(), ...readWindows(parameter("windows")) };
}

// -- the page ------------------------------------------------------------------------------------

fileShown.listen(() => {
  const panel = byId("advanced-windows");
  if (!panel) return;
  resetState();
  built = false;
  forgetProfile();
  forgetComparison();
  forgetExtraction();
  panel.hidden = !state.info?.reduced;
});

// Spectra may come later; windows that a person has set stay.
overlaysReceived.listen(() => {
  const { info } = state;
  if (!isAdvancedPage() || !info?.reduced) return;
  state.known = /** @type {typeof state.known} */ (overlaysOf(info).apertures);
  if (built) return listSpectra();
  restore();
  const columnsOnShow = () => setRange(shownEdges().slice(0, 2));
  buildPanel({ choose, reset, setRange, columnsOnShow, move, extract: () => void extract() });
  attachProfile({ move, changed, remember });
  attachComparison();
  built = true;
  listSpectra();
  begin();
});

/** The windows need the image's pixels, which may still be on their way. */
function begin() {
  if (!viewer.view) {
    const stop = viewReceived.listen(() => {
      stop();
      begin();
    });
    return;
  }
  if (!built || !state.windows) return;
  void loadProfile();
  void loadComparison();
  frameProfile();
  restoreProfile();
  changed();
}

themeChanged.listen(() => {
  if (!built || !isAdvancedPage()) return;
  drawProfile();
  drawComparison();
});
