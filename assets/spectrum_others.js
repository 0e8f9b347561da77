// Other spectra over the one on show: finding them, and the list of those laid over.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const SEARCH_MS = 200;
  let finding = null;
  let lastSearch = 0;

  const byId = (id) => document.getElementById(id);

  // An element with its properties, attributes and listeners.
  function make(tag, given, ...inside) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(given || {})) {
      if (name === "onclick" || name === "oninput" || name === "onchange" || name === "onkeydown") {
        node.addEventListener(name.slice(2), value);
      } else if (name in node && name !== "list") node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...inside);
    return node;
  }

  function finder() {
    const list = make("ul", { id: "over-found", hidden: true });
    const input = make("input", {
      type: "search", id: "over-search", placeholder: "Add by name or object", autocomplete: "off",
      maxLength: 200, "aria-label": "Add a spectrum by file name or object",
      oninput: () => search(SEARCH_MS),
      onkeydown: (event) => {
        if (event.key === "Escape") list.hidden = true;
        if (event.key === "ArrowDown" && list.querySelector("button")) {
          event.preventDefault();
          list.querySelector("button").focus();
        }
      },
    });
    input.addEventListener("focus", () => search(0));
    list.addEventListener("keydown", walk);
    return make("div", { className: "finder" }, input, list);
  }

  function walk(event) {
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1 }[event.key];
    if (event.key === "Escape") close(true);
    else if (to === undefined) return;
    else (to < 0 ? byId("over-search") : buttons[Math.min(to, buttons.length - 1)]).focus();
    event.preventDefault();
    event.stopPropagation();
  }

  function close(back) {
    const list = byId("over-found");
    if (list) list.hidden = true;
    if (back) byId("over-search").focus();
  }

  function search(wait) {
    clearTimeout(finding);
    finding = setTimeout(async () => {
      const main = space.main();
      const mine = ++lastSearch;
      if (!main) return;
      const text = byId("over-search").value;
      try {
        const answer = await fetch(`/spectrum/${main.facts.id}/others?text=${encodeURIComponent(text)}`);
        if (!answer.ok) throw new Error(answer.status);
        const { files } = await answer.json();
        if (mine === lastSearch) offer(files);
      } catch {
        gsp.toast({ key: "over", kind: "danger", text: "The list of spectra can't be had just now." });
      }
    }, wait);
  }

  function offer(files) {
    const list = byId("over-found");
    const free = files.filter((file) => !space.state.others.includes(file.id));
    list.replaceChildren(...free.map((file) => make("li", {},
      make("button", { type: "button", onclick: () => { close(true); space.lay(file.id); } },
        file.name, make("small", {}, `${file.object || "no object"} · ${file.type} · ${file.date.slice(0, 16).replace("T", " ")}`)))));
    if (!free.length) list.append(make("li", { className: "none" }, "No other spectrum with this kind of axis."));
    list.hidden = false;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest(".finder")) close(false);
  });

  function laidOver() {
    const main = space.main();
    return space.state.others.map((id) => {
      const one = space.held(id);
      if (!one) return "";
      const shown = space.overlaid().findIndex((other) => other.facts.id === id);
      const dot = make("span", { className: "dot" });
      dot.style.background = shown < 0 ? "var(--line)" : `var(--over-${shown + 1})`;
      const { name, unit } = one.facts;
      const same = unit === main.facts.unit;
      const why = shown >= 0 ? "" : id === main.facts.id ? " (on show)" : " (another kind of axis)";
      return make("span", { className: "chip over", title: name }, dot,
        make("span", { className: "text" }, `${name.replace(/\.fits$/, "")}${same ? "" : ` (${unit})`}${why}`),
        make("button", { type: "button", "aria-label": `Take away ${name}`, onclick: () => space.lift(id) }, "×"));
    });
  }

  Object.assign(space, { make, finder, laidOver });
})();
