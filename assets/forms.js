// Forms of the pages: a field is tied to its help and its error, the focus goes where a refusal is.
(function () {
  "use strict";
  const CONTROLS = "input, select, textarea, button";

  const control = (id) => {
    const found = document.getElementById(id);
    return found && !found.matches(CONTROLS) ? found.querySelector(CONTROLS) : found;
  };

  // Dash's controls take no aria-* properties.
  function tie(field) {
    const label = field.querySelector("label");
    const input = label && control(label.htmlFor);
    if (!input) return;
    const error = document.getElementById(label.htmlFor + "-error");
    const help = document.getElementById(label.htmlFor + "-help");
    const ids = [help, error].filter((one) => one && one.textContent).map((one) => one.id);
    if (ids.length) input.setAttribute("aria-describedby", ids.join(" "));
    else input.removeAttribute("aria-describedby");
    if (error && error.textContent) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  function start() {
    let due = false;
    new MutationObserver(() => {
      if (due) return;
      due = true;
      requestAnimationFrame(() => {
        due = false;
        document.querySelectorAll(".upload input[type=file]").forEach((file) => {
          file.setAttribute("aria-label", file.closest(".upload").textContent);
        });
        document.querySelectorAll(".form").forEach((form) => (form.noValidate = true));
        document.querySelectorAll(".form .field").forEach(tie);
      });
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  }
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);

  // One answer at a time: the second click of a double click is none.
  document.addEventListener(
    "submit",
    (event) => {
      if (!event.target.classList.contains("busy")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true
  );

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    forms: {
      focus: (target) => {
        if (target) setTimeout(() => control(target.id)?.focus(), 0);
        return window.dash_clientside.no_update;
      },
    },
  });
})();
