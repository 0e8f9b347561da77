/** The session: its token, its end, and the server that does not answer. */
import { currentAddress, loginAddress } from "./address.js";
import { showToast } from "./toasts.js";

const CALLBACKS = "/_dash-update-component";
const NO_ANSWER = "The server does not answer; what you see may be out of date.";

const OUT_OF_DATE = "This page is out of date: reload it.";

let leaving = false;

/** Return whether the session is being ended here: nothing is requested any more. */
export const isLeaving = () => leaving;

/**
 * @param {string} name
 * @returns {string}
 */
export function cookie(name) {
  const pair = document.cookie.split("; ").find((part) => part.startsWith(name + "="));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : "";
}

/**
 * Send JSON to the server with the token against forged requests.
 *
 * @param {string} path
 * @param {object} body
 * @returns {Promise<Response>}
 */
export function postJson(path, body) {
  return fetch(path, {
    method: "POST",
    keepalive: true, // it also arrives when the page is left meanwhile
    headers: { "Content-Type": "application/json", "X-CSRFToken": cookie("_csrf_token") },
    body: JSON.stringify(body),
  });
}

/**
 * Return the message of an answer that reports an error.
 *
 * @param {Response} answer
 * @returns {Promise<string>}
 */
export async function errorMessage(answer) {
  try {
    return (await answer.json()).error.message;
  } catch {
    return "The server gave an answer that cannot be read.";
  }
}

/**
 * End the session.
 *
 * @param {boolean} everywhere Also those of other browsers.
 */
export async function logOut(everywhere) {
  leaving = true;
  try {
    await fetch(everywhere ? "/logout?everywhere=1" : "/logout", {
      method: "POST",
      headers: { "X-CSRFToken": cookie("_csrf_token") },
      redirect: "manual",
    });
    location.assign("/login");
  } catch {
    leaving = false;
    showToast({ kind: "danger", text: "The server does not answer; you are still signed in." });
  }
}

/** Go to the login page, and from there back to where one is. */
function goToLogin() {
  location.assign(loginAddress(currentAddress()));
}

/** Leave the page if the session was ended elsewhere or the account was disabled. */
export async function leaveIfSignedOut() {
  if (leaving) return;
  const answer = await fetch("/api/users/me/").catch(() => null);
  if (answer && answer.status === 401) goToLogin();
}

/**
 * Watch how Dash's own requests end.
 *
 * Dash has hooks for what it sends and for what it receives, and none for a request that fails or
 * is refused. The browser's record of requests has both: a status of 0 where there was no answer.
 */
export function watchCallbackRequests() {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.name.includes(CALLBACKS)) continue;
      const { responseStatus } = /** @type {PerformanceResourceTiming} */ (entry);
      if (responseStatus === 401) goToLogin();
      else if (responseStatus === 400) {
        showToast({ key: "offline", kind: "danger", text: OUT_OF_DATE });
      } else if (responseStatus === 0 && !document.hidden && !leaving) {
        showToast({ key: "offline", kind: "danger", text: NO_ANSWER });
      }
    }
  }).observe({ type: "resource" });
}
