// What is computed from spectra in the page: smoothing, comparing, wavelengths in air and vacuum.
//
// Pure functions of arrays (window.gspSpectrum.math). A pixel of which nothing is known is NaN and
// takes no part. Neighbours are taken as independent: of a resampled spectrum they share old pixels,
// which makes the true error of a wide mean up to 1.2 times the one given (docs/reduction).
(function () {
  "use strict";
  const space = (window.gspSpectrum = window.gspSpectrum || {});

  // Weights of a window: a box of n pixels, or a Gaussian of n pixels full width at half maximum.
  function weights(kind, n) {
    if (kind === "box") return new Float64Array(Math.max(1, Math.round(n))).fill(1);
    const sigma = n / (2 * Math.sqrt(2 * Math.log(2)));
    const reach = Math.max(1, Math.ceil(4 * sigma));
    return Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
      Math.exp(-0.5 * ((i - reach) / sigma) ** 2),
    );
  }

  // Weighted mean in a window around each pixel, f = Σ w f / Σ w, and its error from error
  // propagation, σ² = Σ w² σ² / (Σ w)², over the pixels that are known. A box of even width reaches
  // one pixel further to the left.
  function smooth(flux, sigma, kind, n) {
    const w = weights(kind, n);
    const left = Math.floor(w.length / 2);
    const size = flux.length;
    const out = new Float64Array(size).fill(NaN);
    const error = new Float64Array(size).fill(NaN);
    for (let i = 0; i < size; i++) {
      if (!Number.isFinite(flux[i])) continue; // a gap is not papered over
      let total = 0;
      let value = 0;
      let variance = 0;
      for (let k = 0; k < w.length; k++) {
        const j = i + k - left;
        if (j < 0 || j >= size || !Number.isFinite(flux[j]) || !Number.isFinite(sigma[j])) continue;
        total += w[k];
        value += w[k] * flux[j];
        variance += (w[k] * sigma[j]) ** 2;
      }
      if (total > 0) {
        out[i] = value / total;
        error[i] = Math.sqrt(variance) / total;
      }
    }
    return { flux: out, sigma: error };
  }

  // Another spectrum at the places x, by straight lines between its pixels, with their errors.
  function at(x, other) {
    const n = other.x.length;
    const flux = new Float64Array(x.length).fill(NaN);
    const sigma = new Float64Array(x.length).fill(NaN);
    let k = 0;
    for (let i = 0; i < x.length; i++) {
      while (k < n - 2 && other.x[k + 1] <= x[i]) k++;
      const t = (x[i] - other.x[k]) / (other.x[k + 1] - other.x[k]);
      if (!(t >= 0 && t <= 1)) continue;
      const near = t === 0 ? [[k, 1]] : t === 1 ? [[k + 1, 1]] : [[k, 1 - t], [k + 1, t]];
      flux[i] = near.reduce((sum, [j, w]) => sum + w * other.flux[j], 0);
      sigma[i] = Math.sqrt(near.reduce((sum, [j, w]) => sum + (w * other.sigma[j]) ** 2, 0));
    }
    return { flux, sigma };
  }

  // The first over the second, or minus it, on the first one's axis; errors taken as independent.
  function compare(mode, one, other) {
    const there = at(one.x, other);
    const flux = new Float64Array(one.x.length);
    const sigma = new Float64Array(one.x.length);
    for (let i = 0; i < flux.length; i++) {
      const [f, g, s, t] = [one.flux[i], there.flux[i], one.sigma[i], there.sigma[i]];
      if (mode === "difference") {
        flux[i] = f - g;
        sigma[i] = Math.hypot(s, t);
      } else {
        flux[i] = g === 0 ? NaN : f / g;
        sigma[i] = g === 0 ? NaN : Math.hypot(s / g, (f * t) / (g * g));
      }
    }
    return { x: one.x, flux, sigma };
  }

  function median(values) {
    const known = Array.from(values).filter(Number.isFinite).sort((a, b) => a - b);
    if (!known.length) return NaN;
    const half = known.length >> 1;
    return known.length % 2 ? known[half] : (known[half - 1] + known[half]) / 2;
  }

  // A spectrum over the median of what is known of it.
  function normalised(one) {
    const scale = Math.abs(median(one.flux));
    if (!(scale > 0)) return one;
    return { x: one.x, flux: one.flux.map((f) => f / scale), sigma: one.sigma.map((s) => s / scale) };
  }

  // Index of refraction of standard air at a vacuum wavelength in Å (Ciddor 1996, Appl. Opt. 35,
  // 1566), good from 2300 Å to the near infrared.
  function refraction(vacuum) {
    const s2 = (1e4 / vacuum) ** 2;
    return 1 + 0.05792105 / (238.0185 - s2) + 0.00167917 / (57.362 - s2);
  }

  const toAir = (vacuum) => vacuum / refraction(vacuum);

  function toVacuum(air) {
    let vacuum = air;
    for (let i = 0; i < 4; i++) vacuum = air * refraction(vacuum);
    return vacuum;
  }

  // Where a line of a laboratory wavelength (air) is seen (air) at a redshift, and the way back:
  // it is the vacuum wavelength that is stretched by 1 + z.
  const observed = (air, z) => toAir(toVacuum(air) * (1 + z));
  const rest = (air, z) => toAir(toVacuum(air) / (1 + z));

  // The slider's place for a redshift and the way back: fine near zero, where galaxies are.
  const toPlace = (z) => Math.cbrt(z);
  const toRedshift = (place) => place ** 3;

  space.math = {
    smooth, at, compare, median, normalised, toAir, toVacuum, observed, rest, toPlace, toRedshift,
  };
})();
