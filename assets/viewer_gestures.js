// The hand on an image: wheel, box, pan, pinch, double click and the zoom buttons. They are taken on
// their way down to Plotly, which would draw its axes before the picture could follow, and mean what
// they mean there. A drag at the edge of the plot, on an axis, is Plotly's.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const PAN_PX = 3; // below it a drag is a click
  const ALONG_PX = 8; // a box of less is none
  const THIN_PX = 20; // and a thin one zooms along its length only
  const TWICE_MS = 300; // between the two of a double click
  const NOTCH = 20; // the wheel counts no further
  const CLOSER = 0.5; // of what is on show, by the button

  let graph = null;
  let held = null; // {kind, edges, from, to}: what a drag makes of the edges that it found
  let frame = null; // of the box
  let pressedAt = 0; // ms, of the last press that was no drag
  const fingers = new Map(); // pointer → its place

  // -- arithmetic --------------------------------------------------------------------------------
  // Edges zoomed by a factor each way, so that a place (shares of the plot from its left and its
  // foot) stays where it is.
  function zoomed([x0, x1, y0, y1], [fx, fy], [u, v]) {
    const about = (low, high, factor, share) => {
      const at = low + (high - low) * share;
      return [at + (low - at) * factor, at + (high - at) * factor];
    };
    return [...about(x0, x1, fx, u), ...about(y0, y1, fy, v)];
  }

  // Edges after the picture was moved by shares of the plot, to the right and up.
  function moved([x0, x1, y0, y1], [u, v]) {
    const [dx, dy] = [u * (x1 - x0), v * (y1 - y0)];
    return [x0 - dx, x1 - dx, y0 - dy, y1 - dy];
  }

  // The box between two places, null while it is none: {left, top, width, height} in the plot.
  function boxOf([x, y], [toX, toY], { width, height }) {
    let [w, h] = [Math.abs(toX - x), Math.abs(toY - y)];
    if (gsp.zoom.square()) {
      if (Math.max(w, h) <= THIN_PX) return null;
      const scale = Math.max(w / width, h / height);
      [w, h] = [scale * width, scale * height];
    } else if (h < Math.min(Math.max(0.6 * w, ALONG_PX), THIN_PX)) {
      return w < ALONG_PX ? null : { left: Math.min(x, toX), top: 0, width: w, height };
    } else if (w < Math.min(0.6 * h, THIN_PX)) {
      return { left: 0, top: Math.min(y, toY), width, height: h };
    }
    return { left: toX < x ? x - w : x, top: toY < y ? y - h : y, width: w, height: h };
  }

  function within([x0, x1, y0, y1], box, { width, height }) {
    const [left, right] = [box.left / width, (box.left + box.width) / width];
    const [foot, head] = [1 - (box.top + box.height) / height, 1 - box.top / height];
    const [dx, dy] = [x1 - x0, y1 - y0];
    return [x0 + left * dx, x0 + right * dx, y0 + foot * dy, y0 + head * dy];
  }

  // -- places ------------------------------------------------------------------------------------
  // In pixels of the plot, from its left and its top.
  function place(event) {
    const corner = graph.getBoundingClientRect();
    const { left, top } = gsp.painter.plane();
    return [event.clientX - corner.left - left, event.clientY - corner.top - top];
  }

  function share([x, y]) {
    const { width, height } = gsp.painter.plane();
    return [x / width, 1 - y / height];
  }

  // Which sides of the plot the element under the hand moves: ["ns", "ew"] is all of it.
  function sides(target) {
    const found = /^([ns]*)([ew]*)drag\b/.exec(target.getAttribute("class") || "");
    return found && found.slice(1);
  }

  const onPlot = (event) => (sides(event.target) || []).join("") === "nsew";

  function keep(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  // -- the wheel and the buttons -----------------------------------------------------------------
  // On an axis the other one stays, unless pixels are square.
  function wheel(event) {
    const [ns, ew] = sides(event.target) || [""];
    if (!gsp.viewer.drawn() || ew === undefined || ns.length * ew.length === 1) return;
    keep(event);
    if (held) return;
    const factor = Math.exp(Math.min(Math.max(event.deltaY, -NOTCH), NOTCH) / 200);
    const [u, v] = share(place(event));
    const [x, y] = [ew || gsp.zoom.square(), ns || gsp.zoom.square()];
    const factors = [x ? factor : 1, y ? factor : 1];
    gsp.zoom.look(zoomed(gsp.zoom.ranges(), factors, [ew ? u : 0.5, ns ? v : 0.5]));
  }

  function click(event) {
    const button = event.target.closest(".modebar-btn[data-attr=zoom]");
    if (!button || !gsp.viewer.drawn()) return;
    keep(event);
    const factor = { in: CLOSER, out: 1 / CLOSER }[button.dataset.val];
    if (!factor) return home();
    gsp.zoom.look(zoomed(gsp.zoom.ranges(), [factor, factor], [0.5, 0.5]));
  }

  function home() {
    gsp.zoom.look(gsp.viewer.state.info.home);
  }

  // -- drags -------------------------------------------------------------------------------------
  function press(event) {
    if (!gsp.viewer.drawn()) return;
    if (!onPlot(event)) return sides(event.target) ? gsp.zoom.follow() : undefined; // Plotly's drag
    if (event.button !== 0 || event.ctrlKey) return;
    if (event.isPrimary) fingers.clear();
    event.target.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    const pans = (graph._fullLayout.dragmode === "pan") !== event.shiftKey;
    const from = [...fingers.values()];
    const kind = from.length > 1 ? "pinch" : pans ? "pan" : "box";
    held = { kind, from, edges: gsp.zoom.ranges(), at: event.timeStamp, stirred: false };
    drawBox(null);
  }

  function drag(event) {
    if (!held || !fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, place(event));
    const to = [...fingers.values()];
    const [dx, dy] = [to[0][0] - held.from[0][0], to[0][1] - held.from[0][1]];
    held.stirred = held.stirred || Math.hypot(dx, dy) >= PAN_PX;
    if (!gsp.viewer.drawn()) return;
    if (held.kind === "box") drawBox(box(to[0]));
    else if (held.kind === "pinch") pinch(to);
    else if (held.stirred) {
      const { width, height } = gsp.painter.plane();
      gsp.zoom.look(moved(held.edges, [dx / width, -dy / height]));
    }
  }

  function box([x, y]) {
    const plane = gsp.painter.plane();
    const to = [Math.min(Math.max(x, 0), plane.width), Math.min(Math.max(y, 0), plane.height)];
    return boxOf(held.from[0], to, plane);
  }

  // What lay between the fingers lies there still.
  function pinch(to) {
    const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const apart = ([a, b]) => Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 1);
    const factor = apart(held.from) / apart(to);
    const [from, now] = [share(middle(held.from)), share(middle(to))];
    const near = moved(held.edges, [now[0] - from[0], now[1] - from[1]]);
    gsp.zoom.look(zoomed(near, [factor, factor], now));
  }

  function release(event) {
    const was = fingers.get(event.pointerId);
    if (!fingers.delete(event.pointerId) || !held) return;
    const { kind, edges, stirred, at } = held;
    const found = kind === "box" && event.type === "pointerup" ? box(was) : null;
    held = null;
    drawBox(null);
    if (!gsp.viewer.drawn()) return;
    if (found) gsp.zoom.look(within(edges, found, gsp.painter.plane()));
    else if (!stirred && kind !== "pinch") {
      if (at - pressedAt < TWICE_MS) home();
      pressedAt = at;
    }
  }

  function drawBox(found) {
    if (!frame || !frame.isConnected) {
      frame = gsp.make("div", { className: "zoom-plot" }, gsp.make("div", { className: "zoom-box" }));
      document.getElementById("stage").append(frame);
    }
    frame.hidden = !found;
    if (!found) return;
    const put = (element, { left, top, width, height }) => {
      const px = { left, top, width, height };
      for (const [name, value] of Object.entries(px)) element.style[name] = `${value}px`;
    };
    put(frame, gsp.painter.plane());
    put(frame.firstChild, found);
  }

  // Plotly must not begin a drag of its own; the focus stays where it is.
  function mine(event) {
    if (gsp.viewer.drawn() && onPlot(event)) keep(event);
  }

  const HEARD = { wheel, click, pointerdown: press, pointermove: drag, pointerup: release,
    pointercancel: release, mousedown: mine, touchstart: mine };

  // Hear what is done on Plotly's div, before it does.
  function attach(found) {
    [graph, held] = [found, null];
    fingers.clear();
    for (const [name, act] of Object.entries(HEARD)) {
      graph.addEventListener(name, act, { capture: true, passive: false });
    }
  }

  gsp.gestures = { attach };
})();
