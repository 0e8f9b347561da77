// The 16-bit numbers that the server sends for the viewport (api/images.py): when they are asked
// for, and what is said while they are not there.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const EDGE = 0.5; // from the centre of a pixel, which axes count, to its edge, which boxes do

  let request = null; // {query, control} of the numbers that are asked for
  let wait = null;

  const state = () => gsp.viewer.state;
  const byId = (id) => document.getElementById(id);

  // Of the plot in pixels of the screen.
  function size() {
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const { graph } = state();
    const stage = byId("stage");
    const [width, height] = gsp.viewer.ready() && graph.layout.uirevision
      ? [graph._fullLayout.xaxis._length, graph._fullLayout.yaxis._length]
      : [stage.clientWidth, stage.clientHeight];
    return { w: Math.max(1, Math.round(width * scale)), h: Math.max(1, Math.round(height * scale)) };
  }

  function edges() {
    const [x0, x1, y0, y1] = gsp.zoom.ranges().map((edge) => (edge + EDGE).toFixed(1));
    return { x0, x1, y0, y1 };
  }

  // What is asked for with the next file (api/show.py): its whole, or the zoom if it is alike.
  function stage() {
    const zoom = gsp.viewer.ready() && state().graph.layout.uirevision;
    return new URLSearchParams(zoom ? { ...size(), ...edges(), like: zoom } : size());
  }

  function again(text, after) {
    request = null;
    say(text);
    clearTimeout(wait);
    wait = setTimeout(fetchView, after);
  }

  function forget() {
    if (request) request.control.abort();
    request = null;
    clearTimeout(wait);
  }

  async function fetchView() {
    const { info } = state();
    if (!gsp.viewer.isImage() || !gsp.viewer.ready() || gsp.leaving) return;
    const query = `/img/${info.id}/view?${new URLSearchParams({ ...edges(), ...size(), v: info.checksum })}`;
    if (request && request.query === query) return; // it is under way, or has come
    forget();
    const mine = (request = { query, control: new AbortController() });
    try {
      const answer = await fetch(query, { signal: mine.control.signal });
      if (mine !== request || gsp.leaving) return;
      if (answer.status === 202) return again("The image is being prepared…", 350);
      if (answer.status === 401) return location.reload();
      if (!answer.ok) return again("The image can't be shown just now; it is tried again.", 4000);
      const facts = JSON.parse(answer.headers.get("X-View"));
      const body = await answer.arrayBuffer();
      if (mine === request) gsp.viewer.take(gsp.pixels.read(info.id, facts, body));
    } catch {
      if (mine === request) again("The server does not answer; trying again.", 4000);
    }
  }

  // Does what is at hand make the plot sharp? The server's rule for cuts (figures.pyramid.view).
  function suffice() {
    const { info, view } = state();
    if (!view || view.id !== info.id) return false;
    const [x0, x1, y0, y1] = gsp.zoom.ranges().map((edge) => edge + EDGE);
    const { w, h } = size();
    const fits = (low, high, n, from, to, bin, screen) => {
      const [a, b] = [Math.floor(Math.max(low, 0)), Math.ceil(Math.min(high, n))];
      return from <= a && to >= b && bin <= Math.max(1, Math.floor((b - a) / screen));
    };
    const [box, bins] = [view.box, view.bins];
    return fits(x0, x1, info.n_x, box[0], box[1], bins[0], w) &&
      fits(y0, y1, info.n_y, box[2], box[3], bins[1], h);
  }

  function say(text) {
    const note = byId("stage-note");
    if (note) note.textContent = text;
  }

  gsp.numbers = { fetch: fetchView, stage, suffice, forget, say };
})();
