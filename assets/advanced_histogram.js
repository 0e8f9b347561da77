// The histogram of an image's pixels, on which the limits are dragged.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const INSIDE_PX = 8; // so far from both limits the hand moves both
  const KEY_STEP = 0.1; // of the histogram's scale

  // {counts, first, step: bins of asinh((value − offset) / softening); offset, softening; limits}
  let facts = null;
  let strip = null;

  function attach(canvas) {
    strip = new gsp.Strip(canvas, { pad: { left: 8, right: 8, top: 4, bottom: 20 } });
    drag(canvas);
    canvas.addEventListener("keydown", press);
  }

  function take(counted) {
    facts = counted;
  }

  function forget() {
    facts = null;
  }

  // -- what it says ------------------------------------------------------------------------------
  const toScale = (value) => Math.asinh((value - facts.offset) / facts.softening);
  const toValue = (at) => facts.offset + facts.softening * Math.sinh(at);

  // The value below which a share of the pixels lies.
  function quantile(share) {
    const total = facts.counts.reduce((a, b) => a + b, 0);
    let below = 0;
    for (let i = 0; i < facts.counts.length; i++) {
      const next = below + facts.counts[i];
      if (next >= share * total && facts.counts[i]) {
        const part = (share * total - below) / facts.counts[i];
        return toValue(facts.first + (i + part) * facts.step);
      }
      below = next;
    }
    return toValue(facts.first + facts.counts.length * facts.step);
  }

  // The limits between which so many percent of the pixels lie, by name.
  function named(percentiles) {
    const made = {};
    for (const p of percentiles) {
      const [low, high] = [quantile((1 - p / 100) / 2), quantile((1 + p / 100) / 2)];
      made[`p${p}`] = high > low ? [low, high] : facts.limits.zscale;
    }
    return made;
  }

  function draw() {
    const { counts, first, step } = facts;
    const [low, high] = gsp.advanced.limits().map(toScale);
    const y = counts.map((n) => Math.log10(1 + n));
    strip.axes = axis;
    strip.set({
      x: [Math.min(first, low), Math.max(first + step * counts.length, high)],
      lines: [{ x: counts.map((_, i) => first + (i + 0.5) * step), y, colour: "#7f8ea8" }],
      spans: [{ low, high, colour: "#4fa3ff" }],
    });
  }

  function axis(c, box) {
    c.fillStyle = gsp.tone("--quiet");
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "top";
    c.textAlign = "center";
    const spread = facts.softening;
    let last = -99;
    const far = [1, 2, 5].flatMap((m) => [1, 10, 100, 1000, 1e4].map((p) => m * p)).sort((a, b) => a - b);
    const round = (v) => +v.toPrecision(2);
    const near = [0, ...far.flatMap((f) => [-f * spread, f * spread])].map((d) => round(facts.offset + d));
    for (const value of [...new Set(near)].sort((a, b) => a - b)) {
      const at = strip.px(toScale(value));
      if (at < box.left + 14 || at > box.left + box.width - 14 || at - last < 46) continue;
      c.fillRect(at, box.top + box.height, 1, 3);
      c.fillText(gsp.pixels.short(value), at, box.top + box.height + 5);
      last = at;
    }
  }

  // -- the limits --------------------------------------------------------------------------------
  function drag(canvas) {
    let held = null;
    const at = (event) => event.clientX - canvas.getBoundingClientRect().left;
    canvas.addEventListener("pointerdown", (event) => {
      if (!facts) return;
      const limits = gsp.advanced.limits().map(toScale);
      const [low, high] = limits.map((value) => strip.px(value));
      const x = at(event);
      const nearest = Math.abs(x - low) < Math.abs(x - high) ? "low" : "high";
      const inside = x > low + INSIDE_PX && x < high - INSIDE_PX;
      held = { name: inside ? "both" : nearest, from: strip.value(x), limits };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      const moved = strip.value(at(event)) - held.from;
      const [low, high] = held.limits;
      gsp.advanced.typed({
        low: toValue(held.name === "high" ? low : low + moved),
        high: toValue(held.name === "low" ? high : high + moved),
      });
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = null));
  }

  // The arrow keys move the upper limit, with Shift the lower, with Ctrl both.
  function press(event) {
    const step = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key];
    if (!step || !facts) return;
    const [low, high] = gsp.advanced.limits().map((value) => toValue(toScale(value) + step));
    gsp.advanced.typed(event.shiftKey ? { low } : event.ctrlKey ? { low, high } : { high });
    event.preventDefault();
    event.stopPropagation();
  }

  gsp.histogram = {
    attach, take, forget, named, draw,
    get facts() {
      return facts;
    },
  };
})();
