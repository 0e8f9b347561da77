// The panel of the extraction by hand: its fields and buttons, and what it says.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});

  let parts = {};

  const state = () => gsp.windows.state;

  // `named` where the label beside the field says too little by itself ("to").
  function field(name, label, act, named) {
    parts[name] = gsp.make("input", {
      type: "number", step: "any", autocomplete: "off", "aria-label": named || label,
      on: { change: (event) => event.target.value !== "" && act(Number(event.target.value)) },
    });
    return gsp.make("label", {}, label, parts[name]);
  }

  function edge(name, label, which, k, named) {
    return field(name, label, (value) => gsp.windows.move(which, k, value), named);
  }

  function button(className, text, click) {
    return gsp.make("button", { type: "button", className, on: { click } }, text);
  }

  function canvas(id, label) {
    const made = gsp.make("canvas", { id, className: "strip", role: "img" });
    made.setAttribute("aria-label", label);
    return made;
  }

  function build() {
    const { choose, reset, setRange, columnsOnShow } = gsp.windows;
    parts = {
      choose: gsp.make("select", {
        className: "form-select form-select-sm", on: { change: (e) => choose(Number(e.target.value)) },
      }),
      extract: button("button main", "Extract", gsp.extraction.save),
      said: gsp.make("p", { className: "said", role: "status" }),
      legend: gsp.make("p", { className: "legend" }),
    };
    document.getElementById("advanced-windows").replaceChildren(
      gsp.make("h2", {}, "Extraction by hand"),
      gsp.make("div", { className: "windows-grid" },
        gsp.make("div", {},
          gsp.make("div", { className: "pairs three" },
            gsp.make("label", { className: "wide" }, "Compared with", parts.choose),
            field("from", "Columns from", (v) => setRange([v, state().range[1]])),
            field("to", "to", (v) => setRange([state().range[0], v]), "Columns to"),
            gsp.make("div", { className: "bottom" }, button("button", "Columns on show", columnsOnShow))),
          canvas("profile", "Profile along the slit with the windows"),
          gsp.make("div", { className: "pairs six" },
            edge("low", "Aperture from", "aperture", 0), edge("high", "to", "aperture", 1, "Aperture to"),
            edge("z00", "Background 1 from", "zone0", 0), edge("z01", "to", "zone0", 1, "Background 1 to"),
            edge("z10", "Background 2 from", "zone1", 0), edge("z11", "to", "zone1", 1, "Background 2 to")),
          gsp.make("p", { className: "quiet" }, "Rows from the trace. Drag the windows or their edges in the profile; the wheel zooms.")),
        gsp.make("div", {},
          parts.legend,
          canvas("hand-spectrum", "Spectrum of the windows and the one compared with"),
          canvas("hand-ratio", "Ratio of the two spectra"))),
      gsp.make("div", { className: "buttons" }, parts.extract, button("button", "Reset windows", reset), parts.said),
    );
  }

  // Write what is in force into the fields, but not where somebody types.
  function write() {
    const { hand, range } = state();
    const values = { low: hand.aperture[0], high: hand.aperture[1], from: range[0], to: range[1] };
    for (const i of [0, 1]) for (const k of [0, 1]) values[`z${i}${k}`] = hand.zones[i] ? hand.zones[i][k] : "";
    for (const [name, value] of Object.entries(values)) {
      if (parts[name] === document.activeElement) continue;
      parts[name].value = value === "" ? "" : gsp.windows.round(value);
    }
  }

  // The spectra to choose from.
  function list() {
    const { known, chosen } = state();
    const option = (one) =>
      gsp.make("option", { value: String(one.file) }, one.name + (one.by_hand ? " (by hand)" : ""));
    const none = () => gsp.make("option", {}, "no spectrum yet");
    parts.choose.replaceChildren(...(known.length ? known.map(option) : [none()]));
    parts.choose.disabled = !known.length;
    if (chosen) parts.choose.value = String(chosen.file);
  }

  function legend(entries) {
    parts.legend.replaceChildren(...entries);
  }

  function say(text, bad) {
    parts.said.textContent = text;
    parts.said.className = bad ? "said bad" : "said";
  }

  function saySaved(product) {
    const link = gsp.make("a", { href: `/data/${product.id}` }, product.file_name);
    link.dataset.go = "";
    parts.said.className = "said good";
    parts.said.replaceChildren("Saved as ", link, ".");
  }

  // "Extract" waits while a spectrum is being extracted.
  function wait(waiting) {
    parts.extract.disabled = waiting;
  }

  gsp.windowsPanel = { build, write, list, legend, say, saySaved, wait };
})();
