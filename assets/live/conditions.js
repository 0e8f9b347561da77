/** The banner of what affects the whole site, such as a full disk. */
import { byId } from "../core/dom.js";
import { eventsGathered } from "./event_stream.js";

const INTERVAL_MS = 15000;

/** Show the conditions at present, and again when they may have changed. */
export function watchConditions() {
  eventsGathered.listen(({ events }) => {
    if (events.some((event) => event.name === "log-added")) void show();
  });
  setInterval(() => !document.hidden && void show(), INTERVAL_MS);
  void show();
}

async function show() {
  const banner = byId("conditions");
  if (!banner) return void setTimeout(show, 200);
  try {
    const answer = await fetch("/live/conditions");
    if (!answer.ok || answer.redirected) return;
    const markup = await answer.text();
    // A banner that has not changed is not announced to screen readers again.
    if (banner.dataset.shown === markup) return;
    banner.dataset.shown = markup;
    banner.innerHTML = markup;
  } catch {
    // Not connected: the lamp says so.
  }
}
