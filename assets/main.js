/**
 * Entry point: connects every module, registers Dash's client-side callbacks, starts Dash.
 *
 * Dash's renderer is started here and nowhere else, so that no callback can run before its function
 * is registered.
 */
import "./core/commands.js";
import "./core/keyboard.js";
import "./advanced/advanced.js";
import "./advanced/windows.js";
import { watchConditions } from "./live/conditions.js";
import { watchOptions } from "./account/options.js";
import { registerCallbacks, startRenderer } from "./core/dash.js";
import { openEventStream } from "./live/event_stream.js";
import { focusField, watchForms } from "./core/forms.js";
import { goToTarget } from "./core/address.js";
import { watchCallbackRequests } from "./core/session.js";
import { applyTheme } from "./core/theme.js";
import { showToast } from "./core/toasts.js";
import { filterHeader } from "./data/header_table.js";
import { filterByName, nameInAddress } from "./data/index_filter.js";
import { watchNavigation, presentFile, releaseHeldParts } from "./data/opening.js";
import { askForAll, paintAnswer, watchEvents } from "./data/region_requests.js";
import { drawNight } from "./night/night.js";
import { chooseProposal, followLogAddress } from "./search/log_filters.js";
import { registerGrid } from "./search/grid.js";
import { proposalText } from "./search/proposal_filter.js";
import { followSearchAddress } from "./search/search.js";
import { watchSpectrumKeys } from "./spectrum/tools.js";
import { optionsFromPage, refreshIfSettled } from "./viewer/viewer.js";

/** Mark the page on show in the top bar. @param {string} page */
function markPage(page) {
  /** @type {NodeListOf<HTMLElement>} */
  const links = document.querySelectorAll(".top nav a[data-page]");
  for (const link of links) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @param {string} text */
function setTitle(text) {
  if (text) document.title = text;
}

registerCallbacks({
  page: {
    toast: showToast,
    theme: applyTheme,
    go: goToTarget,
    current: markPage,
    title: setTitle,
    focus: focusField,
  },
  data: {
    filterByName,
    nameInAddress,
    filterHeader,
    paint: paintAnswer,
    askForAll,
  },
  viewer: {
    show: presentFile,
    options: optionsFromPage,
    /** @param {unknown} _ @param {import("./viewer/state.js").FileInfo | null} info */
    refresh(_, info) {
      releaseHeldParts(info);
      refreshIfSettled(info);
    },
  },
  night: { draw: drawNight },
  search: { follow: followSearchAddress },
  logs: { follow: followLogAddress, choose: chooseProposal },
  proposals: { text: proposalText },
});

watchCallbackRequests();
watchNavigation();
watchEvents();
watchForms();
watchOptions();
watchSpectrumKeys();
registerGrid();
startRenderer();
openEventStream();
watchConditions();
