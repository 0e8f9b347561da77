/** Dash's browser interface: properties of components, client-side callbacks, the renderer. */

const RETRY_MS = 50;

/**
 * Write properties of a Dash component, once the page is drawn.
 *
 * @param {string} id
 * @param {object} props
 */
export function setProps(id, props) {
  const dash = window.dash_clientside;
  if (dash && dash.set_props && document.getElementById("shell")) dash.set_props(id, props);
  else setTimeout(() => setProps(id, props), RETRY_MS);
}

/**
 * Register client-side callbacks. A function that returns nothing leaves its output as it is.
 *
 * @param {Record<string, Record<string, (...values: any[]) => unknown>>} namespaces
 */
export function registerCallbacks(namespaces) {
  /** @type {Record<string, object>} */
  const registered = {};
  for (const [namespace, functions] of Object.entries(namespaces)) {
    registered[namespace] = Object.fromEntries(
      Object.entries(functions).map(([name, callback]) => [
        name,
        /** @param {any[]} values */
        (...values) => {
          const output = callback(...values);
          return output === undefined ? window.dash_clientside.no_update : output;
        },
      ]),
    );
  }
  window.dash_clientside = Object.assign({}, window.dash_clientside, registered);
}

/** Start Dash. */
export function startRenderer() {
  new window.DashRenderer();
}

/**
 * Tell `dcc.Location` that the address has changed.
 *
 * Dash has no public event for it: this is the one that its own links send.
 */
export function announceAddress() {
  window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
}
