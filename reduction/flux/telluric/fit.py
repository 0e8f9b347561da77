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

from reduction.flux.telluric.bands import BANDS, Band, Gas
from reduction.flux.telluric.templates import WATER_MM, transmission_of
from reduction.frames import BAD_PIXEL

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

MODEL_ERROR: Final = {Gas.OXYGEN: 0.01, Gas.WATER: 0.02}
"""Of the templates and of the continuum, as a fraction of the continuum."""
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
OUTLIER: Final = 4.0
_LEAST_PIXELS: Final = 12
_ROUNDS: Final = 2
_RIDGE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class BandResidual:
    """What is missing from the continuum in a band, rms, as a fraction of it.

    `before` and `after` the correction, without what the noise accounts for; `gain` is by how much
    χ² becomes less with the absorption, each with the continuum that then fits best.
    """

    band: Band
    before: float
    after: float
    gain: float

    @property
    def improved(self) -> bool:
        """Whether the corrected band agrees better with the continuum than the uncorrected one."""
        return self.gain > 0 and self.after <= self.before


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


@dataclass(slots=True, eq=False)
class _Segment:
    """The usable pixels of a band and its continuum."""

    band: Band
    pixels: NDArray[np.intp]
    flux: Floats
    error: Floats
    basis: Floats

    def continuum(self, passed: Floats) -> Floats:
        """Return the continuum that fits best with a transmission of all pixels."""
        design = self.basis * (passed[self.pixels] / self.error)[:, None]
        square = design.T @ design + _RIDGE * np.eye(design.shape[1])
        found = np.linalg.solve(square, design.T @ (self.flux / self.error))
        return np.asarray(self.basis @ found, dtype=float)

    def residual(self, passed: Floats) -> Floats:
        """Return flux minus model in units of the error."""
        model = self.continuum(passed) * passed[self.pixels]
        return np.asarray((self.flux - model) / self.error, dtype=float)


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

    segments = _segments(wavelength, flux, variance, mask)
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
        segments = _without_outliers(segments, passed(values))
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
        bands=tuple(_judged(segment, passed(values)) for segment in segments),
    )


def residuals_of(
    telluric: Telluric, wavelength: Floats, flux: Floats, variance: Floats, mask: Flags
) -> tuple[BandResidual, ...]:
    """Return what a known absorption leaves in the bands of a spectrum, see `fit`."""
    passed = transmission(telluric, wavelength, telluric.airmass)
    found = _segments(wavelength, flux, variance, mask, least_signal=0.0)
    return tuple(_judged(segment, passed) for segment in found)


LEAST_SIGNAL: Final = 3.0
"""Signal over noise per resolution element of ten pixels below which no band is fitted."""


def _segments(
    wavelength: Floats,
    flux: Floats,
    variance: Floats,
    mask: Flags,
    *,
    least_signal: float = LEAST_SIGNAL,
) -> list[_Segment]:
    """Return the bands that lie in a spectrum with continuum on both sides."""
    good = np.isfinite(flux) & np.isfinite(variance) & (variance > 0)
    good &= (mask & np.uint8(BAD_PIXEL)) == 0
    found = []
    for band in BANDS:
        if band.degree is None:
            continue
        inside = (wavelength >= band.from_) & (wavelength <= band.to)
        pixels = np.flatnonzero(inside & good)
        if pixels.size < max(_LEAST_PIXELS, 0.8 * np.count_nonzero(inside)):
            continue
        at = wavelength[pixels]
        beside = (
            (at[0] - band.from_) / (band.first - band.from_),
            (band.to - at[-1]) / (band.to - band.last),
        )
        if max(beside) > 0.5:
            continue
        level = float(np.median(flux[pixels]))
        noise = np.sqrt(variance[pixels])
        if level <= 0 or level * np.sqrt(10) < least_signal * float(np.median(noise)):
            continue
        error = np.asarray(np.hypot(noise, MODEL_ERROR[band.gas] * level), dtype=float)
        place = 2 * (at - band.from_) / (band.to - band.from_) - 1
        basis = np.asarray(np.polynomial.legendre.legvander(place, band.degree), dtype=float)
        found.append(_Segment(band, pixels, flux[pixels], error, basis))
    return found


def _without_outliers(segments: list[_Segment], passed: Floats) -> list[_Segment]:
    """Return the segments without pixels far from the model, such as lines of the star."""
    kept = []
    for segment in segments:
        residual = segment.residual(passed)
        scatter = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
        use = np.abs(residual) < OUTLIER * max(scatter, 1.0)
        kept.append(
            _Segment(
                segment.band,
                segment.pixels[use],
                segment.flux[use],
                segment.error[use],
                segment.basis[use],
            )
        )
    return kept


def _errors(
    jacobian: Floats, values: Floats, segments: list[_Segment], spread: Floats
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


def _judged(segment: _Segment, passed: Floats) -> BandResidual:
    """Return the residuals of a band with and without a transmission."""
    band = segment.band
    here = passed[segment.pixels]
    continuum = segment.continuum(passed)
    # The model error is in the weights of the fit, the noise alone is what a residual is judged by.
    level = float(np.median(segment.flux))
    noise = np.sqrt(np.clip(segment.error**2 - (MODEL_ERROR[band.gas] * level) ** 2, 0, None))
    inside = here < 1 - 0.1 * (1 - here.min())
    if not inside.any() or not np.all(continuum > 0):
        return BandResidual(band, 0.0, 0.0, 0.0)
    share, noise = ((array / continuum)[inside] for array in (segment.flux, noise))
    expected = here[inside]
    before = float(np.mean((share - 1) ** 2 - noise**2))
    after = float(np.mean((share / expected - 1) ** 2 - (noise / expected) ** 2))
    bare = np.ones(passed.shape)
    without, with_it = (float(np.sum(segment.residual(one) ** 2)) for one in (bare, passed))
    before, after = (float(np.sqrt(max(square, 0))) for square in (before, after))
    return BandResidual(band, before, after, without - with_it)
