// The read-out: the value of the very pixel under the cursor, at any zoom, and what its place means.
// At a far zoom the numbers on show are means; the pixel comes in a small tile at full resolution.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const SIDE = 128;
  const MOST = 60;
  const REST_MS = 25; // the hand passes over many tiles on its way

  const tiles = new Map(); // "id checksum column row" → view, or a promise of one
  let timer = null;

  function key(info, i, j) {
    return `${info.id} ${info.checksum} ${i} ${j}`;
  }

  function look(tile, x, y) {
    const column = x - tile.box[0];
    const row = y - tile.box[2];
    const at = row * tile.shape[1] + column;
    return { value: gsp.pixels.decode(tile.numbers[at], tile.codec), marks: gsp.pixels.marksAt(tile, at) };
  }

  async function fetchTile(info, i, j) {
    const query = new URLSearchParams({
      x0: i * SIDE, x1: Math.min((i + 1) * SIDE, info.n_x),
      y0: j * SIDE, y1: Math.min((j + 1) * SIDE, info.n_y),
      w: SIDE, h: SIDE, v: info.checksum,
    });
    const answer = await fetch(`/img/${info.id}/view?${query}`);
    if (answer.status !== 200) return null;
    const facts = JSON.parse(answer.headers.get("X-View"));
    return gsp.pixels.read(info.id, facts, await answer.arrayBuffer());
  }

  // Return {value, marks} of a pixel, or null and call `later` once it is known.
  function peek(info, x, y, later) {
    const [i, j] = [Math.floor(x / SIDE), Math.floor(y / SIDE)];
    const name = key(info, i, j);
    const known = tiles.get(name);
    clearTimeout(timer);
    if (known && !known.then) return look(known, x, y);
    if (!known) {
      timer = setTimeout(() => {
        const coming = fetchTile(info, i, j).then(
          (tile) => {
            if (!tile) return void tiles.delete(name);
            tiles.set(name, tile);
            if (tiles.size > MOST) tiles.delete(tiles.keys().next().value);
            later();
          },
          () => tiles.delete(name),
        );
        tiles.set(name, coming);
      }, REST_MS);
    }
    return null;
  }

  let cursor = null; // the last place of the mouse over the image

  // Where the cursor is, in pixels of the image, null when it is not over one.
  function under() {
    const { graph, info, view } = gsp.viewer.state;
    if (!cursor || !gsp.viewer.ready() || !view || !gsp.viewer.isImage() || view.id !== info.id) return null;
    const corner = graph.getBoundingClientRect();
    const plane = gsp.painter.plane();
    const [x, y] = [plane.column(cursor.clientX - corner.left), plane.row(cursor.clientY - corner.top)];
    return x < -0.5 || y < -0.5 || x >= info.n_x - 0.5 || y >= info.n_y - 0.5 ? null : [x, y];
  }

  function readOut() {
    const out = document.getElementById("readout");
    const stage = document.getElementById("stage");
    if (!out || !stage || stage.dataset.kind === "spectrum") return; // which has its own
    const at = under();
    out.textContent = at ? said(gsp.viewer.state.info, at) : "";
  }

  function said(info, at) {
    const [x, y] = at.map(Math.round);
    const pixel = peek(info, x, y, readOut);
    const parts = [`x ${x}  y ${y}`, pixel ? amount(pixel.value, info.unit) : "…"];
    const meaning = gsp.overlays.meaning(...at, info);
    if (meaning) parts.push(meaning);
    if (pixel && pixel.marks & 1) parts.push("saturated");
    if (pixel && pixel.marks & 2) parts.push("cosmic ray");
    return parts.join("   ");
  }

  function amount(value, unit) {
    return Number.isNaN(value) ? "no value" : `${+value.toPrecision(6)} ${unit}`;
  }

  document.addEventListener("mousemove", (event) => {
    const stage = event.target.closest && event.target.closest("#stage");
    if (!stage && !cursor) return;
    cursor = stage ? { clientX: event.clientX, clientY: event.clientY } : null;
    readOut();
  });
  window.addEventListener("gsp-shown", readOut);
  window.addEventListener("gsp-drawn", readOut);
  gsp.under = under;
})();
