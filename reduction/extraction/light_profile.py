"""How a target's light falls along the slit: shape, share inside an aperture, fit to samples.

A pixel holds the light between its edges, so every shape is given by its cumulative light: a pixel
is the difference of two values, an aperture's share likewise, and nothing is sampled too coarsely.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import betainc, erf

Model = Literal["moffat", "gaussian"]
Array = NDArray[np.float64]

STEP = 0.05
"""Spacing of the table of a shape, rows."""
REACH = 12.0
"""A shape is tabulated out to so many FWHM; beyond it there is no light."""
TYPICAL_BETA = 3.0
"""Moffat exponent of seeing-limited images: 2.5 to 4.765 (Trujillo et al. 2001, MNRAS 328, 977)."""
_PRIOR = 0.12
"""How far, as 1/β, a faint target's exponent may stray from the typical one."""


def cumulative(offset: Array, fwhm: float, beta: float | None) -> Array:
    """Return the share of a profile's light below an offset from its centre.

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


@dataclass(frozen=True, slots=True)
class LightProfile:
    """A target's light along the slit, of total 1 over an endless slit.

    Parameters
    ----------
    fwhm : float
        Of the fitted model, rows, free of the pixels' blur.
    beta : float or None
        Moffat exponent; None is a Gaussian.
    correction : (n,) float, optional
        What the light of a bright target has beyond the model, per row, at `correction_at`; of
        total 0.
    """

    fwhm: float
    beta: float | None
    correction_at: Array = field(default_factory=lambda: np.empty(0))
    correction: Array = field(default_factory=lambda: np.empty(0))

    def table(self) -> tuple[Array, Array]:
        """Return offsets and the cumulative light at them."""
        half = REACH * self.fwhm + 1
        offsets = np.arange(-half, half + STEP, STEP)
        light = cumulative(offsets, self.fwhm, self.beta)
        if self.correction.size:
            extra = np.interp(offsets, self.correction_at, self.correction, left=0, right=0)
            summed = np.cumsum(extra) * STEP
            light = light + summed - summed[-1] * light
        return offsets, light

    def pixels(self, offset: NDArray[Any], spread: Array | float = 1.0) -> Array:
        """Return the light of pixels whose centres lie at `offset` rows from the target's.

        `spread`, broadcast against `offset`, is how much wider than here the profile is there; the
        pixels' own width is taken to grow with it, which matters little since it is near 1.
        """
        at, light = self.table()
        pixel = np.interp(at + 0.5, at, light) - np.interp(at - 0.5, at, light)
        if isinstance(spread, float) and spread == 1.0:
            return _look_up(offset, at[0], pixel)
        return np.asarray(_look_up(offset / spread, at[0], pixel) / spread)


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
    """A fitted profile: its shape, centre (rows), light, and level below it (per row)."""

    shape: LightProfile
    centre: float
    light: float
    level: float


LOOSE = 0.68
"""How far, in ln, a fitted width may stray from the expected one: it costs as much as one sigma."""


def fit(  # noqa: PLR0917 (the samples, and what is expected of them)
    offset: Array, value: Array, sigma: Array, start: float, model: Model, hold: float = LOOSE
) -> Fit | None:
    """Fit a pixel-integrated profile on a constant level to samples along the slit.

    Light and level are linear and solved within; centre, width and Moffat exponent are searched
    for. The exponent is held near the typical one as long as the data do not say otherwise, since
    the light far out depends on it.

    Parameters
    ----------
    offset, value, sigma : (n,) float
        Rows from the expected centre, light per row, and its error.
    start : float
        Expected FWHM, rows.
    model : {"moffat", "gaussian"}
    hold : float
        Scatter expected of ln(FWHM / start).

    Returns
    -------
    Fit or None
        None when the data do not determine it: too few samples, no light, or a width out of reason.
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
    try:
        result = least_squares(residuals, first, method="lm", max_nfev=120, xtol=1e-4, ftol=1e-5)
    except (ValueError, np.linalg.LinAlgError):
        return None
    linear, _ = solve(result.x)
    fwhm = float(np.exp(np.clip(result.x[1], -1.5, 6)))
    sane = 0.4 < fwhm < 4 * start + 4 and abs(result.x[0]) < 2 * start + 2
    if not (np.isfinite(result.x).all() and sane and linear[0] > 0):
        return None
    beta = None if model == "gaussian" else 1 / float(np.clip(result.x[2], 0.02, 0.65))
    return Fit(LightProfile(fwhm, beta), float(result.x[0]), float(linear[0]), float(linear[1]))
