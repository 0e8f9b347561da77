"""Profile of a target along the slit: its shape, its integral over pixels, and its fit.

A pixel contains the light between its edges. Profiles are therefore defined by their cumulative
light: the light of a pixel, or of an aperture, is the difference of two values and is not affected
by coarse sampling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, erf

Model = Literal["moffat", "gaussian"]
Array = NDArray[np.float64]

STEP = 0.05
"""Spacing of a tabulated profile, rows."""
REACH = 12.0
"""Half extent of a tabulated profile without wings, FWHM; beyond it the light is zero."""
WING_REACH = 20.0
"""Half extent of a tabulated profile with wings, FWHM."""
TYPICAL_BETA = 3.0
"""Moffat exponent of seeing-limited images: 2.5 to 4.765 (Trujillo et al. 2001, MNRAS 328, 977)."""
_PRIOR = 0.12
"""Standard deviation of the prior on 1/β, which holds the exponent of a faint target."""


def cumulative(offset: Array, fwhm: float, beta: float | None) -> Array:
    """Return the fraction of a profile's light below an offset from its centre.

    Parameters
    ----------
    offset : (n,) float
        Rows from the centre.
    fwhm : float
        Full width at half maximum, rows.
    beta : float or None
        Exponent of a Moffat profile (Moffat 1969, A&A 3, 455); None is a Gaussian.

    Returns
    -------
    (n,) float
        From 0 to 1.
    """
    if beta is None:
        return np.asarray(0.5 * (1 + erf(2 * np.sqrt(np.log(2)) * offset / fwhm)))
    core = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    part = betainc(0.5, beta - 0.5, offset**2 / (core**2 + offset**2))
    return np.asarray(0.5 * (1 + np.sign(offset) * part))


def cumulative_wing(offset: Array, fwhm: float) -> Array:
    """Return the fraction of the light of the wings below an offset from the centre.

    Parameters
    ----------
    offset : ndarray of float
        Rows from the centre.
    fwhm : float
        FWHM of the core, rows: the wings are a Lorentz profile of this half width, cut off at
        `WING_REACH`.

    Returns
    -------
    ndarray of float
        From 0 to 1.
    """
    end = np.arctan(WING_REACH)
    return np.asarray(0.5 * (1 + np.clip(np.arctan(offset / fwhm) / end, -1, 1)))


@dataclass(frozen=True, slots=True)
class LightProfile:
    """The profile of a target along the slit, with integral 1 over an infinite slit.

    Parameters
    ----------
    fwhm : float
        Of the fitted model, rows, before integration over pixels.
    beta : float or None
        Moffat exponent; None is a Gaussian.
    correction_at : (n,) float, optional
        Offsets of `correction` from the centre, rows, ascending.
    correction : (n,) float, optional
        Difference between the light of a bright target and the model, per row; its integral is 0.
    wing : float
        Fraction of the light in the wings, which optics and atmosphere scatter far beyond the core:
        they decrease with the square of the distance (King 1971, PASP 83, 199).
    """

    fwhm: float
    beta: float | None
    correction_at: Array = field(default_factory=lambda: np.empty(0))
    correction: Array = field(default_factory=lambda: np.empty(0))
    wing: float = 0.0

    def table(self) -> tuple[Array, Array]:
        """Tabulate the cumulative light.

        Returns
        -------
        offsets : (n,) float
            Rows from the centre, in steps of `STEP`.
        light : (n,) float
            Fraction of the light below each offset.
        """
        offsets, light, _ = self._tables()
        return offsets, light

    def _tables(self) -> tuple[Array, Array, Array]:
        return _tables(
            self.fwhm,
            self.beta,
            self.wing,
            self.correction_at.tobytes(),
            self.correction.tobytes(),
        )

    def pixels(self, offset: NDArray[Any], spread: Array | float = 1.0) -> Array:
        """Return the profile integrated over pixels.

        Parameters
        ----------
        offset : ndarray
            Rows between the centres of the pixels and that of the target, any shape.
        spread : float or ndarray
            Width of the profile relative to `fwhm`, broadcast against `offset`. The pixels are
            scaled with it, a small error since it is near 1.

        Returns
        -------
        ndarray of float64
            Fraction of the light in each pixel, of the broadcast shape.
        """
        at, _, pixel = self._tables()
        if isinstance(spread, float) and spread == 1.0:
            return _look_up(offset, at[0], pixel)
        return np.asarray(_look_up(offset / spread, at[0], pixel) / spread)


@lru_cache(maxsize=64)
def _tables(
    fwhm: float, beta: float | None, wing: float, correction_at: bytes, correction: bytes
) -> tuple[Array, Array, Array]:
    """Tabulate a profile: offsets, light below each, and light of a pixel centred on each."""
    half = (WING_REACH if wing else REACH) * fwhm + 1
    offsets = np.arange(-half, half + STEP, STEP)
    light = cumulative(offsets, fwhm, beta)
    if wing:
        light = (1 - wing) * light + wing * cumulative_wing(offsets, fwhm)
    if correction:
        at, amount = (np.frombuffer(values) for values in (correction_at, correction))
        summed = np.cumsum(np.interp(offsets, at, amount, left=0, right=0)) * STEP
        light = light + summed - summed[-1] * light
    pixel = np.interp(offsets + 0.5, offsets, light) - np.interp(offsets - 0.5, offsets, light)
    for array in (offsets, light, pixel):
        array.flags.writeable = False
    return offsets, light, pixel


def _look_up(place: Array, first: float, values: Array) -> Array:
    """Interpolate linearly in an evenly spaced table, 0 beyond it (faster than `np.interp`)."""
    index = (place - first) / STEP
    whole = np.floor(index)
    part = index - whole
    left = np.clip(whole, 0, values.size - 2).astype(np.intp)
    interpolated = values[left] * (1 - part) + values[left + 1] * part
    return np.asarray(np.where((index < 0) | (index > values.size - 1), 0.0, interpolated))


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted profile: shape, centre (rows), light, and background level (per row)."""

    shape: LightProfile
    centre: float
    light: float
    level: float


LOOSE = 0.68
"""Standard deviation of the prior on ln(FWHM) of a target about the expected width."""


def fit(  # noqa: PLR0917 (samples and prior)
    offset: Array, value: Array, sigma: Array, start: float, model: Model, hold: float = LOOSE
) -> Fit | None:
    """Fit a pixel-integrated profile on a constant level to samples along the slit.

    Light and level are linear parameters, solved at each step of the search for centre, width and
    Moffat exponent. A prior holds the exponent near the typical one unless the data determine it,
    since the light far from the centre depends on it.

    Parameters
    ----------
    offset, value, sigma : (n,) float
        Rows from the expected centre, light per row, and its error.
    start : float
        Expected FWHM, rows.
    model : {"moffat", "gaussian"}
    hold : float
        Standard deviation of the prior on ln(FWHM / start).

    Returns
    -------
    Fit or None
        None when the data do not determine it: too few samples, no light, or an implausible width.
    """
    usable = np.isfinite(value) & np.isfinite(sigma) & (sigma > 0)
    if usable.sum() < 6:
        return None
    u, v, weight = offset[usable], value[usable], 1 / sigma[usable]
    scaled, both_edges = v * weight, np.concatenate([u - 0.5, u + 0.5])

    def solve(p: Array) -> tuple[Array, Array]:
        fwhm = float(np.exp(np.clip(p[1], -1.5, 6)))
        beta = None if model == "gaussian" else 1 / float(np.clip(p[2], 0.02, 0.65))
        edges = cumulative(both_edges - p[0], fwhm, beta)
        pixel = (edges[u.size :] - edges[: u.size]) * weight
        normal = np.array([pixel @ pixel, pixel @ weight, weight @ weight])
        right = np.array([pixel @ scaled, weight @ scaled])
        det = max(float(normal[0] * normal[2] - normal[1] ** 2), 1e-300)
        light = float(normal[2] * right[0] - normal[1] * right[1]) / det
        level = float(normal[0] * right[1] - normal[1] * right[0]) / det
        return np.array([light, level]), light * pixel + level * weight - scaled

    def residuals(p: Array) -> Array:
        held = [] if model == "gaussian" else [(p[2] - 1 / TYPICAL_BETA) / _PRIOR]
        return np.concatenate([solve(p)[1], held, [(p[1] - np.log(start)) / hold]])

    first = np.array([0.0, np.log(start)] + ([] if model == "gaussian" else [1 / TYPICAL_BETA]))
    from scipy.optimize import least_squares  # noqa: PLC0415 - as in `targets`, for the start

    try:
        result = least_squares(residuals, first, method="lm", max_nfev=120, xtol=1e-4, ftol=1e-5)
    except (ValueError, np.linalg.LinAlgError):
        return None
    linear, _ = solve(result.x)
    fwhm = float(np.exp(np.clip(result.x[1], -1.5, 6)))
    plausible = 0.4 < fwhm < 4 * start + 4 and abs(result.x[0]) < 2 * start + 2
    if not (np.isfinite(result.x).all() and plausible and linear[0] > 0):
        return None
    beta = None if model == "gaussian" else 1 / float(np.clip(result.x[2], 0.02, 0.65))
    return Fit(LightProfile(fwhm, beta), float(result.x[0]), float(linear[0]), float(linear[1]))
