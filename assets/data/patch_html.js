/** Putting HTML from the server in its place: only elements that differ are changed. */
import { Idiomorph } from "../vendor/idiomorph.min.js";

const KEPT_PROPERTIES = ["value", "checked"]; // of a field: what a person has typed or selected

/** Elements are matched by id; keys are unique within their part of the page. */
/** @param {string} part @param {ParentNode} root */
function identify(part, root) {
  for (const element of root.querySelectorAll("[data-key]:not([id])")) {
    element.id = `${part}/${element.getAttribute("data-key")}`;
  }
}

/**
 * Make the contents of an element those of some HTML; focus and what was unfolded stay.
 *
 * @param {HTMLElement} place
 * @param {string} html
 */
export function patchHtml(place, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  identify(place.id, template.content);
  Idiomorph.morph(place, [...template.content.childNodes], {
    morphStyle: "innerHTML",
    callbacks: {
      beforeAttributeUpdated(name, element, change) {
        if (element instanceof HTMLDetailsElement) return name !== "open" || change !== "remove";
        const isField = element instanceof HTMLInputElement || element.nodeName === "TEXTAREA";
        return !(isField && KEPT_PROPERTIES.includes(name));
      },
    },
  });
}
