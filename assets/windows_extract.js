// What the server makes of the windows: their spectrum at once, and with "Extract" a new version.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const MISSED_MS = 500; // an event may be missed while the stream is away
  const LOOK_MS = 4000;

  let run = null; // that extracts
  let busy = false; // a rehearsal is under way
  let again = false;

  const state = () => gsp.windows.state;
  const say = (text, bad) => gsp.windowsPanel.say(text, bad);

  // The windows as the server reads them.
  function told() {
    const { hand } = state();
    const pair = (edges) => edges.map(gsp.windows.round);
    const [low, high] = pair(hand.aperture);
    return { trace: hand.trace, low, high, zones: hand.zones.map(pair), target: hand.target };
  }

  function post(path, body) {
    return fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": gsp.cookie("_csrf_token") },
      body: JSON.stringify(body),
    });
  }

  async function sentence(answer) {
    try {
      return (await answer.json()).error.message;
    } catch {
      return "The server does not answer as it should.";
    }
  }

  // -- at once -----------------------------------------------------------------------------------
  // One request at a time; while it is under way only the newest wish is kept.
  async function rehearse() {
    if (busy) return void (again = true);
    busy = true;
    try {
      const { info } = state();
      const answer = await post(`/img/${info.id}/rehearsal`, told());
      if (info === state().info) await hear(answer);
    } catch {
      say("The server does not answer; the spectrum on show is the last one.", true);
    }
    busy = false;
    if (again) {
      again = false;
      rehearse();
    }
  }

  async function hear(answer) {
    if (!answer.ok) return say(await sentence(answer), true);
    const both = new Float32Array(await answer.arrayBuffer());
    const n = both.length / 2;
    say(answer.headers.get("X-Warning") || "", false);
    gsp.comparison.take({ hand: { flux: both.subarray(0, n), sigma: both.subarray(n) } });
  }

  // -- as a new version --------------------------------------------------------------------------
  async function save() {
    gsp.windowsPanel.wait(true);
    say("Asked for; the worker has it next.", false);
    try {
      const wanted = { id: state().info.id, settings: { by_hand: told() } };
      const answer = await post("/api/files/spectrum/extract/", wanted);
      if (!answer.ok) throw new Error(await sentence(answer));
      run = (await answer.json()).id;
      setTimeout(() => run && follow(), MISSED_MS);
    } catch (error) {
      gsp.windowsPanel.wait(false);
      say(error.message, true);
    }
  }

  async function follow() {
    if (!run || !gsp.advanced.here()) return;
    try {
      const answer = await fetch(`/api/runs/${run}/`);
      if (!answer.ok) return;
      const { state: stage, step, message, products } = await answer.json();
      if (stage === "done") return finished(products[0]);
      if (["failed", "cancelled"].includes(stage)) {
        run = null;
        gsp.windowsPanel.wait(false);
        return say(message || "The run was cancelled.", true);
      }
      say(stage === "running" ? step || "Extracting…" : message || "Queued.", false);
    } catch {
      say("The server does not answer; the extraction goes on.", true);
    }
    setTimeout(() => run && follow(), LOOK_MS);
  }

  async function finished(product) {
    run = null;
    gsp.windowsPanel.wait(false);
    gsp.windowsPanel.saySaved(product);
    const one = await window.gspSpectrum.load(product.id, "").catch(() => null);
    if (one) gsp.comparison.take({ saved: { flux: one.flux, sigma: one.sigma, name: product.file_name } });
    gsp.viewer.refresh();
  }

  function forget() {
    run = null;
  }

  window.addEventListener("gsp-event", ({ detail }) => {
    if (run && detail.name === "run-changed" && detail.run === run) follow();
  });

  gsp.extraction = { rehearse, save, forget };
})();
