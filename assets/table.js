// The table of Search: its scripts are large, and fetched when it is drawn for the first time. Until
// then this stands for dash_ag_grid, which the document leaves out (pages/document.py).
(function () {
  "use strict";
  const { createElement, useEffect, useState } = window.React;

  let suite = null; // dash_ag_grid, once it and its library are there
  const coming = new Map(); // address → its script
  let arrive;
  const there = new Promise((done) => { arrive = done; }); // at the first time or a later one

  function fetchScript(address, loaded) {
    if (!coming.has(address)) {
      coming.set(address, new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = address;
        script.onload = () => done(loaded && loaded());
        script.onerror = () => {
          coming.delete(address);
          script.remove();
          failed();
        };
        document.head.append(script);
      }));
    }
    return coming.get(address);
  }

  // Both at once, and the library before anything is drawn: the component takes one that is there.
  async function load() {
    const [component, library] = document.documentElement.dataset.table.split(" ");
    const take = () => {
      const found = window.dash_ag_grid;
      window.dash_ag_grid = standIn; // a component of another type would draw the table anew
      return found;
    };
    [suite] = await Promise.all([fetchScript(component, take), fetchScript(library)]);
    arrive(suite);
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
