/**
 * Buttons and links of the page.
 *
 * A button with `data-command` either acts here or sends all its `data-*` attributes to the server.
 */
import { goTo } from "./address.js";
import { setProps } from "./dash.js";
import { closest, requiredById } from "./dom.js";
import { createSignal } from "./signal.js";
import { logOut } from "./session.js";
import { toggleTheme } from "./theme.js";

/** An element was changed here, and no longer is what the server wrote. */
/** @type {import("./signal.js").Signal<Element>} */
export const elementChanged = createSignal();

/** Another HDU was chosen in the table of the header. @type {import("./signal.js").Signal<void>} */
export const hduChosen = createSignal();

let sent = 0;

/** @type {Record<string, (button: HTMLElement) => void>} */
const LOCAL = {
  theme: toggleTheme,
  logout: (button) => void logOut(Boolean(button.dataset.everywhere)),
  toggle,
  follow: (button) => goTo(button.dataset.href || "/"),
  fill(button) {
    const id = button.dataset.target || "";
    setProps(id, { value: JSON.parse(button.dataset.value || "null") });
    requiredById(id).focus();
  },
  index: () => document.body.classList.toggle("index-open"),
  ask: confirmCommand,
  hdu(button) {
    for (const sibling of button.parentElement?.children || []) {
      sibling.setAttribute("aria-pressed", String(sibling === button));
    }
    hduChosen.emit();
  },
  keys: showKeys,
};

/** Show the list of keys. */
export function showKeys() {
  /** @type {HTMLDialogElement} */ (requiredById("keys")).showModal();
}

/** Fold or unfold what a button stands for. @param {HTMLElement} button */
function toggle(button) {
  const target = requiredById(button.dataset.target || "");
  const opens = target.hidden;
  target.hidden = !opens;
  button.setAttribute("aria-expanded", String(opens));
  if (button.dataset.store) setProps(button.dataset.store, { data: opens });
  window.dispatchEvent(new Event("resize"));
}

/** Ask before a command that cannot be undone. @param {HTMLElement} button */
function confirmCommand(button) {
  const dialog = /** @type {HTMLDialogElement} */ (requiredById("confirm"));
  const question = dialog.querySelector("p");
  const confirm = dialog.querySelector("[value=yes]");
  if (question) question.textContent = button.dataset.question || "";
  if (confirm) confirm.textContent = button.dataset.yes || "Delete";
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue === "yes") send({ ...button.dataset, command: button.dataset.then });
  };
  dialog.showModal();
}

/** @param {DOMStringMap} data */
function send(data) {
  setProps("command", { data: { ...data, n: ++sent } });
}

/** Mark the row or tab at once: the next key counts from it. @param {HTMLElement} link */
function mark(link) {
  const list = link.closest("#file-list, .tabs");
  if (!list) return;
  for (const marked of list.querySelectorAll("[aria-current]")) {
    marked.removeAttribute("aria-current");
  }
  link.setAttribute("aria-current", "true");
  elementChanged.emit(list);
}

/** @param {MouseEvent} event @returns {boolean} Whether the click was in a dialog, and closed it. */
function closesDialog(event) {
  const dialog = /** @type {HTMLDialogElement | null} */ (closest(event, "dialog"));
  if (!dialog) return false;
  const inside = /** @type {HTMLButtonElement | null} */ (
    closest(event, "button, a, [data-command]")
  );
  const value = inside?.value || "";
  if (event.target !== dialog && !value) return false;
  dialog.close(value);
  return true;
}

/** @param {MouseEvent} event @returns {boolean} Whether a link was followed within the page. */
function followsLink(event) {
  const link = closest(event, "a[data-go]");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
  if (!link || elsewhere) return false;
  event.preventDefault();
  document.body.classList.remove("index-open");
  mark(link);
  goTo(link.getAttribute("href") || "/");
  return true;
}

/**
 * Return what the fields of a form hold, by their names; `a.b` is the field b of a.
 *
 * @param {HTMLFormElement} form
 * @returns {Record<string, any>} A number where the field is one.
 */
function fieldsOf(form) {
  /** @type {Record<string, any>} */
  const values = {};
  for (const [path, value] of new FormData(form)) {
    const field = form.elements.namedItem(path);
    const isNumber = field instanceof HTMLInputElement && field.type === "number";
    const [name, ...inner] = path.split(".").reverse();
    const place = inner.reverse().reduce((all, key) => (all[key] ??= {}), values);
    place[name] = isNumber ? Number(value) : value;
  }
  return values;
}

// A form with `data-submits` sends its fields as the settings of a command.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.submits) return;
  event.preventDefault();
  const { submits, ...data } = form.dataset;
  send({ ...data, command: submits, settings: JSON.stringify(fieldsOf(form)) });
});

document.addEventListener("click", (event) => {
  if (closesDialog(event) || followsLink(event)) return;
  const button = closest(event, "[data-command]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const isButton = button instanceof HTMLButtonElement;
  if (isButton && button.disabled) return;
  const act = LOCAL[button.dataset.command || ""];
  if (act) return act(button);
  if (isButton && button.dataset.block) {
    button.disabled = true;
    elementChanged.emit(button);
  }
  send(button.dataset);
});
