/** Elements of the page: finding them, making them, colours of the theme. */

/**
 * @param {string} id
 * @returns {HTMLElement | null}
 */
export const byId = (id) => document.getElementById(id);

/**
 * Return an element that the page is known to have.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function requiredById(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`No element #${id}`);
  return element;
}

/**
 * @param {string} id
 * @returns {HTMLInputElement | null}
 */
export function inputById(id) {
  const element = document.getElementById(id);
  return element instanceof HTMLInputElement ? element : null;
}

/**
 * @param {string} id
 * @returns {HTMLCanvasElement | null}
 */
export function canvasById(id) {
  const element = document.getElementById(id);
  return element instanceof HTMLCanvasElement ? element : null;
}

/**
 * Return a canvas' context for drawing in two dimensions.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw on a canvas");
  return context;
}

/**
 * Return the nearest element around an event's target that fits a selector.
 *
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function closest(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/**
 * Return the value of a field that an event came from.
 *
 * @param {Event} event
 * @returns {string}
 */
export function valueOf(event) {
  return /** @type {HTMLInputElement} */ (event.target).value;
}

/** Return whether a dialog is open. */
export const isDialogOpen = () => document.querySelector("dialog[open]") !== null;

/**
 * Create an element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [given] Properties or attributes; `on` holds listeners by event.
 * @param {...(Node | string | null)} children Nulls are left out.
 * @returns {HTMLElementTagNameMap[K]}
 */
export function create(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) {
        element.addEventListener(event, listener);
      }
    } else if (name in element && name !== "list") {
      Object.assign(element, { [name]: value });
    } else {
      element.setAttribute(name, value);
    }
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child !== null)));
  return element;
}

/**
 * Return a colour of the theme.
 *
 * @param {string} name Custom property, such as `--axis`.
 * @returns {string}
 */
export function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Start a CSS animation again. @param {Element} element @param {string} name Its class. */
export function restartAnimation(element, name) {
  element.classList.remove(name);
  void (/** @type {HTMLElement} */ (element).offsetWidth); // a layout between the two is needed
  element.classList.add(name);
}
