/** Options are saved in the order of the choice, whatever the answers take. */
import assert from "node:assert/strict";
import test from "node:test";
import { createOptionQueue } from "../../assets/account/option_queue.js";

test("an older choice never wins, and no choice is lost", async () => {
  /** @type {Record<string, unknown>} */
  const stored = {};
  /** @type {object[]} */
  const requests = [];
  let open = 0;
  const delays = [30, 5, 1];
  const save = createOptionQueue(async (changes) => {
    assert.equal(++open, 1, "a request begins before the last one is answered");
    requests.push(changes);
    await new Promise((done) => setTimeout(done, delays[requests.length - 1]));
    Object.assign(stored, changes); // the later a request is answered, the later it is stored
    open -= 1;
  });
  void save({ colormap: "Viridis" });
  void save({ colormap: "Cividis" });
  void save({ theme: "light" });
  await save({ colormap: "Gray" });
  assert.deepEqual(stored, { colormap: "Gray", theme: "light" });
  assert.deepEqual(requests, [{ colormap: "Viridis" }, { colormap: "Gray", theme: "light" }]);
  await save({ theme: "dark" });
  assert.equal(stored.theme, "dark");
});
