/** The options of pages and images that the account keeps. */
import { errorMessage, postJson } from "../core/session.js";
import { optionsChosen } from "../core/theme.js";
import { showToast } from "../core/toasts.js";
import { createOptionQueue } from "./option_queue.js";

/** @param {Record<string, unknown>} changes */
async function send(changes) {
  const answer = await postJson("/options", changes).catch(() => null);
  if (answer?.ok) return;
  const reason = answer ? await errorMessage(answer) : "The server does not answer.";
  showToast({ key: "options", kind: "danger", text: `Your choice was not saved. ${reason}` });
}

/** Keep chosen options with the account, in the order in which they were chosen. */
export function watchOptions() {
  const save = createOptionQueue(send);
  optionsChosen.listen((changes) => void save(changes));
}
