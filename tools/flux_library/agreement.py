"""By how much the reference spectra of a star differ from each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spectrum = tuple[Floats, Floats]
"""Wavelength and flux."""

STEP, WIDTH = 100.0, 300.0
"""Å: distance and width of the windows whose means are compared, wider than any line."""
TRUSTED = frozenset({"moehler", "stis"})
"""The sets that others are compared with. They agree with each other to 0.5 % in their shape (Feige
110, GD 71, GD 153) and 0.3 to 2.6 % in their level; Hamuy et al. differ from them by 1 to 5 %."""


def halves(
    spectra: Sequence[Spectrum], kinds: Sequence[str], bands: Sequence[tuple[float, float]]
) -> list[Floats]:
    """Return half of the largest difference from a trusted set, as a fraction, per wavelength.

    Parameters
    ----------
    spectra : sequence of (wavelength, flux)
    kinds : sequence of str
        The sets they are from.
    bands : sequence of (float, float)
        Wavelengths (Å) that are not compared; the difference is interpolated across them.

    Returns
    -------
    list of (n,) float64
        0 where there is nothing to compare.
    """
    found = []
    for this, kind in zip(spectra, kinds, strict=True):
        others = [
            difference(this, other, bands)
            for other, its in zip(spectra, kinds, strict=True)
            if its != kind and its in TRUSTED
        ]
        half = np.max(np.abs(others), axis=0) / 2 if others else np.zeros(this[0].size)
        found.append(half)
    return found


def difference(this: Spectrum, other: Spectrum, bands: Sequence[tuple[float, float]]) -> Floats:
    """Return the smooth part of ``other / this - 1`` at the wavelengths of `this`."""
    first = max(this[0][0], other[0][0]) + WIDTH / 2
    last = min(this[0][-1], other[0][-1]) - WIDTH / 2
    centres = np.arange(first, last, STEP)
    clean = [
        all(c + WIDTH / 2 < low or c - WIDTH / 2 > high for low, high in bands) for c in centres
    ]
    centres = centres[np.array(clean, dtype=bool)]
    if centres.size == 0:
        return np.zeros(this[0].size)
    ratio = integral(*other, centres) / integral(*this, centres) - 1
    return np.interp(this[0], centres, ratio)


def integral(wavelength: Floats, flux: Floats, centres: Floats) -> Floats:
    """Return the integrals of a spectrum over windows."""
    pieces = 0.5 * (flux[1:] + flux[:-1]) * np.diff(wavelength)
    total = np.concatenate([[0.0], np.cumsum(pieces)])
    last, first = (np.interp(centres + sign * WIDTH / 2, wavelength, total) for sign in (1, -1))
    return last - first
