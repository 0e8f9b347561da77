// Cuts through an image: the values along a row and along a column, where one clicks.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const CLICK_PX = 3; // farther is a drag
  const MOST = 999; // rows or columns to average over

  let strips = null; // {row, column}
  let cut = null; // {x, y, n}
  let serial = 0;
  let pressed = null;

  const byId = (id) => document.getElementById(id);

  function attach() {
    strips = {
      row: new gsp.Strip(byId("row-cut"), { pad: { left: 68, right: 92 } }),
      column: new gsp.Strip(byId("column-cut"), { pad: { left: 56, right: 10 } }),
    };
  }

  function forget() {
    cut = null;
  }

  // Take the cuts that the address names, or those through the middle.
  function start() {
    const { info, asked } = gsp.advanced;
    const from = (asked("cut") || "").split(",").map(Number);
    const sound = from.length === 3 && from.every(Number.isFinite);
    const [x, y, n] = sound ? from : [info.n_x / 2, info.n_y / 2, 1];
    place({ x, y, n });
  }

  function place(changes) {
    const { info } = gsp.advanced;
    const clip = (value, n) => Math.min(Math.max(Math.round(value), 0), n - 1);
    const next = { ...cut, ...changes };
    cut = { x: clip(next.x, info.n_x), y: clip(next.y, info.n_y), n: Math.min(Math.max(Math.round(next.n), 1), MOST) };
    gsp.advanced.write(cut);
    gsp.advanced.note({ cut: `${cut.x},${cut.y},${cut.n}` });
    gsp.viewer.state.options.cross = cut;
    gsp.viewer.draw();
    load();
  }

  async function load() {
    const mine = ++serial;
    const { info } = gsp.advanced;
    const { x, y, n } = cut;
    const half = Math.floor((n - 1) / 2);
    try {
      const [row, column] = await Promise.all([
        fetchCut(info, "row", y - half, y - half + n - 1),
        fetchCut(info, "column", x - half, x - half + n - 1),
      ]);
      if (mine !== serial || !row || !column) return;
      const colour = gsp.tone("--spectrum");
      strips.row.set({ label: info.unit, lines: [{ y: row, colour }] });
      strips.column.set({ lines: [{ y: column, colour }] });
      const of = n > 1 ? `, mean of ${n}` : "";
      byId("row-cut-said").textContent = `Along row ${y}${of}`;
      byId("column-cut-said").textContent = `Along column ${x}${of} (${info.unit})`;
    } catch {
      // The image itself says that the server is away.
    }
  }

  // The mean of the rows (or columns) from first to last of an image; with `clean`, without flagged pixels.
  async function fetchCut(file, axis, first, last, clean) {
    const n = axis === "row" ? file.n_y : file.n_x;
    const clip = (value) => Math.min(Math.max(value, 0), n - 1);
    const query = new URLSearchParams({ axis, first: clip(first), last: clip(last), v: file.checksum });
    if (clean) query.set("clean", "1");
    const answer = await fetch(`/img/${file.id}/cut?${query}`);
    return answer.status === 200 ? new Float32Array(await answer.arrayBuffer()) : null;
  }

  // Show the columns and rows that the image shows.
  function frame([x0, x1, y0, y1]) {
    strips.row.set({ x: [x0, x1] });
    strips.column.set({ x: [y0, y1] });
  }

  // A click on the image, without a drag, takes the cuts there.
  document.addEventListener("pointerdown", (event) => {
    pressed = gsp.advanced.here() && event.target.closest("#stage") ? [event.clientX, event.clientY] : null;
  }, true);
  document.addEventListener("pointerup", (event) => {
    if (!pressed || !cut || event.button !== 0) return;
    if (Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > CLICK_PX) return;
    const at = gsp.under();
    if (at) place({ x: at[0], y: at[1] });
  }, true);

  gsp.cuts = { attach, forget, start, place, load, frame, fetch: fetchCut };
})();
