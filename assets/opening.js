// Opening a file: its picture is asked for at the click (api/show.py), beside the rest of the page,
// and shown as soon as it is there. An answer that one no longer waits for shows nothing.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const AHEAD_MS = 60; // the server sees to the picture first, unless that takes longer
  const HOLD_MS = 4000; // an answer that never comes is said elsewhere
  // They act on the file before until the page has followed.
  const HELD = ["view-actions", "view-runs", "view-why", "view-comments"];
  const HEAD = 8; // bytes of the length before the JSON object

  let asking = null; // AbortController
  let holding = null;
  let going = 0;

  const byId = (id) => document.getElementById(id);

  // The file that an address of the Data page names by its id, null else.
  function named(href) {
    const found = new URL(href, location.href).pathname.match(/^\/data\/(\d+)\/?$/);
    return found ? Number(found[1]) : null;
  }

  // Meanwhile one went on to another file.
  function elsewhere(facts) {
    const here = named(location.href);
    return here !== null && facts.id !== here;
  }

  // Show what the server says of a file, with its picture if that has come too.
  gsp.present = function (facts, opened) {
    if (facts && elsewhere(facts)) return;
    gsp.show(facts, facts && facts.kind === "image" ? opened : null);
    if (window.gspSpectrum) window.gspSpectrum.show(facts, opened);
  };

  // Begin to fetch a file, if the Data page is to show another one than now; the promise is kept
  // when its picture is on show, or can't be had this way.
  function begin(href) {
    if (asking) asking.abort();
    asking = null;
    const id = named(href);
    const { info } = gsp.viewer.state;
    const stage = byId("view") && byId("stage");
    if (id === null || !stage || !stage.offsetParent || (info && info.id === id)) return null;
    hold();
    asking = new AbortController();
    return open(id, asking).catch(() => {}); // the page itself says what is wrong
  }

  async function open(id, control) {
    const answer = await fetch(`/show/${id}?${gsp.numbers.stage()}`, { signal: control.signal });
    if (answer.status !== 200) return;
    const body = await answer.arrayBuffer();
    if (control !== asking || gsp.leaving) return;
    const length = Number(new DataView(body).getBigUint64(0, true));
    const told = JSON.parse(new TextDecoder().decode(new Uint8Array(body, HEAD, length)));
    gsp.present(told.facts, { ...told, body, at: HEAD + length });
  }

  // Tell Dash of a new address: at once, or after the picture.
  gsp.follow = function (href) {
    const mine = ++going;
    const tell = () => {
      if (mine === going) window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    };
    const coming = begin(href);
    if (!coming) return tell();
    Promise.race([coming, new Promise((done) => setTimeout(done, AHEAD_MS))]).then(tell);
  };
  window.addEventListener("popstate", () => begin(location.href));

  function hold() {
    inert(true);
    clearTimeout(holding);
    holding = setTimeout(inert, HOLD_MS, false);
  }

  function inert(waits) {
    for (const part of HELD) if (byId(part)) byId(part).inert = waits;
  }

  // The page has been answered about a file.
  gsp.followed = function (facts) {
    if (facts && elsewhere(facts)) return;
    clearTimeout(holding);
    inert(false);
  };

  gsp.title = function (lines) {
    const title = byId("stage-title");
    if (!title) return;
    title.replaceChildren(...lines.map((text) => {
      const line = document.createElement("span");
      line.textContent = text;
      return line;
    }));
  };
})();
