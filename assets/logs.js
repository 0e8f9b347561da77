// Logs: the filters' fields and the address follow each other.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const FIELDS = { "log-text": "text", "log-date": "date" };
  const ALL = "all";
  const REST_MS = 350;
  let timer = null;

  const here = () => location.pathname.replace(/\/$/, "") === "/logs";

  function change(name, value, replace) {
    const url = new URL(location.href);
    if (!here() || (url.searchParams.get(name) || "") === value) return;
    url.searchParams.delete("page");
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
    gsp.go(url.pathname + url.search, replace);
  }

  document.addEventListener("input", (event) => {
    const name = FIELDS[event.target.id];
    if (!name) return;
    const value = event.target.value.trim();
    clearTimeout(timer);
    if (name === "date" && !/^(\d{4}-\d\d-\d\d)?$/.test(value)) return;
    timer = setTimeout(() => change(name, value, true), REST_MS);
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    logs: {
      follow: (search) => {
        const query = new URLSearchParams(search || "");
        if (here()) {
          for (const [id, name] of Object.entries({ ...FIELDS, "log-proposal": "proposal" })) {
            const field = document.getElementById(id);
            const value = query.get(name) || (name === "proposal" ? ALL : "");
            if (field && field !== document.activeElement && field.value !== value) {
              gsp.set(id, { value });
            }
          }
        }
        return window.dash_clientside.no_update;
      },
      choose: (value) => {
        change("proposal", value === ALL ? "" : value || "");
        return window.dash_clientside.no_update;
      },
    },
  });
})();
