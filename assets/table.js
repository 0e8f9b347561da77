// The table of Search: its script is large, and fetched when the table is drawn for the first time.
// Until then this stands for dash_ag_grid, which the document leaves out (pages/document.py).
(function () {
  "use strict";
  const { createElement, useEffect, useState } = window.React;

  let suite = null; // dash_ag_grid, once it is there
  let coming = null;
  let arrive;
  const there = new Promise((done) => { arrive = done; }); // at the first time or a later one

  function load() {
    coming = coming || new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = document.documentElement.dataset.table;
      script.onload = () => {
        suite = window.dash_ag_grid;
        window.dash_ag_grid = standIn; // a component of another type would draw the table anew
        arrive(suite);
        done();
      };
      script.onerror = () => {
        coming = null;
        script.remove();
        failed();
      };
      document.head.append(script);
    });
    return coming;
  }

  function AgGrid(props) {
    const [state, tell] = useState(suite ? "there" : "coming");
    useEffect(() => {
      if (state === "coming") load().then(() => tell("there"), () => tell("failed"));
    }, [state]);
    if (state === "there") return createElement(suite.AgGrid, props);
    if (state === "coming") return createElement("div", { id: props.id, "aria-busy": true });
    const again = { type: "button", className: "button", onClick: () => tell("coming") };
    return createElement("p", { id: props.id, role: "alert" },
      "The table could not be loaded. ", createElement("button", again, "Try again"));
  }

  const standIn = { AgGrid, getApiAsync: async (id) => (await there).getApiAsync(id) };
  window.dash_ag_grid = standIn;
})();
