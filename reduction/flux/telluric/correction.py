"""Which absorption a spectrum is divided by, and where.

The absorption is that fitted to the spectrum itself where it shows it, else that of the standard
star, scaled with the airmass. A band is left as it is where the correction would make it worse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from reduction.flux.telluric.bands import BANDS, Gas
from reduction.flux.telluric.fit import Telluric, fit, residuals_of, transmission
from reduction.flux.telluric.segments import BandResidual, Flags

Floats = NDArray[np.float64]

CONTRADICTED: Final = -9.0
"""Gain of χ² below which a spectrum contradicts the absorption of the standard star."""
TAPER: Final = 20.0
"""Å, over which the correction ends beside a band that is left as it is."""
SCALED: Final = {Gas.OXYGEN: 0.05, Gas.WATER: 1.5}
"""Uncertainty of a column that is scaled from another exposure, as a fraction: water changes within
hours, and its own uncertainty is that of a fitted one."""
FITTED: Final = {Gas.OXYGEN: 0.02, Gas.WATER: 1.5}
"""Least uncertainty of a fitted column, as a fraction. In simulated spectra the fit finds 0.4 of
the water: its bands are so wide that most of the absorption is taken for the continuum."""
_STRONGEST: Final = 1e-3
"""Least transmission that is divided by."""


class Source(StrEnum):
    """Where the absorption comes from."""

    SCIENCE = "science"
    STANDARD = "standard"
    BOTH = "science and standard"
    NONE = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What a spectrum is divided by.

    Parameters
    ----------
    transmission : (n,) float64
        1 where nothing is corrected.
    error : (n,) float64
        Systematic error of the corrected flux, as a fraction.
    source : Source
    telluric : Telluric or None
        The absorption; None if nothing is known of it.
    bands : tuple of BandResidual
        Of the bands that are corrected, where the spectrum shows their continuum.
    left_out : tuple of str
        Names of the bands that are left as they are, since the correction makes them worse.
    of_standard : tuple of Gas
        What is corrected with the absorption of the standard star.
    """

    transmission: Floats
    error: Floats
    source: Source = Source.NONE
    telluric: Telluric | None = None
    bands: tuple[BandResidual, ...] = ()
    left_out: tuple[str, ...] = ()
    of_standard: tuple[Gas, ...] = ()

    @property
    def before(self) -> float | None:
        """Largest residual of a corrected band before the correction, as a fraction."""
        return max((band.before for band in self.bands), default=None)

    @property
    def after(self) -> float | None:
        """Largest residual of a corrected band after it, as a fraction."""
        return max((band.after for band in self.bands), default=None)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known beforehand: resolution and uncertainty of the wavelengths, FWHM and σ, Å."""

    airmass: float
    resolution: float
    shift_error: float | None = None


def correction(
    wavelength: Floats,
    flux: Floats,
    variance: Floats,
    mask: Flags,
    *,
    expected: Expected,
    standard: Telluric | None = None,
) -> Correction:
    """Return what a spectrum is to be divided by.

    Parameters
    ----------
    wavelength : (n,) float64
        Increasing air wavelengths, Å.
    flux, variance : (n,) float64
        Counts or flux, and its variance.
    mask : (n,) uint8
        `PixelFlag` bits.
    expected : Expected
    standard : Telluric, optional
        The absorption in the spectrum of the standard star.

    Returns
    -------
    Correction
        Of `Source.NONE` if neither spectrum shows any absorption.
    """
    nothing = Correction(np.ones(wavelength.shape), np.zeros(wavelength.shape))
    own = fit(
        wavelength,
        flux,
        variance,
        mask,
        airmass=expected.airmass,
        resolution=expected.resolution,
        shift_error=expected.shift_error,
    )
    used, origin = _combined(own, standard, expected.airmass)
    if used is None:
        return nothing
    found = residuals_of(used, wavelength, flux, variance, mask)
    judged = {residual.band.name: residual for residual in found}
    applied = {gas: _applied(gas, judged, origin) for gas in Gas}
    passed, squares = np.ones(wavelength.shape), np.zeros(wavelength.shape)
    for gas in Gas:
        weight = _weights(wavelength, applied[gas])
        alone = np.clip(transmission(used, wavelength, used.airmass, gas), _STRONGEST, 1.0)
        passed *= alone**weight
        # Where a band is not corrected, all of its absorption is left as well.
        error = _column_error(used, gas, origin) + (1 - weight)
        squares += (error * np.log(alone)) ** 2
    kept = tuple(r for r in found if r.band.name in applied[r.band.gas])
    left = tuple(
        r.band.name
        for r in found
        if r.band.gas in origin and r.band.name not in applied[r.band.gas]
    )
    squares += _residual_error(wavelength, passed, kept) ** 2
    sources = {origin[gas] for gas in origin if applied[gas]}
    source = Source.BOTH if len(sources) > 1 else next(iter(sources), Source.NONE)
    taken = tuple(gas for gas in Gas if applied[gas] and origin[gas] is Source.STANDARD)
    return Correction(passed, np.sqrt(squares), source, used, kept, left, taken)


_Origin = dict[Gas, Source]


def _combined(
    own: Telluric | None, standard: Telluric | None, airmass: float
) -> tuple[Telluric | None, _Origin]:
    """Return the absorption to use, and of each gas that is known where it is from."""
    measured = frozenset() if own is None else own.measured
    origin = dict.fromkeys(measured, Source.SCIENCE)
    if standard is not None:
        origin |= dict.fromkeys(standard.measured - measured, Source.STANDARD)
    if not origin:
        return None, {}
    of_oxygen, of_water = (
        own if origin.get(gas) is Source.SCIENCE else standard for gas in (Gas.OXYGEN, Gas.WATER)
    )
    # Shift and width are known together with the first gas that the spectrum shows.
    shape = own if measured else standard
    assert shape is not None
    used = replace(
        shape,
        o2=of_oxygen.o2 if of_oxygen is not None and Gas.OXYGEN in origin else 0.0,
        h2o=of_water.h2o if of_water is not None and Gas.WATER in origin else 0.0,
        airmass=airmass,
        bands=(),
    )
    return used, origin


def _applied(gas: Gas, judged: dict[str, BandResidual], origin: _Origin) -> frozenset[str]:
    """Return the names of the bands of a gas that are corrected."""
    if gas not in origin:
        return frozenset()

    def good(residual: BandResidual) -> bool:
        if origin[gas] is Source.SCIENCE:
            return residual.improved
        return residual.gain > CONTRADICTED

    of_gas = {band.name: band for band in BANDS if band.gas is gas}
    seen = {name: good(judged[name]) for name in of_gas if name in judged}
    if seen and not any(seen.values()):
        return frozenset()
    return frozenset(name for name in of_gas if seen.get(name, True))


def _weights(wavelength: Floats, applied: frozenset[str]) -> Floats:
    """Return 1 in the bands that are corrected, 0 elsewhere, and values between beside them."""
    inside = np.zeros(wavelength.shape)
    for band in BANDS:
        if band.name in applied:
            whole = (wavelength >= band.first - TAPER / 2) & (wavelength <= band.last + TAPER / 2)
            inside[whole] = 1.0
    step = float(np.median(np.diff(wavelength)))
    return np.asarray(uniform_filter1d(inside, max(1, round(TAPER / step)), mode="nearest"))


def _column_error(telluric: Telluric, gas: Gas, origin: _Origin) -> float:
    """Return the uncertainty of a column, as a fraction of it."""
    if origin.get(gas) is not Source.SCIENCE:
        return SCALED[gas]
    value, error = (
        (telluric.o2, telluric.o2_error)
        if gas is Gas.OXYGEN
        else (telluric.h2o, telluric.h2o_error)
    )
    return max(FITTED[gas], error / value if value > 0 else 0.0)


def _residual_error(wavelength: Floats, passed: Floats, bands: tuple[BandResidual, ...]) -> Floats:
    """Return what was left in the bands, in proportion to their depth, as a fraction."""
    error = np.zeros(wavelength.shape)
    for residual in bands:
        inside = (wavelength >= residual.band.first) & (wavelength <= residual.band.last)
        depth = 1 - passed[inside]
        typical = float(np.sqrt(np.mean(depth**2))) if depth.size else 0.0
        if typical > 0:
            error[inside] = residual.after * np.minimum(depth / typical, 2.0)
    return error
