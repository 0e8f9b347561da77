// A picture of a spectrum as it is shown, on white paper: made in the page, nothing is asked of anybody.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const PICTURE = { width: 1200, height: 640 };
  const PAPER = { line: "#0b4f9e", band: "rgba(11, 98, 196, .2)", ink: "#17202c",
    over: ["#c77700", "#00866a", "#8a7d00", "#b0528f", "#cf4a12", "#5d6b80", "#4d8000", "#4b48c8"] };

  function figure() {
    const drawn = space.drawn();
    const { xaxis, yaxis } = document.getElementById("spectrum-plot")._fullLayout;
    const range = xaxis.range.map(Number);
    const data = [];
    drawn.forEach((one, i) => {
      const { x, y } = { x: Array.from(one.x), y: Array.from(one.flux) };
      const found = one.colour.match(/over-(\d)/);
      const color = found ? PAPER.over[found[1] - 1] : PAPER.line;
      if (i === 0 && space.state.marks.has("sigma")) {
        const edge = (sign) => y.map((value, k) => value + sign * one.sigma[k]);
        data.push({ x, y: edge(-1), mode: "lines", line: { width: 0 }, showlegend: false },
          { x, y: edge(1), mode: "lines", line: { width: 0 }, fill: "tonexty", fillcolor: PAPER.band, showlegend: false });
      }
      data.push({ x, y, mode: "lines", line: { width: 1.2, color }, name: one.name });
    });
    const chosen = space.main().facts.axis === "wavelength" ? space.marks.chosen(range, PICTURE.width - 100) : [];
    const [xTitle, yTitle] = space.titles();
    const axis = { showline: true, mirror: true, ticks: "outside", zeroline: false, linecolor: PAPER.ink };
    const heading = [...document.querySelectorAll("#stage-title span")].map((one) => one.textContent).join(" · ");
    return {
      data,
      layout: {
        font: { family: "Arial, Helvetica, sans-serif", size: 13, color: PAPER.ink },
        paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: drawn.length > 1,
        legend: { orientation: "h", y: -0.16 },
        margin: { l: 80, r: 20, t: 40, b: 60 },
        xaxis: { ...axis, title: { text: xTitle }, range },
        yaxis: { ...axis, title: { text: space.plain(yTitle) }, range: yaxis.range.map(Number), type: yaxis.type },
        shapes: chosen.map((one) => ({ type: "line", xref: "x", yref: "paper", x0: one.at, x1: one.at, y0: 0, y1: 1,
          line: { width: 1, dash: "dot", color: "#777" } })),
        annotations: [
          { text: space.plain(heading), xref: "paper", yref: "paper", x: 0.5, y: 1, yanchor: "bottom", yshift: 8, showarrow: false },
          ...chosen.filter((one) => one.labelled).map((one) => ({ text: one.name, x: one.at, yref: "paper", y: 1, yanchor: "top", xanchor: "center",
            textangle: -90, showarrow: false, font: { size: 10 } })),
        ],
      },
    };
  }

  async function save(format) {
    const main = space.main();
    if (!main) return;
    try {
      const url = await window.Plotly.toImage(figure(), { ...PICTURE, format, scale: format === "png" ? 2 : 1 });
      const link = document.createElement("a");
      link.href = url;
      link.download = main.facts.name.replace(/\.fits$/, "") + "." + format;
      document.body.append(link);
      link.click();
      link.remove();
    } catch {
      gsp.toast({ kind: "danger", text: "The picture could not be made in this browser." });
    }
  }

  space.save = save;
})();
