"""The systematic error of a flux, as a function of the wavelength.

σ_sys is the error of the calibration: it is common to many pixels, does not become less when pixels
are added, and never goes into the variance. Its parts are independent and added in quadrature. Of a
flux that is not absolute it is the error of the shape: a factor common to all wavelengths is not in
it, which the grade says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reduction.flux.calibration.apply import SensitivityOnAxis
from reduction.flux.response.model import PER_MAGNITUDE

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AirmassTerms:
    """What the error of the extinction comes from.

    Parameters
    ----------
    extinction, extinction_error : (n,) float64
        Extinction and its error, magnitudes per airmass.
    airmass, airmass_error : float
        Of the spectrum.
    of_standard : float
        Airmass of the standard star. An error of the extinction has no effect at this airmass: the
        sensitivity was measured with the same extinction.
    """

    extinction: Floats
    extinction_error: Floats
    airmass: float
    airmass_error: float
    of_standard: float

    @property
    def fraction(self) -> Floats:
        """The error of the flux, (n,), as a fraction."""
        curve = self.extinction_error * (self.airmass - self.of_standard)
        return np.asarray(
            PER_MAGNITUDE * np.hypot(curve, self.extinction * self.airmass_error), dtype=float
        )


@dataclass(frozen=True, slots=True, eq=False)
class SystematicError:
    """The parts of σ_sys, each (n,) float64, as fractions of the flux.

    `further` are those of the slit and of the refraction (`reduction.flux.calibration.slit_loss`),
    of the telluric correction and of a photometric zero point, as far as they occur.
    """

    sensitivity: SensitivityOnAxis
    air: AirmassTerms
    further: tuple[Floats | float, ...] = field(default=())

    @property
    def fraction(self) -> Floats:
        """σ_sys, (n,), as a fraction of the flux; NaN where the sensitivity is not known."""
        squares = self.sensitivity.systematic**2 + self.sensitivity.statistical**2
        squares = squares + self.air.fraction**2
        for part in self.further:
            squares = squares + np.square(part)
        return np.asarray(np.sqrt(squares), dtype=float)
