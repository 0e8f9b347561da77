// The axes of a spectrum: how far they reach, what they are called, Plotly's layout of them.
(function () {
  "use strict";
  const space = (window.gspSpectrum = window.gspSpectrum || {});

  const now = () => ({
    main: space.main(), state: space.state, zoom: space.zoom, drawn: space.drawn(),
  });

  function reach() {
    const { x } = space.drawn()[0];
    return [x[0], x[x.length - 1]];
  }

  // Range of the flux that is measured well: a wild edge pixel must not flatten the spectrum.
  function height([low, high]) {
    const { main, state, zoom } = now();
    const values = [];
    for (const one of space.drawn()) {
      const near = space.math.median(one.sigma) * 20;
      for (let i = 0; i < one.x.length; i++) {
        const inside = one.x[i] >= low && one.x[i] <= high;
        if (inside && Number.isFinite(one.flux[i]) && one.sigma[i] <= near) values.push(one.flux[i]);
      }
    }
    if (!values.length) return state.log ? [-1, 1] : [0, 1];
    values.sort((a, b) => a - b);
    let [bottom, top] = [values[0], values[values.length - 1]];
    if (state.log) {
      const positive = values.filter((value) => value > 0);
      if (!positive.length) return [-1, 1];
      bottom = Math.log10(positive[Math.floor(0.005 * positive.length)]);
      top = Math.log10(positive[positive.length - 1]);
    }
    const margin = 0.05 * (top - bottom) || 0.5 * Math.abs(top) || 1;
    const whole = !zoom.x[main.facts.axis] && !state.log && space.mode() === "together";
    return [whole ? Math.min(bottom - margin, 0) : bottom - margin, top + margin];
  }

  // The zoom is kept as long as something is seen through it.
  function ranges() {
    const { main, state, zoom, drawn } = now();
    const [first, last] = reach();
    let x = zoom.x[main.facts.axis] || null;
    if (x && (x[0] >= last || x[1] <= first)) x = zoom.x[main.facts.axis] = null;
    x = x || [first, last];
    let y = zoom.y && zoom.y.scale === scale() ? zoom.y.range : null;
    if (y) {
      const seen = drawn[0].flux.filter((_, i) => drawn[0].x[i] >= x[0] && drawn[0].x[i] <= x[1]);
      const middle = space.math.median(seen);
      const at = state.log ? Math.log10(middle) : middle;
      if (!(at > y[0] && at < y[1])) y = zoom.y = null;
    }
    return [x, y || height(x)];
  }

  function scale() {
    const { main, state } = now();
    return [main.facts.unit, state.log, state.normalise, space.mode()].join();
  }

  function yTitle() {
    const { main, state } = now();
    const { unit } = main.facts;
    if (space.mode() === "ratio") return "Ratio";
    if (state.normalise && space.mode() === "together") return "Relative to the median";
    const word = unit.toLowerCase().includes("erg") ? "Flux" : "Intensity";
    return space.mode() === "difference" ? `Difference (${unit})` : `${word} (${unit})`;
  }
  const titles = () => [space.calibrated() ? "Wavelength in air (Å)" : "Dispersion Axis (Pixels)", yTitle()];

  function layout() {
    const [x, y] = ranges();
    const common = {
      ticks: "outside", ticklen: 4, showline: true, mirror: true, zeroline: false,
      exponentformat: "power", minexponent: 6,
    };
    const [xTitle, title] = titles();
    const plot = space.plot();
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "inherit", size: 12 },
      margin: { l: 68, r: 16, t: 30, b: 46, autoexpand: false },
      showlegend: false,
      hovermode: false,
      dragmode: (plot && plot.layout && plot.layout.dragmode) || "zoom",
      xaxis: { ...common, title: { text: xTitle, standoff: 6 }, range: [...x] },
      yaxis: {
        ...common,
        title: { text: space.plain(title), standoff: 6 },
        range: [...y],
        type: space.state.log ? "log" : "linear",
      },
    };
  }

  function config() {
    const whole = {
      name: "whole",
      title: "Whole spectrum (0)",
      icon: window.Plotly.Icons.home,
      click: () => space.whole(),
    };
    return {
      displaylogo: false, scrollZoom: true, doubleClick: false, showTips: false, responsive: true,
      modeBarButtons: [["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", whole]],
    };
  }

  Object.assign(space, { layout, config, scale, titles });
})();
