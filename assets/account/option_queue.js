/** Changes that are sent one after the other, so that an older choice never wins. */

/**
 * Return a function that sends changes: what is changed during an answer waits for it, and of two
 * values of one option only the later is sent.
 *
 * @param {(changes: Record<string, unknown>) => Promise<void>} send
 * @returns {(changes: Record<string, unknown>) => Promise<void>}
 */
export function createOptionQueue(send) {
  /** @type {Record<string, unknown>} */
  let waiting = {};
  /** @type {Promise<void> | null} */
  let sending = null;

  async function sendAll() {
    while (Object.keys(waiting).length) {
      const changes = waiting;
      waiting = {};
      await send(changes);
    }
    sending = null;
  }

  return (changes) => {
    Object.assign(waiting, changes);
    sending ||= sendAll();
    return sending;
  };
}
