// The numbers of spectra, as the server sends them (api/spectra.py, api/show.py).
(function () {
  "use strict";
  const space = (window.gspSpectrum = window.gspSpectrum || {});
  const MOST_KEPT = 48;
  const kept = new Map(); // "id/checksum" → numbers; the page belongs to one person

  async function sentence(answer) {
    try {
      return (await answer.json()).error.message;
    } catch {
      return "The server does not answer as it should.";
    }
  }

  // The arrays, one after another from `at` on.
  function read(facts, body, at = 0) {
    const n = facts.n;
    const one = {
      facts,
      x: new Float64Array(body, at, n),
      flux: new Float32Array(body, at + 8 * n, n),
      sigma: new Float32Array(body, at + 12 * n, n),
      mask: new Uint8Array(body, at + 16 * n, n),
    };
    kept.set(`${facts.id}/${facts.checksum}`, one);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
    return one;
  }

  async function load(id, checksum) {
    const key = `${id}/${checksum}`;
    if (checksum && kept.has(key)) return kept.get(key);
    const answer = await fetch(`/spectrum/${id}?v=${encodeURIComponent(checksum || "")}`);
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(await sentence(answer));
    return read(JSON.parse(answer.headers.get("X-Spectrum")), await answer.arrayBuffer());
  }

  Object.assign(space, { read, load });
})();
