// What happens on the server, told to the page as it happens.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});
  const STAGES = {
    1: "Master calibration",
    2: "Reduced",
    3: "Extracted",
    4: "Wavelength calibrated",
    5: "Flux calibrated",
  };
  const GATHER_MS = 120; // events come in bursts; the page is drawn once for each,
  const FIRST_MS = 5; // and after a rest at once
  const HIDDEN_MS = 5000; // a browser has six connections for a host: a hidden tab gives its own up

  let source = null;
  let last = null;
  let batch = [];
  let timer = null;
  let hiding = null;
  let serial = 0;
  let told = 0;
  let arrived = 0;
  let quiet = null;

  function open() {
    const live = document.getElementById("live");
    if (!live) return void setTimeout(open, 100);
    if (last === null) last = Number(live.dataset.since) || 0;
    if (source) return;
    source = new EventSource("/events?since=" + last);
    source.onopen = () => state("live", "Live: new frames and results appear by themselves");
    source.onerror = () => {
      state("lost", "Not connected: trying again");
      // The browser tries again by itself, unless the answer was an error.
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        gsp.leave();
        setTimeout(() => !document.hidden && open(), 3000);
      }
    };
    source.onmessage = (message) => hear(JSON.parse(message.data));
  }

  // A session that was ended elsewhere, or an account that was switched off, shows nothing more.
  gsp.leave = async function () {
    if (gsp.leaving) return;
    const answer = await fetch("/api/users/me/").catch(() => null);
    if (answer && answer.status === 401) {
      location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search));
    }
  };

  function close() {
    if (source) source.close();
    source = null;
  }

  function state(name, title) {
    const lamp = document.getElementById("lamp");
    if (!lamp) return;
    lamp.dataset.state = name;
    lamp.title = title;
    lamp.setAttribute("aria-label", title);
  }

  function hear(event) {
    last = Math.max(last, Number(event.id) || 0);
    window.dispatchEvent(new CustomEvent("gsp-event", { detail: event }));
    batch.push(event);
    const rested = performance.now() - told > GATHER_MS;
    if (!timer) timer = setTimeout(tell, rested ? FIRST_MS : GATHER_MS);
  }

  function tell() {
    timer = null;
    told = performance.now();
    const events = batch;
    batch = [];
    serial += 1;
    const family = gsp.family();
    const concerns = (e) =>
      [e.file, e.original, e.parent].some((id) => id != null && family.includes(id));
    gsp.heard(events, concerns); // what is on show comes first
    window.dispatchEvent(new CustomEvent("gsp-events", { detail: events }));
    // Somebody was added to a proposal or taken out of one: whatever is on show is asked for anew.
    const access = events.some((e) => e.name === "access-changed");
    if (access) gsp.set("live-access", { data: serial });
    const listed =
      access || events.some((e) => e.name.startsWith("file-") || e.name === "run-changed");
    const waits = (selector) => document.querySelector(selector);
    if (listed && !waits("#file-list")) gsp.set("live-index", { data: serial });
    if (location.search.includes("run=") && (access || events.some(concerns))) {
      gsp.set("live-run", { data: serial });
    }
    if (events.some((e) => e.name === "log-added") && !waits("#file-list")) {
      gsp.set("live-logs", { data: serial });
    }
    events.filter((e) => e.name === "file-added").forEach((e) => announce(e, concerns(e)));
  }

  function announce(event, related) {
    const stage = STAGES[event.data_type];
    const href = "/data/" + event.file + keep();
    if (stage && event.data_type != 1) {
      if (!related && event.data_type < 4) return; // steps of other frames: the index shows them
      gsp.toast({
        key: "product",
        kind: "success",
        href,
        text: `${stage}: ${event.file_name}`,
      });
      return;
    }
    arrived += 1;
    clearTimeout(quiet);
    quiet = setTimeout(() => (arrived = 0), 7000);
    const many = arrived > 1 ? `${arrived} new files, the newest ` : "New: ";
    gsp.toast({ key: "arrival", kind: "info", href, text: many + event.file_name });
    document.querySelectorAll(".count").forEach((badge) => {
      badge.classList.remove("pulse");
      void badge.offsetWidth; // starts the animation again
      badge.classList.add("pulse");
    });
  }

  function keep() {
    const proposal = new URLSearchParams(location.search).get("proposal");
    return proposal ? "?proposal=" + encodeURIComponent(proposal) : "";
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN_MS);
    else open();
  });
  window.addEventListener("pagehide", close);
  document.addEventListener("DOMContentLoaded", open);
})();
