/**
 * The table of Search.
 *
 * Its two scripts are large, and fetched when it is drawn for the first time. Until then the
 * component here stands for the one of dash-ag-grid, which the document leaves out
 * (`pages/document.py`, ADR 8).
 */

/** The scripts on their way or there, by address. @type {Map<string, Promise<void>>} */
const scripts = new Map();
/** The namespace of dash-ag-grid, as soon as its script has run. @type {any} */
let loaded = null;
/** The same, once its library is there too. @type {any} */
let suite = null;
/** @type {(suite: any) => void} */
let announce = () => {};
/** @type {Promise<any>} Kept at the first time or a later one. */
const arrival = new Promise((resolve) => {
  announce = resolve;
});

const standIn = {
  AgGrid,
  getApiAsync: async (/** @type {string} */ id) => (await arrival).getApiAsync(id),
};

/**
 * Fetch a script of Dash, which is a classic one.
 *
 * @param {string} address
 * @param {() => void} [onLoad]
 * @returns {Promise<void>}
 */
function fetchScript(address, onLoad) {
  let promise = scripts.get(address);
  if (!promise) {
    promise = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => {
        onLoad?.();
        resolve();
      };
      script.onerror = () => {
        scripts.delete(address);
        script.remove();
        reject(new Error(address));
      };
      document.head.append(script);
    });
    scripts.set(address, promise);
  }
  return promise;
}

/** Both at once, and the library before anything is drawn: the component takes one that is there. */
async function load() {
  const [component, library] = (document.documentElement.dataset.table || "").split(" ");
  const take = () => {
    loaded = window.dash_ag_grid;
    window.dash_ag_grid = standIn; // a component of another type would draw the table again
  };
  await Promise.all([fetchScript(component, take), fetchScript(library)]);
  suite = loaded;
  announce(suite);
}

/** @param {{id: string}} props */
function AgGrid(props) {
  const { createElement, useEffect, useState } = window.React;
  const [state, setState] = useState(suite ? "loaded" : "loading");
  useEffect(() => {
    if (state !== "loading") return;
    load().then(
      () => setState("loaded"),
      () => setState("failed"),
    );
  }, [state]);
  if (state === "loaded") return createElement(suite.AgGrid, props);
  if (state === "loading") return createElement("div", { id: props.id, "aria-busy": true });
  const button = { type: "button", className: "button", onClick: () => setState("loading") };
  return createElement(
    "p",
    { id: props.id, role: "alert" },
    "The table could not be loaded. ",
    createElement("button", button, "Try again"),
  );
}

/**
 * A file's name: a link of the page, so that it also opens in a tab of its own. Where there is no
 * room its middle is left out: the end tells target and version.
 *
 * @param {{value: string, data?: {id: number, file_name: string, object: string}}} props
 */
function FileLink({ value, data }) {
  if (!data) return null;
  const { createElement } = window.React;
  const [tail] = value.match(/(_(target|ws)_\d+)?(_v\d+)?(\.fits(\.\w+)?)?$/) || [""];
  const head = value.slice(0, value.length - tail.length);
  const link = {
    href: "/data/" + data.id,
    "data-go": "",
    title: [data.file_name, data.object].join("\n"),
    tabIndex: -1,
    className: "file-link",
  };
  const parts = [head, tail].map((text) => createElement("span", null, text));
  return createElement("a", link, ...parts);
}

/**
 * Return the table's own interface, once it is drawn.
 *
 * @param {string} id
 * @returns {Promise<any>}
 */
export const gridApi = (id) => standIn.getApiAsync(id);

/** Give Dash the components of the table. */
export function registerGrid() {
  window.dash_ag_grid = standIn;
  window.dashAgGridComponentFunctions = { ...window.dashAgGridComponentFunctions, FileLink };
}
