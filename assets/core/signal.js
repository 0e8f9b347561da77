/**
 * Announcements that several modules listen to.
 *
 * @template T
 * @typedef {object} Signal
 * @property {(listener: (value: T) => void) => () => void} listen Returns the function that ends it.
 * @property {(value: T) => void} emit
 */

/**
 * Create a signal.
 *
 * @template T
 * @returns {Signal<T>}
 */
export function createSignal() {
  /** @type {Set<(value: T) => void>} */
  const listeners = new Set();
  return {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(value) {
      for (const listener of [...listeners]) listener(value);
    },
  };
}
