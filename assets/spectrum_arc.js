// The arc behind a wavelength scale, drawn on request: the figure is the server's (figures/arc.py).
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const MOST_LABELS = 32;
  let shown = null; // "id/checksum" on the panel
  let serial = 0;

  const byId = (id) => document.getElementById(id);

  async function update() {
    const [panel, main] = [byId("arc-panel"), space.main()];
    if (!panel) return;
    panel.hidden = !(space.state.arc && main && main.facts.axis === "wavelength");
    if (panel.hidden) return;
    const key = `${main.facts.id}/${main.facts.checksum}`;
    if (key === shown && byId("arc-plot")._fullLayout) return;
    shown = key;
    const mine = ++serial;
    let answer;
    try {
      const got = await fetch(`/spectrum/${main.facts.id}/arc`);
      answer = await got.json();
      if (!got.ok) throw new Error(answer.error.message);
    } catch (error) {
      if (mine === serial) trouble(error.message);
      return;
    }
    if (mine === serial) draw(answer);
  }

  function trouble(text) {
    shown = null;
    if (byId("arc-plot")._fullLayout) window.Plotly.purge(byId("arc-plot"));
    byId("arc-facts").textContent = text;
  }

  function draw({ figure, facts }) {
    byId("arc-facts").replaceChildren(...words(facts).map(([key, value]) => {
      const pair = document.createElement("span");
      const name = document.createElement("span");
      name.className = "key";
      name.textContent = key + " ";
      pair.append(name, value);
      return pair;
    }));
    const plot = byId("arc-plot");
    const fresh = !plot._fullLayout;
    label(figure, figure.layout.xaxis.range);
    window.Plotly.react(plot, figure.data, figure.layout, {
      displaylogo: false, responsive: true, scrollZoom: true, showTips: false,
      modeBarButtons: [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
    });
    if (fresh) plot.on("plotly_relayout", relabel);
  }

  function words(facts) {
    const found = [
      ["lamp", facts.lamp],
      ["model", facts.function],
      ["rms", `${facts.rms.toFixed(3)} Å`],
      ["lines used", String(facts.used)],
      ["rejected", String(facts.rejected)],
    ];
    if (facts.arcs.length) found.push([facts.arcs.length > 1 ? "arcs" : "arc", facts.arcs.join(", ")]);
    else found.push(["arc", "this spectrum itself"]);
    if (facts.sky_offset !== null) {
      const done = facts.sky_corrected ? "the scale is corrected by it" : "not corrected";
      const error = facts.sky_error === null ? "" : ` ± ${facts.sky_error.toFixed(2)}`;
      found.push(["sky minus arc", `${facts.sky_offset.toFixed(2)}${error} Å, ${done}`]);
    }
    if (!facts.drawn) {
      found.push(["", "This product was made before arcs were kept with it; calibrate again to see the arc."]);
    }
    return found;
  }

  // Names of the lines in view, as many as there is room for: the arc's brightest first.
  function label(figure, range) {
    const [low, high] = range.map(Number);
    const height = brightness(figure.data.slice(2)[0]);
    const lines = figure.data.slice(0, 2).flatMap((trace, rejected) =>
      numbers(trace.x).map((at, i) => ({ at, rejected, name: numbers(trace.text)[i] })));
    const inside = lines.filter((one) => one.at >= low && one.at <= high);
    inside.sort((a, b) => height(b.at) - height(a.at));
    const apart = (high - low) / (1.4 * MOST_LABELS);
    const kept = [];
    for (const one of inside) {
      if (kept.length >= MOST_LABELS) break;
      if (kept.every((other) => Math.abs(other.at - one.at) > apart)) kept.push(one);
    }
    figure.layout.annotations = kept.map((one) => ({
      text: `${one.name} ${one.at.toFixed(1)}${one.rejected ? " ✕" : ""}`,
      x: one.at, xref: "x", y: 1, yref: "paper", yanchor: "top", xanchor: "center",
      textangle: -90, showarrow: false, font: { size: 10 },
    }));
    return figure;
  }

  // Plotly's JSON has arrays as they are or as bytes; Plotly itself reads both.
  function numbers(values) {
    if (!values) return [];
    if (!values.bdata) return Array.from(values);
    const bytes = Uint8Array.from(atob(values.bdata), (c) => c.charCodeAt(0)).buffer;
    const kinds = { f8: Float64Array, f4: Float32Array, i4: Int32Array, i2: Int16Array, u1: Uint8Array };
    return Array.from(new kinds[values.dtype](bytes));
  }

  function brightness(trace) {
    if (!trace) return () => 0;
    const [x, y] = [numbers(trace.x), numbers(trace.y)];
    const step = (x[x.length - 1] - x[0]) / (x.length - 1);
    return (at) => {
      const i = Math.round((at - x[0]) / step);
      return Math.max(...y.slice(Math.max(0, i - 2), i + 3).filter(Number.isFinite), 0);
    };
  }

  function relabel(change) {
    const plot = byId("arc-plot");
    if (!Object.keys(change || {}).some((name) => name.startsWith("xaxis"))) return;
    const figure = { data: plot.data, layout: {} };
    label(figure, plot._fullLayout.xaxis.range);
    window.Plotly.relayout(plot, { annotations: figure.layout.annotations });
  }

  space.arc = { update };
})();
