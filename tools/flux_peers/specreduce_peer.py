"""Calibrate spectra with specreduce's `FluxCalibration`.

Version 1.9.0 fails as it is installed: `mag2flux` asks for an attribute `zeropt` that is stored as
`zeropoint`, and `standard_sensfunc` for `numpy.float`, which numpy has no longer. Both names are
given to it here. It has no telluric correction; its standard stars and extinction curves are
downloads, and its sensitivity function takes no spectrum that it has corrected for extinction: it
gets magnitudes above the atmosphere, and the star in bins of 50 Å, as those of its tables are.
"""

from __future__ import annotations

import warnings

import astropy.units as u
import numpy as np
from astropy.table import Table
from night import Calibrate, Spectrum, run
from specreduce.fluxcal import FluxCalibration
from specutils import Spectrum as SpecutilsSpectrum

warnings.simplefilter("ignore")
if not hasattr(np, "float"):
    np.float = float
FluxCalibration.zeropt = 48.60

BIN = 50.0


def instrument(spectrum: Spectrum) -> FluxCalibration:
    """Return a spectrum as its class takes it, in magnitudes above the atmosphere."""
    rate = spectrum.electrons / spectrum.exptime / np.gradient(spectrum.wavelength)
    magnitude = -2.5 * np.log10(np.where(rate > 0, rate, np.nan))
    magnitude -= spectrum.extinction * spectrum.airmass
    taken = FluxCalibration()
    taken(
        SpecutilsSpectrum(
            flux=magnitude * u.dimensionless_unscaled, spectral_axis=spectrum.wavelength * u.AA
        ),
        spectrum.airmass,
    )
    return taken


def in_bins(standard: Spectrum) -> Table:
    """Return the reference spectrum as its reader returns a table."""
    ends = np.arange(standard.reference[0], standard.reference[-1] - BIN, BIN)
    number = np.floor((standard.reference - ends[0]) / BIN).astype(int)
    filled = np.unique(number[(number < ends.size) & np.isfinite(standard.reference_flux)])
    flux = [np.nanmean(standard.reference_flux[number == n]) for n in filled]
    middle = ends[filled] + BIN / 2
    table = Table({"wave": middle, "width": np.full(filled.size, BIN), "flux": flux})
    table["flux"].unit = u.erg / u.s / u.cm**2 / u.AA
    return table


def prepare(standard: Spectrum) -> Calibrate:
    """Fit the sensitivity function."""
    found = instrument(standard).standard_sensfunc(in_bins(standard))
    table = Table({"wave": found.spectral_axis.value, "S": found.flux.value})
    table["S"].unit = found.flux.unit

    def calibrate(spectrum: Spectrum) -> np.ndarray:
        return np.asarray(instrument(spectrum).apply_sensfunc(table).flux.value)

    return calibrate


run(prepare)
