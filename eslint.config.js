import js from "@eslint/js";
import { importX } from "eslint-plugin-import-x";
import globals from "globals";

/** Which folders of `assets` the modules of a folder may import from, besides their own. */
const FOLDERS = {
  core: [],
  live: ["core"],
  account: ["core"],
  viewer: ["core"],
  spectrum: ["core", "viewer"],
  sensitivity: ["core", "viewer"],
  advanced: ["core", "live", "viewer", "spectrum"],
  data: ["core", "live", "viewer", "spectrum", "sensitivity", "vendor"],
  night: ["core", "live"],
  search: ["core"],
};

const zones = Object.entries(FOLDERS).map(([folder, others]) => ({
  target: `./assets/${folder}`,
  from: "./assets",
  except: [folder, ...others],
}));

export default [
  { ignores: ["assets/vendor/", ".venv/", "var/", "docs/"] },
  js.configs.recommended,
  importX.flatConfigs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", { max: 350, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
      "no-restricted-properties": [
        "error",
        { property: "_fullLayout", message: "This is Plotly's private state." },
        { property: "_guiEditing", message: "This is Plotly's private state." },
        { property: "__data__", message: "This is the private state of Plotly's drawing." },
      ],
      "no-var": "error",
      "prefer-const": "error",
      "import-x/no-cycle": "error",
      "import-x/no-mutable-exports": "error",
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-self-import": "error",
      "import-x/order": "off",
    },
  },
  { files: ["assets/**/*.js"], languageOptions: { globals: globals.browser } },
  {
    files: ["static/*.js"], // of the login page and of the API's documentation
    languageOptions: {
      sourceType: "script",
      globals: { ...globals.browser, SwaggerUIBundle: "readonly" },
    },
    rules: { "no-redeclare": ["error", { builtinGlobals: false }] },
  },
  {
    files: ["tests/javascript/**/*.js", "eslint.config.js"],
    languageOptions: { globals: globals.node },
  },
];
