/** One row of the night: a frame, its products, its measurements. */
import { create, restartAnimation } from "../core/dom.js";

/**
 * @typedef {object} Step
 * @property {string} label
 * @property {string} title
 * @property {string} state
 * @property {boolean} out_of_date
 * @property {{href: string, name: string}[]} files
 * @property {number | null} progress Percent.
 * @property {string} mark
 *
 * @typedef {{text: string, out: boolean}} Measurement `out`: outside its limits.
 *
 * @typedef {object} Row
 * @property {number} id
 * @property {string} at Time of the exposure.
 * @property {string} time
 * @property {string} href
 * @property {string} name
 * @property {string} proposal
 * @property {string} obstype
 * @property {string} object
 * @property {string} setup
 * @property {string} exptime
 * @property {Step[]} stages
 * @property {Record<string, Measurement | null>} values
 * @property {Measurement & {title: string}} took
 * @property {string} message
 * @property {string} code
 * @property {string} state
 * @property {string} run Address of the run.
 */

/** Where there is no room for the head of the table. @type {Record<string, string>} */
const LABELS = { seeing: "″ seeing", snr: "S/N" };

/** What a line shows. @type {WeakMap<Element, string>} */
const painted = new WeakMap();

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | null | undefined>} attributes Empty ones are left out.
 * @param {...(Node | string)} children
 */
function createWith(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null && value !== "") element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
}

/** @param {string} href @param {string} text @param {string} title */
const createLink = (href, text, title) => createWith("a", { href, title, "data-go": "yes" }, text);

/** @param {Step} step */
function createStep(step) {
  const { label, title, state, files, progress, mark } = step;
  const outOfDate = step.out_of_date ? " out-of-date" : "";
  const box = createWith("span", { class: `step ${state}${outOfDate}`, title });
  const [first, ...others] = files;
  box.append(first ? createLink(first.href, label, title) : label);
  others.forEach(({ href, name }, i) => box.append(createLink(href, String(i + 2), name)));
  if (progress != null) {
    const name = title.split("\n")[0];
    box.append(createWith("progress", { value: progress, max: 100, "aria-label": name }));
  } else if (mark) {
    box.append(createWith("span", { class: "run-mark " + state, "aria-hidden": "true" }, mark));
  }
  return box;
}

/** @param {string} name @param {Measurement | null} value */
function createMeasurement(name, value) {
  const isOut = Boolean(value?.out);
  const attributes = {
    class: "num" + (isOut ? " out" : ""),
    "data-of": LABELS[name],
    title: isOut ? "Outside its limits" : "",
  };
  return createWith("td", attributes, value ? value.text : "");
}

/** @param {Row} row @returns {HTMLElement[]} */
function createCells(row) {
  const raw = create("span", { className: "step done" }, createLink(row.href, "raw", row.name));
  const message =
    row.run && row.message ? createLink(row.run, row.message, "What this run does") : row.message;
  const { took } = row;
  return [
    createWith("td", { class: "time" }, createWith("time", { datetime: row.at }, row.time)),
    createWith("td", { class: "file" }, createLink(row.href, row.name, row.proposal)),
    createWith("td", { class: "object" }, `${row.obstype} ${row.object}`.trim()),
    createWith("td", { class: "setup" }, row.setup),
    createWith("td", { class: "num", "data-of": "s" }, row.exptime),
    createWith("td", { class: "stages" }, raw, ...row.stages.map(createStep)),
    createMeasurement("seeing", row.values.seeing),
    createMeasurement("snr", row.values.snr),
    createWith("td", { class: "num" + (took.out ? " out" : ""), title: took.title }, took.text),
    createWith("td", { class: "message " + row.state, "data-code": row.code }, message),
  ];
}

/**
 * Make a line of the table show a row; the focus stays at its link.
 *
 * @param {HTMLElement} line
 * @param {Row} row
 */
export function paintRow(line, row) {
  const text = JSON.stringify(row);
  const before = painted.get(line);
  if (before === text) return;
  const links = [...line.querySelectorAll("a")];
  const focused = links.findIndex((link) => link === document.activeElement);
  painted.set(line, text);
  line.dataset.at = row.at;
  line.replaceChildren(...createCells(row));
  if (focused >= 0) {
    const now = line.querySelectorAll("a");
    (now[focused] || now[0]).focus();
  }
  if (before) restartAnimation(line, "fresh");
}
