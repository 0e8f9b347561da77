// What every page needs: going to an address, commands of buttons, toasts, the theme.
(function () {
  "use strict";
  const gsp = (window.gsp = window.gsp || {});

  // Write a property of a Dash component once the page's renderer is there.
  gsp.set = function (id, props) {
    const dash = window.dash_clientside;
    if (dash && dash.set_props && document.getElementById("shell")) dash.set_props(id, props);
    else setTimeout(() => gsp.set(id, props), 50);
  };

  gsp.cookie = function (name) {
    const found = document.cookie.split("; ").find((part) => part.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  };

  // Go to an address of this site without loading the page anew; dcc.Location hears the event.
  gsp.go = function (href, replace) {
    if (href === location.pathname + location.search) return;
    history[replace ? "replaceState" : "pushState"]({}, "", href);
    gsp.follow(href);
  };

  // Change the query without telling Dash: what only the browser keeps (the zoom).
  gsp.note = function (name, value) {
    const url = new URL(location.href);
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
    const search = url.searchParams.toString().replaceAll("%2C", ",");
    const href = url.pathname + (search ? "?" + search : "");
    if (href !== location.pathname + location.search) history.replaceState(history.state, "", href);
  };

  // -- toasts: one line each, text only; a link where there is something to open ---------------
  const LIFE = { info: 7000, success: 7000, warning: 12000, danger: 15000 };

  gsp.toast = function (toast) {
    const tray = document.getElementById("toasts");
    if (!tray || !toast || !toast.text) return;
    const key = toast.key || "";
    let box = key && tray.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!box) {
      box = document.createElement("div");
      box.dataset.key = key;
      tray.append(box);
    }
    const kind = toast.kind || "info";
    box.className = "gsp-toast gsp-toast-" + kind;
    box.setAttribute("role", kind === "danger" ? "alert" : "status");
    box.replaceChildren();
    const body = document.createElement(toast.href ? "a" : "span");
    body.textContent = toast.text;
    if (toast.href) {
      body.href = toast.href;
      body.addEventListener("click", (event) => {
        event.preventDefault();
        box.remove();
        gsp.go(toast.href);
      });
    }
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", "Dismiss");
    close.addEventListener("click", () => box.remove());
    box.append(body, close);
    clearTimeout(box.timer);
    box.timer = setTimeout(() => box.remove(), LIFE[kind] || LIFE.info);
  };

  // -- the theme: at once on the page, then on the account ---------------------------------------
  gsp.setTheme = function (theme) {
    document.documentElement.dataset.bsTheme = theme;
    gsp.set("theme", { data: theme });
    window.dispatchEvent(new Event("gsp-theme"));
  };

  gsp.logout = async function (everywhere) {
    gsp.leaving = true; // nothing is asked for between the end of the session and the login page
    try {
      await fetch(everywhere ? "/logout?everywhere=1" : "/logout", {
        method: "POST",
        headers: { "X-CSRFToken": gsp.cookie("_csrf_token") },
        redirect: "manual",
      });
      location.assign("/login");
    } catch {
      gsp.leaving = false;
      gsp.toast({ kind: "danger", text: "The server does not answer; you are still signed in." });
    }
  };

  let narrowing = null;

  // -- buttons that carry a command: {command, …every other data-* attribute} ---------------------
  let count = 0;
  let watcher = null; // of the header's table, while it is searched
  const LOCAL = {
    theme: () =>
      gsp.setTheme(document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark"),
    logout: (button) => gsp.logout(button.dataset.everywhere),
    toggle: (button) => {
      const target = document.getElementById(button.dataset.target);
      const open = target.hidden;
      target.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      if (button.dataset.store) gsp.set(button.dataset.store, { data: open });
      window.dispatchEvent(new Event("resize"));
    },
    follow: (button) => gsp.go(button.dataset.href),
    fill: (button) => {
      gsp.set(button.dataset.target, { value: JSON.parse(button.dataset.value) });
      document.getElementById(button.dataset.target).focus();
    },
    index: () => document.body.classList.toggle("index-open"),
    ask: (button) => gsp.ask(button),
    hdu: (button) => {
      for (const one of button.parentElement.children) {
        one.setAttribute("aria-pressed", String(one === button));
      }
      const field = document.getElementById("header-search");
      window.dash_clientside.gsp.filter(field ? field.value : "");
    },
    keys: () => document.getElementById("keys").showModal(),
  };

  // Ask before what can't be undone.
  gsp.ask = function (button) {
    const dialog = document.getElementById("confirm");
    dialog.querySelector("p").textContent = button.dataset.question;
    const yes = dialog.querySelector("[value=yes]");
    yes.textContent = button.dataset.yes || "Delete";
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "yes") send({ ...button.dataset, command: button.dataset.then });
    };
    dialog.showModal();
  };

  function send(data) {
    gsp.set("command", { data: { ...data, n: ++count } });
  }

  // The row or tab is marked at once: the next key counts from it.
  function choose(link) {
    const list = link.closest("#file-list, .tabs");
    if (!list) return;
    list.querySelectorAll("[aria-current]").forEach((one) => one.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
    gsp.touched(list);
  }

  document.addEventListener("click", (event) => {
    const dialog = event.target.closest("dialog");
    const inside = event.target.closest("button, a, [data-command]");
    if (dialog && (event.target === dialog || (inside && inside.value))) {
      dialog.close(inside && inside.value ? inside.value : "");
      return;
    }
    const link = event.target.closest("a[data-go]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      document.body.classList.remove("index-open");
      choose(link);
      gsp.go(link.getAttribute("href"));
      return;
    }
    const button = event.target.closest("[data-command]");
    if (!button || button.disabled || button.getAttribute("aria-disabled") === "true") return;
    const local = LOCAL[button.dataset.command];
    if (local) return local(button);
    if (button.tagName === "BUTTON" && button.dataset.block) {
      button.disabled = true;
      gsp.touched(button);
    }
    send(button.dataset);
  });

  // An answer that never came is said, and the session's end leads to the login page.
  const ask = window.fetch;
  window.fetch = async function (resource, options) {
    const path = String((resource && resource.url) || resource);
    const ours = path.includes("_dash-update-component");
    try {
      const answer = await ask.call(this, resource, options);
      if (ours && answer.status === 401) {
        location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search));
      }
      return answer;
    } catch (error) {
      if (ours && !document.hidden) {
        const text = "The server does not answer; what you see may be out of date.";
        gsp.toast({ key: "offline", kind: "danger", text });
      }
      throw error;
    }
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    gsp: {
      toast: (toast) => {
        if (toast) gsp.toast(toast);
        return window.dash_clientside.no_update;
      },
      // A theme that was chosen in a form; the button of the top bar has painted it already.
      theme: (theme) => {
        if (theme && document.documentElement.dataset.bsTheme !== theme) {
          document.documentElement.dataset.bsTheme = theme;
          window.dispatchEvent(new Event("gsp-theme"));
        }
        return window.dash_clientside.no_update;
      },
      go: (target) => {
        if (target) gsp.go(target.href, target.replace);
        return window.dash_clientside.no_update;
      },
      // The URL follows the field once the hand rests; the list follows the URL.
      narrow: (value) => {
        clearTimeout(narrowing);
        narrowing = setTimeout(() => {
          const url = new URL(location.href);
          const name = (value || "").trim();
          if (!url.pathname.startsWith("/data")) return;
          if ((url.searchParams.get("name") || "") === name) return;
          if (name) url.searchParams.set("name", name);
          else url.searchParams.delete("name");
          url.searchParams.delete("page");
          gsp.go(url.pathname + url.search, true);
        }, 250);
        return window.dash_clientside.no_update;
      },
      // A field that somebody types in is left alone; else it says what the URL says.
      narrowed: (search) => {
        const field = document.getElementById("index-name");
        if (!field || field === document.activeElement) return window.dash_clientside.no_update;
        return new URLSearchParams(search || "").get("name") || "";
      },
      current: (page) => {
        document.querySelectorAll(".top nav a[data-page]").forEach((link) => {
          if (link.dataset.page === page) link.setAttribute("aria-current", "page");
          else link.removeAttribute("aria-current");
        });
        return window.dash_clientside.no_update;
      },
      title: (text) => {
        if (text) document.title = text;
        return window.dash_clientside.no_update;
      },
      filter: (text) => {
        const words = (text || "").toLowerCase().split(/\s+/).filter(Boolean);
        const chosen = document.querySelector("#header-table [data-command=hdu][aria-pressed=true]");
        const hdu = chosen ? chosen.dataset.hdu : "";
        const sift = () =>
          document.querySelectorAll("#header-table tbody").forEach((body) => {
            const cards = [...body.rows].filter((row) => row.cells.length > 1);
            for (const row of cards) {
              const line = row.textContent.toLowerCase();
              row.hidden = !words.every((word) => line.includes(word));
            }
            body.hidden = Boolean(hdu && body.dataset.hdu !== hdu) || cards.every((row) => row.hidden);
          });
        sift();
        // The rows of a new table come into the document a while later.
        if (watcher) watcher.disconnect();
        watcher = new MutationObserver(sift);
        const table = document.getElementById("header-table");
        if (table) watcher.observe(table, { childList: true, subtree: true });
        return window.dash_clientside.no_update;
      },
    },
  });
})();
