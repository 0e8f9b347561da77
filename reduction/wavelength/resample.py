"""Resample a spectrum to another pixel grid, conserving counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reduction.frames import PixelFlag

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

KNOWN_PART = 0.5
"""Least part of a new pixel covered by valid pixels for it to have a value."""


def linear_grid(edges: Floats, step: float = 0.0) -> tuple[float, float, int]:
    """Return an evenly spaced wavelength grid that lies inside the pixel edges.

    Parameters
    ----------
    edges : (n + 1,) float
        Wavelengths of the pixel edges, Å, ascending.
    step : float
        Å per new pixel; 0 keeps the number of pixels.

    Returns
    -------
    first, step, n : float, float, int
        Wavelength of the first new pixel's centre, step, and number of pixels.
    """
    span = float(edges[-1] - edges[0])
    if step <= 0:
        step = span / (edges.size - 1)
    n = max(int(span / step + 1e-9), 1)
    return float(edges[0] + 0.5 * (span - n * step) + 0.5 * step), step, n


def resample(
    flux: Floats, variance: Floats, flags: Flags, edges: Floats, new_edges: Floats
) -> tuple[Floats, Floats, Flags]:
    """Redistribute counts over new pixels by the part of each old pixel that falls in them.

    Parameters
    ----------
    flux : (n,) float
        Counts per pixel; NaN where there is no value.
    variance : (n,) float
        Their variance; ``inf`` where there is no value.
    flags : (n,) uint8
        `PixelFlag` bits.
    edges, new_edges : (n + 1,), (m + 1,) float
        Ascending pixel edges, old and new, in the same unit.

    Returns
    -------
    flux, variance, flags : (m,) arrays
        Counts per new pixel; the sum over a range of pixels is conserved. `variance` is that of
        each new pixel; neighbours share old pixels, so they are correlated. A new pixel of which
        less than `KNOWN_PART` is covered by valid pixels is NaN with variance ``inf``; where a
        smaller part is missing the rest is scaled up and flagged INTERPOLATED. A new pixel has the
        flags of every old pixel that covers more than a twentieth of it.
    """
    n = flux.size
    known = np.isfinite(flux) & np.isfinite(variance)
    value, noise = np.where(known, flux, 0.0), np.where(known, variance, 0.0)
    position = np.interp(new_edges, edges, np.arange(n + 1.0), left=0.0, right=float(n))
    low, high = position[:-1], position[1:]
    first = np.floor(low).astype(int)
    out, out_noise = np.zeros(low.size), np.zeros(low.size)
    covered, bits = np.zeros(low.size), np.zeros(low.size, dtype=np.uint8)
    width, old_length = high - low, np.diff(edges)
    for k in range(int(np.ceil(width.max(initial=0.0))) + 1):
        old = np.minimum(first + k, n - 1)
        part = np.clip(np.minimum(high, first + k + 1.0) - np.maximum(low, first + k), 0.0, 1.0)
        part[first + k >= n] = 0.0
        out += part * value[old]
        out_noise += part**2 * noise[old]
        covered += part * known[old] * old_length[old]
        bits |= np.where(part > 0.05 * width, flags[old], 0).astype(np.uint8)
    filled = covered / np.diff(new_edges)
    good = filled >= KNOWN_PART
    patched = good & (filled < 0.97)
    scale = 1.0 / np.where(patched, filled, 1.0)
    bits[patched] |= np.uint8(PixelFlag.INTERPOLATED)
    bits[~good] |= np.uint8(PixelFlag.BAD)
    return (
        np.where(good, out * scale, np.nan),
        np.where(good, out_noise * scale**2, np.inf),
        bits,
    )
