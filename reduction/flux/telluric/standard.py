"""The absorption in the spectrum of a standard star, kept with the sensitivity made of it."""

from __future__ import annotations

import numpy as np

from reduction.flux.telluric import cards
from reduction.flux.telluric.expectation import expected
from reduction.flux.telluric.fit import Telluric, fit, transmission
from reduction.frames import Spectrum
from reduction.wavelength.axis.medium import medium_of, to_air


def measure(spectrum: Spectrum, airmass: float) -> Telluric | None:
    """Fit the absorption in the spectrum of a star.

    Parameters
    ----------
    spectrum : Spectrum
        Wavelength calibrated, in air or vacuum; counts or flux.
    airmass : float

    Returns
    -------
    Telluric or None
        None if the spectrum shows neither oxygen nor water.
    """
    if spectrum.wavelength is None:
        return None
    air = np.asarray(spectrum.wavelength, dtype=float)
    air = to_air(air) if medium_of(spectrum.header) == "vacuum" else air
    known = expected(spectrum.header, air, airmass)
    found = fit(
        air,
        np.asarray(spectrum.flux, dtype=float),
        np.asarray(spectrum.variance, dtype=float),
        spectrum.mask,
        airmass=airmass,
        resolution=known.resolution,
        shift_error=known.shift_error,
    )
    return found if found is not None and found.measured else None


def keep(sensitivity: Spectrum, standard: Spectrum, airmass: float) -> dict[str, float]:
    """Measure the absorption in the spectrum of a standard star; write it to its sensitivity.

    Parameters
    ----------
    sensitivity : Spectrum
        On the axis of `standard`; gets the plane ``TRANSM`` (1 where nothing was measured) and the
        cards of `reduction.flux.telluric.cards`.
    standard : Spectrum
    airmass : float

    Returns
    -------
    dict
        ``telluric_o2``, in units of the standard atmosphere, and ``telluric_h2o``, mm, as far as
        they were measured.
    """
    found = measure(standard, airmass)
    sensitivity.planes["TRANSM"] = np.ones(standard.flux.shape)
    if found is None or standard.wavelength is None:
        return {}
    air = np.asarray(standard.wavelength, dtype=float)
    air = to_air(air) if medium_of(standard.header) == "vacuum" else air
    passed = np.ones(air.shape)
    for gas in found.measured:
        passed *= transmission(found, air, airmass, gas)
    sensitivity.planes["TRANSM"] = passed
    cards.write(sensitivity.header, found)
    values = {"O2": ("telluric_o2", found.o2, 3), "H2O": ("telluric_h2o", found.h2o, 2)}
    return {
        name: round(value, digits)
        for gas, (name, value, digits) in values.items()
        if gas in found.measured
    }
