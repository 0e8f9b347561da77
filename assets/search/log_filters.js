/** Logs: the fields of the filters and the address follow each other. */
import { goTo, parameter, withParameters } from "../core/address.js";
import { setProps } from "../core/dash.js";

/** Parameters by field. @type {Record<string, string>} */
const FIELDS = { "log-text": "text", "log-date": "date" };
const PROPOSAL = "log-proposal";
const ALL = "all";
const REST_MS = 350;
const DATE = /^(\d{4}-\d\d-\d\d)?$/;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const isLogsPage = () => location.pathname.replace(/\/$/, "") === "/logs";

/** @param {string} name @param {string} value @param {boolean} [replace] */
function change(name, value, replace = false) {
  if (!isLogsPage() || (parameter(name) || "") === value) return;
  goTo(withParameters(location.href, { page: "", [name]: value }), replace);
}

document.addEventListener("input", (event) => {
  if (!(event.target instanceof HTMLInputElement)) return;
  const name = FIELDS[event.target.id];
  if (!name) return;
  const value = event.target.value.trim();
  clearTimeout(timer);
  if (name === "date" && !DATE.test(value)) return;
  timer = setTimeout(() => change(name, value, true), REST_MS);
});

/**
 * Write the address into the fields.
 *
 * @param {string | null} search
 */
export function followLogAddress(search) {
  if (!isLogsPage()) return;
  const query = new URLSearchParams(search || "");
  for (const [id, name] of Object.entries({ ...FIELDS, [PROPOSAL]: "proposal" })) {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById(id));
    const value = query.get(name) || (id === PROPOSAL ? ALL : "");
    if (field && field !== document.activeElement && field.value !== value) {
      setProps(id, { value });
    }
  }
}

/**
 * Show the logs of a proposal.
 *
 * @param {string | null} value
 */
export function chooseProposal(value) {
  change("proposal", value === ALL ? "" : value || "");
}
