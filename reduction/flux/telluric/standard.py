"""The absorption in the spectrum of a standard star, kept with the sensitivity made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.flux.telluric import cards
from reduction.flux.telluric.bands import Gas
from reduction.flux.telluric.expectation import expected
from reduction.flux.telluric.fit import Telluric, fit, transmission
from reduction.frames import Spectrum
from reduction.wavelength.axis.medium import in_air, medium_of


@dataclass(frozen=True, slots=True, eq=False)
class Absorption:
    """The absorption in a spectrum, and the transmission of what it shows, (n,), at its pixels."""

    found: Telluric
    passed: NDArray[np.float64]

    def record(self, sensitivity: Spectrum) -> dict[str, float | int | str]:
        """Write it to a sensitivity on the same axis, for spectra too faint to show it.

        Returns
        -------
        dict
            ``telluric_o2``, in units of the standard atmosphere, and ``telluric_h2o``, mm, as far
            as they were measured.
        """
        cards.write(sensitivity.header, self.found)
        sensitivity.planes["TRANSM"] = self.passed
        numbers = {
            Gas.OXYGEN: ("telluric_o2", self.found.o2),
            Gas.WATER: ("telluric_h2o", self.found.h2o),
        }
        measured = self.found.measured
        return {key: round(value, 3) for gas, (key, value) in numbers.items() if gas in measured}


def measure(spectrum: Spectrum, airmass: float) -> Absorption | None:
    """Fit the absorption in the spectrum of a star.

    Parameters
    ----------
    spectrum : Spectrum
        Wavelength calibrated, in air or vacuum; counts or flux.
    airmass : float

    Returns
    -------
    Absorption or None
        None if the spectrum shows neither oxygen nor water.
    """
    if spectrum.wavelength is None:
        return None
    air = in_air(spectrum.wavelength, medium_of(spectrum.header))
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
    if found is None or not found.measured:
        return None
    passed = np.ones(air.shape)
    for gas in found.measured:
        passed *= transmission(found, air, airmass, gas)
    return Absorption(found, passed)
