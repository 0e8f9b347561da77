"""How far fluxes are from the truth: shape, level and what is left of the telluric bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.support.truth.flux_nights import Observed

Floats = NDArray[np.float64]

RANGE = (4000.0, 8800.0)
CLEAR = 0.99
"""Transmission of the bands from which a pixel counts as free of them."""
BIN = 50.0
"""Å, over which shape and median are measured: the light in a bin is hardly noisy."""
ELEMENT = 8.0
"""Å: about the resolution of the 400 grating through a slit of 1 arcsec."""
A_BAND, B_BAND = (7590.0, 7700.0), (6865.0, 6960.0)


@dataclass(frozen=True)
class FluxAccuracy:
    """Fluxes over the true ones.

    Parameters
    ----------
    shape : float
        Scatter of the bins about their median, a fraction; outside the telluric bands.
    level : float
        Median of the bins minus 1.
    median : float
        Median distance of the bins from 1.
    a_band, b_band : float
        Distance of the resolution elements from the level in the bands of O2, rms, a fraction; NaN
        where the spectrum does not cover them.
    a_worst, b_worst : float
        Largest of these distances.
    covered : float
        Fraction of the pixels of the range that have a flux.
    """

    shape: float
    level: float
    median: float
    a_band: float
    b_band: float
    a_worst: float
    b_worst: float
    covered: float


def compare(observed: Observed, flux: Floats) -> FluxAccuracy:
    """Compare fluxes along the spectrum with the truth."""
    wavelength = observed.wavelength
    good = np.isfinite(flux) & (observed.spectrum.mask == 0)
    ratio = flux / observed.true_flux
    inside = (wavelength > RANGE[0]) & (wavelength < RANGE[1])
    clear = inside & (observed.at(observed.truth.bands) > CLEAR)
    bins = _in_bins(wavelength[clear & good], ratio[clear & good], BIN)
    level = float(np.median(bins))
    bands = [_band(wavelength[good], ratio[good] / level, band) for band in (A_BAND, B_BAND)]
    return FluxAccuracy(
        float(np.sqrt(np.mean((bins / level - 1) ** 2))),
        level - 1,
        float(np.median(np.abs(bins - 1))),
        *(float(np.sqrt(np.mean(band**2))) for band in bands),
        *(float(np.max(np.abs(band))) for band in bands),
        float(np.isfinite(flux[inside]).mean()),
    )


def _in_bins(wavelength: Floats, values: Floats, width: float) -> Floats:
    number = np.floor(wavelength / width).astype(int)
    total = np.bincount(number, values)
    n = np.bincount(number)
    full = n > 0.5 * n.max()
    return np.asarray(total[full] / n[full])


def _band(wavelength: Floats, ratio: Floats, band: tuple[float, float]) -> Floats:
    """Return the distances of resolution elements from 1, (n,); NaN where there is no band."""
    if not (wavelength[0] < band[0] - 30 and wavelength[-1] > band[1] + 30):
        return np.array([np.nan])
    inside = (wavelength > band[0]) & (wavelength < band[1])
    return _in_bins(wavelength[inside], ratio[inside], ELEMENT) - 1


def pulls(observed: Observed, flux: Floats, variance: Floats) -> Floats:
    """Return (flux − truth) / σ_stat of the good pixels, outside the telluric bands."""
    clear = observed.at(observed.truth.bands) > CLEAR
    good = clear & np.isfinite(flux) & (observed.spectrum.mask == 0) & np.isfinite(variance)
    level = np.median(flux[good] / observed.true_flux[good])
    pull = (flux / level - observed.true_flux) / np.sqrt(variance) * level
    return np.asarray(pull[good])


def coverage(observed: Observed, flux: Floats, systematic: Floats) -> float:
    """Return the fraction of the bins whose distance from the truth σ_sys holds."""
    wavelength = observed.wavelength
    good = np.isfinite(flux) & np.isfinite(systematic) & (observed.spectrum.mask == 0)
    good &= (wavelength > RANGE[0]) & (wavelength < RANGE[1])
    good &= observed.at(observed.truth.bands) > CLEAR
    off = _in_bins(wavelength[good], (flux / observed.true_flux - 1)[good], BIN)
    stated = _in_bins(wavelength[good], (systematic / observed.true_flux)[good], BIN)
    return float(np.mean(np.abs(off) < stated))
