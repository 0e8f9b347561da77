/** The dark and the light theme: on the page at once, then on the account. */
import { setProps } from "./dash.js";
import { createSignal } from "./signal.js";

/**
 * Options that the account keeps were chosen here.
 *
 * @type {import("./signal.js").Signal<Record<string, unknown>>}
 */
export const optionsChosen = createSignal();

/** The colours have changed. @type {import("./signal.js").Signal<void>} */
export const themeChanged = createSignal();

/**
 * Show a theme; the one on show is left alone.
 *
 * @param {string | null} theme "dark" or "light".
 */
export function applyTheme(theme) {
  const { dataset } = document.documentElement;
  if (!theme || dataset.bsTheme === theme) return;
  dataset.bsTheme = theme;
  themeChanged.emit();
}

/** Change between the two themes and keep the choice on the account. */
export function toggleTheme() {
  const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  setProps("theme", { data: theme });
  applyTheme(theme);
  optionsChosen.emit({ theme });
}
