// What of a spectrum's view a link restores: written to the address, read when the page opens.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const NOTE_MS = 350; // browsers allow few changes of the address in a short time
  const LISTS = ["H", "He", "neb", "star", "ism"];
  const MARKS = ["sigma", "flags", "sky", "telluric"];
  let noting = null;

  function note() {
    clearTimeout(noting);
    noting = setTimeout(noteNow, NOTE_MS);
  }

  function noteNow() {
    const [main, plot] = [space.main(), space.plot()];
    if (!main || !plot || !plot._fullLayout) return;
    const { state, zoom } = space;
    const { xaxis, yaxis } = plot._fullLayout;
    const x = zoom.x[main.facts.axis];
    const edges = x || zoom.y ? [...xaxis.range, ...yaxis.range].map((v) => +(+v).toPrecision(6)) : [];
    const values = {
      z: state.z ? String(+state.z.toFixed(6)) : "",
      lines: [...state.lists].join(","),
      marks: [...state.marks].sort().join(","),
      smooth: state.smooth === "none" ? "" : `${state.smooth}${state.n}`,
      log: state.log ? "1" : "",
      norm: state.normalise ? "1" : "",
      mode: state.mode === "together" ? "" : state.mode,
      with: state.others.join(","),
      arc: state.arc ? "1" : "",
      range: edges.join(","),
    };
    if (values.marks === "flags,sigma") values.marks = "";
    else if (!values.marks) values.marks = "none";
    for (const [name, value] of Object.entries(values)) gsp.note(name, value);
  }

  function restore() {
    const { state, zoom } = space;
    const query = new URLSearchParams(location.search);
    const list = (name) => (query.get(name) || "").split(",").filter(Boolean);
    const z = Number(query.get("z"));
    if (query.has("z") && z > -0.9 && z < 20) state.z = z;
    if (query.has("lines")) {
      state.lists = new Set(list("lines").filter((key) => LISTS.includes(key)));
    }
    if (query.has("marks")) {
      state.marks = new Set(list("marks").filter((mark) => MARKS.includes(mark)));
    }
    const smooth = (query.get("smooth") || "").match(/^(gauss|box)(\d+(?:\.\d+)?)$/);
    if (smooth) [state.smooth, state.n] = [smooth[1], Math.min(201, Math.max(1, +smooth[2]))];
    if (query.has("log")) state.log = query.get("log") === "1";
    if (query.has("norm")) state.normalise = query.get("norm") === "1";
    if (["ratio", "difference"].includes(query.get("mode"))) state.mode = query.get("mode");
    if (query.has("arc")) state.arc = query.get("arc") === "1";
    const ids = list("with").filter((id) => /^\d{1,10}$/.test(id)).map(Number);
    [...new Set(ids)].slice(0, space.MOST).forEach((id) => space.lay(id));
    const edges = list("range").map(Number);
    if (edges.length === 4 && edges.every(Number.isFinite) && edges[0] < edges[1]) {
      zoom.x[space.main().facts.axis] = edges.slice(0, 2);
      if (edges[2] < edges[3]) zoom.y = { range: edges.slice(2), scale: space.scale() };
    }
  }

  Object.assign(space, { note, restore });
})();
