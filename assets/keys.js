// The keyboard: files with ↑ ↓, products with ← →, and a list of the keys with ?.
(function () {
  "use strict";

  function step(selector, forward) {
    const links = [...document.querySelectorAll(selector + " a[data-go]")];
    if (!links.length) return false;
    const here = links.findIndex((link) => link.getAttribute("aria-current"));
    const next = here < 0 ? (forward ? 0 : -1) : here + (forward ? 1 : -1);
    if (here >= 0 && (next < 0 || next >= links.length)) return turn(selector, forward);
    const link = links.at(next);
    link.click();
    link.scrollIntoView({ block: "nearest" });
    return true;
  }

  // Past the end of the list: its next page.
  function turn(selector, forward) {
    if (selector !== "#file-list") return false;
    const page = document.querySelector(forward ? "#pager a[rel=next]" : "#pager a[rel=prev]");
    if (page) page.click();
    return Boolean(page);
  }

  function focus(id) {
    const field = document.getElementById(id);
    if (!field) return false;
    const fold = field.closest("details:not([open])");
    if (fold) fold.open = true;
    else if (!field.offsetParent) document.body.classList.add("index-open");
    field.focus();
    field.select();
    return true;
  }

  const KEYS = {
    ArrowDown: () => step("#file-list", true),
    ArrowUp: () => step("#file-list", false),
    ArrowRight: () => step("#view-head", true),
    ArrowLeft: () => step("#view-head", false),
    "/": () => ["index-name", "q-file_name", "log-text", "list-text"].some(focus),
    g: () => ["index-page", "search-page", "list-page"].some(focus),
    h: () => click("header-toggle"),
    o: () => click("options-toggle"),
    f: () => click("follow"),
    t: () => click("theme-toggle"),
    s: () => overImage() && click("show-saturated"),
    c: () => overImage() && click("show-cosmic"),
    a: () => overImage() && click("show-apertures"),
    w: () => overImage() && click("show-wavelengths"),
    "?": () => (document.getElementById("keys").showModal(), true),
  };

  // A spectrum has keys of its own (spectrum_tools.js).
  function overImage() {
    const stage = document.getElementById("stage");
    return Boolean(stage) && stage.dataset.kind === "image";
  }

  function click(id) {
    const found = document.getElementById(id);
    const button = found && (found.querySelector("input[type=checkbox]") || found);
    if (button) button.click();
    return Boolean(button);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest("input, textarea, select, [contenteditable]");
    if (field) {
      if (event.key === "Escape") field.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest(".ag-root") && event.key.startsWith("Arrow")) return; // its cells
    const act = KEYS[event.key];
    if (act && act()) event.preventDefault();
  });
})();
