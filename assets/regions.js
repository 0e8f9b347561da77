// The parts of the Data page that change by themselves: HTML from the server, put in its place here
// and not by Dash, which looks through all components of a page at each change of one of them.
// What an event concerns is asked for at once, what is around it a moment later.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const REST_MS = 100; // between an answer and the next question
  const AROUND_MS = 250; // and as much again, by chance: not all pages at the same time
  const AGAIN_MS = 2000; // after a question that was not answered
  const HEARD_MS = 3000; // the server keeps what it has read for less
  const HEARD = 12;
  const INDEX = "index";
  const FAMILY = ["view-head", "view-runs", "view-notes", "view-actions", "view-why"];
  const ALL = [...FAMILY, "comments", INDEX];

  let shown = null; // {id, checksum} of the file on show
  let first = new Set();
  let around = new Set();
  let heard = []; // lately, as [id, time]
  let asking = false;
  let answered = 0;
  let timer = null;
  let aroundTimer = null;
  let serial = 0;

  const here = () => /^\/data(\/[^/]*)?\/?$/.test(location.pathname);
  const following = () => location.pathname.replace(/\/$/, "") === "/data";
  const href = () => location.pathname + location.search;
  const byId = (id) => document.getElementById(id);

  // -- putting HTML in its place ------------------------------------------------------------------
  const keyOf = (node) => (node.dataset && node.dataset.key) || "";

  // Make the children of `old` those of `fresh`; what is alike stays, with its focus and its state.
  function morph(old, fresh) {
    const nodes = [...fresh.childNodes];
    const kept = new Set(nodes.map(keyOf));
    const known = new Map([...old.children].filter(keyOf).map((one) => [keyOf(one), one]));
    let at = old.firstChild;
    for (const node of nodes) {
      while (at && keyOf(at) && !kept.has(keyOf(at))) at = dropped(at);
      const same = keyOf(node) ? known.get(keyOf(node)) : at;
      if (!same || same.nodeName !== node.nodeName || keyOf(same) !== keyOf(node)) {
        old.insertBefore(node, at);
        continue;
      }
      known.delete(keyOf(node));
      if (same === at) at = at.nextSibling;
      else old.insertBefore(same, at);
      if (!same.isEqualNode(node)) update(same, node);
    }
    while (at) at = dropped(at);
  }

  function dropped(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
  }

  function update(old, node) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.data = node.data;
      return;
    }
    const open = old.nodeName === "DETAILS"; // opened by hand, and left so
    for (const { name } of [...old.attributes]) {
      if (!node.hasAttribute(name) && !(open && name === "open")) old.removeAttribute(name);
    }
    for (const { name, value } of node.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    morph(old, node);
  }

  // Paint parts of the page; nothing is painted over what is newer, or anew that is the same.
  gsp.paint = function (html, at) {
    const painted = [];
    for (const [id, text] of Object.entries(html)) {
      const place = byId(id);
      if (!place) continue;
      const before = place.painted;
      if (before && before.href === href() && before.at > at) continue;
      place.painted = { text, at, href: href() };
      if (before ? before.text === text : !text) continue;
      const fresh = document.createElement("template");
      fresh.innerHTML = text;
      morph(place, fresh.content);
      painted.push(id);
    }
    return painted;
  };

  // A part was changed here: it is painted anew even when the server says what it said before.
  gsp.touched = function (element) {
    for (let one = element; one; one = one.parentElement) if (one.painted) one.painted.text = null;
  };

  // -- asking -------------------------------------------------------------------------------------
  function family() {
    const mark = document.querySelector("#view-head [data-family]");
    return mark ? mark.dataset.family.split(" ").map(Number) : [];
  }

  const standing = new Map(); // the state of each run that was heard of
  const RUNS_KEPT = 2000;

  // Tell whether a run has gone over to another state, and is not only further.
  function turned(event) {
    if (standing.get(event.run) === event.state) return false;
    if (standing.size > RUNS_KEPT) standing.clear();
    standing.set(event.run, event.state);
    return true;
  }

  const add = (set, ...names) => names.forEach((name) => set.add(name));

  // What each event concerns: what of the page it changes first, and what besides.
  function consider(event, related) {
    const ours = related(event);
    if (event.name.startsWith("comment-")) {
      if (shown && event.file === shown.id) add(first, "comments");
    } else if (event.name.startsWith("file-")) {
      add(ours ? around : first, INDEX);
      if (ours || following()) {
        add(first, "view-head");
        add(around, ...FAMILY);
      }
    } else if (event.name === "run-changed") {
      const news = turned(event);
      if (ours) add(first, "view-runs");
      if (news) add(around, INDEX);
      if (news && ours) add(around, "view-actions");
      if (news && following()) add(first, "view-head");
    } else if (event.name === "access-changed") {
      add(first, ...ALL);
    } else {
      return;
    }
    heard = [...heard.slice(1 - HEARD), [event.id, performance.now()]];
  }

  // The events heard of lately: what the server has read before them is no answer.
  function lately() {
    heard = heard.filter((one) => one[1] > performance.now() - HEARD_MS);
    return heard.map((one) => one[0]).join(".");
  }

  // Events came from the server.
  gsp.heard = function (events, related) {
    if (!here()) return;
    events.forEach((event) => consider(event, related));
    ask();
  };

  // Something was done here: all of the page is asked for, even if no event comes.
  function all() {
    if (!here()) return;
    add(first, ...ALL);
    ask();
  }

  function ask() {
    if (around.size && !aroundTimer) {
      aroundTimer = setTimeout(() => {
        aroundTimer = null;
        around.forEach((name) => first.add(name));
        around = new Set();
        ask();
      }, AROUND_MS * (1 + Math.random()));
    }
    if (asking || timer || !first.size) return;
    const rest = answered + REST_MS - performance.now();
    if (rest <= 0) return void question();
    timer = setTimeout(() => {
      timer = null;
      question();
    }, rest);
  }

  async function question() {
    if (!here() || gsp.leaving) {
      first = new Set();
      return;
    }
    const want = [...first].filter((name) => name !== "view-notes" || !unreadable());
    const asked = { where: href(), id: shown ? shown.id : "" };
    first = new Set();
    asking = true;
    const query = new URLSearchParams({
      path: location.pathname, search: location.search, want: want.join(","), file: asked.id,
      checksum: shown ? shown.checksum : "", heard: lately(),
    });
    const told = await answer(query);
    asking = false;
    answered = performance.now();
    if (told === null) setTimeout(() => (add(first, ...want), ask()), AGAIN_MS);
    else take(told, asked);
    ask();
  }

  // Null: there was none, and it is asked for again.
  async function answer(query) {
    try {
      const got = await fetch("/live/data?" + query);
      if (got.status === 401) gsp.leave();
      if (got.status >= 500) return null;
      return got.ok ? await got.json() : {};
    } catch {
      return null;
    }
  }

  const unreadable = () => byId("view") && byId("view").classList.contains("unreadable");

  function take(told, asked) {
    // One went on meanwhile: the page itself brings all of the other file.
    if (!told.html || asked.where !== href() || asked.id !== (shown ? shown.id : "")) return;
    const painted = gsp.paint(told.html, told.at);
    if (told.other) gsp.set("live-view", { data: ++serial });
    // Another spectrum may have been made of the image.
    else if (painted.includes("view-head")) gsp.viewer.refresh();
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    regions: {
      paint: (told) => {
        if (told) {
          if ("of" in told) shown = told.of;
          gsp.paint(told.html, told.at);
        }
        return window.dash_clientside.no_update;
      },
      all: (done) => {
        if (done) all();
        return window.dash_clientside.no_update;
      },
    },
  });

  gsp.family = family;
})();
