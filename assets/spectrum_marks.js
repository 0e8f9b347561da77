// What is marked in a spectrum: lines at a redshift, the night sky's lines, telluric bands.
(function () {
  "use strict";
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const LABEL_PX = 11; // room that a label written upright takes
  const SKY_PX = 3;
  const FONT = '10.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  let known = null; // lists and bands, once they were asked for
  let asked = null;

  function fetchOnce() {
    asked =
      asked ||
      fetch("/spectrum/features")
        .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
        .then((answer) => {
          known = answer;
          space.draw();
          if (space.refresh) space.refresh();
        })
        .catch(() => {
          asked = null; // asked again by the next drawing
        });
    return asked;
  }

  // Lines of the chosen lists that lie in view, ascending: [{name, at, colour, labelled}]. Names are
  // given to strong lines first, then list by list, as long as there is room.
  function chosen([low, high], width) {
    const { state, math } = space;
    if (!known) return [];
    const found = [];
    known.lists.forEach((list, rank) => {
      if (list.key === "sky" || !state.lists.has(list.key)) return;
      for (const [name, air] of list.lines) {
        const at = list.key === "ism" ? air : math.observed(air, state.z);
        if (at < low || at > high) continue;
        const weight = rank + (list.strong.includes(air) ? 0 : 100);
        found.push({ name, at, weight, colour: `--lines-${list.key}`, labelled: false });
      }
    });
    const apart = (LABEL_PX * (high - low)) / width;
    const taken = [];
    for (const one of [...found].sort((a, b) => a.weight - b.weight)) {
      if (taken.some((at) => Math.abs(at - one.at) < apart)) continue;
      taken.push(one.at);
      one.labelled = true;
    }
    return found.sort((a, b) => a.at - b.at);
  }

  function lines(context, view) {
    if (space.state.lists.size && !known) fetchOnce();
    context.font = FONT;
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.lineWidth = 1;
    for (const one of chosen(view.range, view.width)) {
      const x = Math.round(view.x(one.at)) + 0.5;
      context.strokeStyle = context.fillStyle = space.colour(one.colour);
      context.globalAlpha = one.labelled ? 0.9 : 0.55;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(x, one.labelled ? 9 + context.measureText(one.name).width : 4);
      context.lineTo(x, view.tall);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 1;
      if (!one.labelled) continue;
      context.save();
      context.translate(x, 4);
      context.rotate(-Math.PI / 2);
      context.fillText(one.name, 0, 0);
      context.restore();
    }
  }

  function bands(context, view) {
    const { marks } = space.state;
    if (!(marks.has("sky") || marks.has("telluric"))) return;
    if (!known) return void fetchOnce();
    const [low, high] = view.range;
    if (marks.has("telluric")) {
      context.font = FONT;
      context.textBaseline = "alphabetic";
      context.textAlign = "center";
      for (const [name, first, last] of known.telluric) {
        if (last < low || first > high) continue;
        const [a, b] = [view.x(Math.max(first, low)), view.x(Math.min(last, high))];
        context.fillStyle = space.colour("--telluric");
        context.fillRect(a, 0, b - a, view.tall);
        context.fillStyle = space.colour("--quiet");
        if (b - a > 8) context.fillText(name, (a + b) / 2, view.tall - 12);
      }
    }
    if (marks.has("sky")) {
      context.fillStyle = space.colour("--night-sky");
      for (const [, at] of known.lists.find((list) => list.key === "sky").lines) {
        if (at >= low && at <= high) context.fillRect(view.x(at) - SKY_PX / 2, 0, SKY_PX, view.tall);
      }
    }
  }

  space.marks = { lines, bands, chosen, fetchOnce, known: () => known };
})();
