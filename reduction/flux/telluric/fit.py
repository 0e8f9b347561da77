"""The absorption by oxygen and water, fitted to a spectrum.

Five numbers describe it: the columns of oxygen and of water, a shift, the width to which the
templates are smoothed, and the share of the light in the wings of a line. Beside the bands the
spectrum may have any smooth shape, so that counts and fluxes serve alike: in each band a polynomial
is fitted together with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.flux.telluric.bands import Gas
from reduction.flux.telluric.segments import (
    BandResidual,
    Flags,
    Segment,
    judged,
    segments_of,
    without_outliers,
)
from reduction.flux.telluric.templates import WATER_MM, transmission_of

Floats = NDArray[np.float64]

OXYGEN_PRIOR: Final = (1.0, 0.15)
"""Column at the zenith, in units of that of the standard atmosphere, and its uncertainty: that of
the template; the column itself changes by a percent."""
WATER_PRIOR: Final = (WATER_MM, 2.5 * WATER_MM)
"""Precipitable water at the zenith, mm."""
WIDTH_PRIOR: Final = 0.25
"""Uncertainty of the resolution, as a fraction."""
WINGS_PRIOR: Final = (0.1, 0.1)
"""Share of the light in the wings of a line: about 0.2 in Goodman Red, 400 lines/mm, 1.0″."""
SHIFT_PRIOR: Final = 0.5
"""Uncertainty of the wavelengths in a slit, as a fraction of the resolution."""
MEASURED: Final = {Gas.OXYGEN: 0.12, Gas.WATER: 0.35}
"""Largest uncertainty of a column, as a fraction of it, that counts as measured."""
_ROUNDS: Final = 2


@dataclass(frozen=True, slots=True)
class Telluric:
    """The absorption in a spectrum.

    Parameters
    ----------
    o2 : float
        Column of oxygen at the zenith, in units of that of the standard atmosphere.
    h2o : float
        Precipitable water at the zenith, mm.
    shift : float
        Of the bands, Å, redwards.
    width : float
        Resolution in the bands, FWHM, Å.
    wings : float
        Share of the light in the wings of a line.
    airmass : float
        Of the spectrum.
    o2_error, h2o_error : float
    measured : frozenset of Gas
        What the spectrum itself shows; of the others the columns are those expected.
    bands : tuple of BandResidual
        The bands with continuum on both sides.
    """

    o2: float
    h2o: float
    shift: float
    width: float
    airmass: float
    wings: float = 0.0
    o2_error: float = float("nan")
    h2o_error: float = float("nan")
    measured: frozenset[Gas] = frozenset()
    bands: tuple[BandResidual, ...] = field(default=())


def transmission(
    telluric: Telluric, wavelength: Floats, airmass: float, gas: Gas | None = None
) -> Floats:
    """Return the transmission at air wavelengths (n,) in Å, at an airmass; of one gas if given."""
    return transmission_of(
        wavelength,
        oxygen=0.0 if gas is Gas.WATER else telluric.o2 * airmass,
        water=0.0 if gas is Gas.OXYGEN else telluric.h2o * airmass,
        shift=telluric.shift,
        width=telluric.width,
        wings=telluric.wings,
    )


def fit(
    wavelength: Floats,
    flux: Floats,
    variance: Floats,
    mask: Flags,
    *,
    airmass: float,
    resolution: float,
    shift_error: float | None = None,
) -> Telluric | None:
    """Fit the absorption in a spectrum.

    Parameters
    ----------
    wavelength : (n,) float64
        Increasing air wavelengths, Å.
    flux : (n,) float64
        Counts or flux, with a smooth response or without.
    variance : (n,) float64
        Of `flux`; pixels without a finite one are not used.
    mask : (n,) uint8
        `PixelFlag` bits; pixels with one of `BAD_PIXEL` are not used.
    airmass : float
    resolution : float
        Expected FWHM of a narrow line, Å.
    shift_error : float, optional
        Uncertainty of the wavelengths, Å; half of the resolution if it is not given: so much a star
        may be off the middle of the slit.

    Returns
    -------
    Telluric or None
        None if no band lies in the spectrum with continuum on both sides, or the spectrum is too
        faint to show one.
    """
    from scipy.optimize import least_squares  # noqa: PLC0415 - as in `targets`, for the start

    segments = segments_of(wavelength, flux, variance, mask)
    if not segments:
        return None
    start = np.array([OXYGEN_PRIOR[0], WATER_PRIOR[0], 0.0, resolution, WINGS_PRIOR[0]])
    uncertain = max(shift_error or 0.0, SHIFT_PRIOR * resolution)
    widths = WIDTH_PRIOR * resolution
    spread = np.array([OXYGEN_PRIOR[1], WATER_PRIOR[1], uncertain, widths, WINGS_PRIOR[1]])
    first, last = segments[0].pixels[0], segments[-1].pixels[-1] + 1
    air = wavelength[first:last]
    for segment in segments:
        segment.pixels = segment.pixels - first

    def passed(values: Floats) -> Floats:
        oxygen, water, shift, width, wings = values
        amounts = {"oxygen": oxygen * airmass, "water": water * airmass}
        return transmission_of(air, **amounts, shift=shift, width=width, wings=wings)

    def residuals(values: Floats) -> Floats:
        model = passed(values)
        return np.concatenate(
            [*(segment.residual(model) for segment in segments), (values - start) / spread]
        )

    lower = [0.3, 0.0, -3 * spread[2], 0.5 * resolution, 0.0]
    upper = [2.0, 40.0, 3 * spread[2], 2.0 * resolution, 0.4]
    # A first look at the shift, since bands that do not overlap their model pull it nowhere.
    steps = np.arange(-2 * uncertain, 2 * uncertain + 0.1, 0.5 * resolution)
    tried = [start + np.array([0, 0, step, 0, 0]) for step in steps]
    values = min(tried, key=lambda one: float(np.sum(np.abs(residuals(one)))))
    for _ in range(_ROUNDS):
        found = least_squares(
            residuals, values, bounds=(lower, upper), x_scale=spread, loss="soft_l1",
            f_scale=2.0, ftol=1e-4, xtol=1e-3, max_nfev=12,
        )  # fmt: skip
        values = found.x
        segments = without_outliers(segments, passed(values))
    errors, measured = _errors(found.jac, values, segments, spread)
    o2, h2o, shift, width, wings = (float(value) for value in values)
    return Telluric(
        o2,
        h2o,
        shift,
        width,
        airmass,
        wings,
        o2_error=errors[0],
        h2o_error=errors[1],
        measured=measured,
        bands=tuple(judged(segment, passed(values)) for segment in segments),
    )


def residuals_of(
    telluric: Telluric, wavelength: Floats, flux: Floats, variance: Floats, mask: Flags
) -> tuple[BandResidual, ...]:
    """Return what a known absorption leaves in the bands of a spectrum, see `fit`."""
    passed = transmission(telluric, wavelength, telluric.airmass)
    found = segments_of(wavelength, flux, variance, mask, least_signal=0.0)
    return tuple(judged(segment, passed) for segment in found)


def _errors(
    jacobian: Floats, values: Floats, segments: list[Segment], spread: Floats
) -> tuple[tuple[float, float], frozenset[Gas]]:
    """Return the errors of the columns, and which of them the spectrum shows."""
    information = jacobian.T @ jacobian
    of_data = information - np.diag(1 / spread**2)
    alone = 1 / np.sqrt(np.clip(np.diag(of_data)[:2], 1e-12, None))
    covariance = np.linalg.pinv(information)
    errors = np.sqrt(np.clip(np.diag(covariance)[:2], 0, None))
    present = {segment.band.gas for segment in segments}
    expected = (OXYGEN_PRIOR[0], WATER_PRIOR[0])
    measured = frozenset(
        gas
        for gas, error, value, usual in zip(Gas, alone, values[:2], expected, strict=True)
        if gas in present and error < MEASURED[gas] * max(float(value), 0.3 * usual)
    )
    return (float(errors[0]), float(errors[1])), measured
