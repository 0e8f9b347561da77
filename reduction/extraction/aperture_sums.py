"""Boxcar and optimal extraction of the light in an aperture that follows a trace.

`boxcar_extract` sums the pixels between two edges; a pixel that an edge cuts counts in proportion.
`optimal_extract` weights every pixel with the target's profile over its variance (Horne 1986, PASP
98, 609), which gives the least noise where the background dominates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reduction.detector.strip import Strip
from reduction.frames import PixelFlag
from reduction.sky.background import Background
from reduction.sky.sky_model import SkyModel

Array = NDArray[np.float64]

MIN_LIGHT = 0.3
"""Fraction of the aperture's light that must be in good pixels for a column to have a value."""
NEGLIGIBLE = 0.005
"""Fraction of the light in bad pixels from which an optimally weighted column is flagged."""
_ITERATIONS = 3


@dataclass(frozen=True, slots=True)
class ExtractedFlux:
    """The light of a target in every column.

    Parameters
    ----------
    flux, variance : (n_dispersion,) float64
        NaN and inf where there is no value.
    flags : (n_dispersion,) uint8
        SATURATED when the aperture holds such a pixel, INTERPOLATED when defects were corrected,
        BAD without a value.
    sky : (n_dispersion,) float64
        Background inside the aperture.
    """

    flux: Array
    variance: Array
    flags: NDArray[np.uint8]
    sky: Array


def covered(rows: NDArray[Any], low: Array, high: Array) -> Array:
    """Return how much of every pixel lies between two edges, 0 to 1.

    Parameters
    ----------
    rows : (n_rows,) int
        Row numbers; a pixel reaches half a row to either side.
    low, high : (n_dispersion,) float
        Edges per column.

    Returns
    -------
    (n_rows, n_dispersion) float
    """
    centre = rows[:, None].astype(float)
    part = np.minimum(centre + 0.5, high) - np.maximum(centre - 0.5, low)
    return np.clip(part, 0.0, 1.0)


def boxcar_extract(
    strip: Strip,
    centre: Array,
    edges: tuple[float, float],
    background: Background | SkyModel | None = None,
    *,
    light: Array | None = None,
    others: Array | float = 0.0,
) -> ExtractedFlux:
    """Sum the light between two edges along a trace, with fractions of pixels.

    Parameters
    ----------
    strip : Strip
        Electron; its rows cover the aperture as far as the frame does.
    centre : (n_dispersion,) float
        Row of the trace at every column.
    edges : (float, float)
        Lower and upper edge relative to the trace, in rows.
    background : Background or SkyModel, optional
        Subtracted from every pixel.
    light : (n_rows, n_dispersion) float, optional
        Profile of the target, from which the light in flagged pixels is estimated. Without it the
        light is taken to be uniform over the aperture.
    others : (n_rows, n_dispersion) float, optional
        Light of other targets, electron, subtracted.

    Returns
    -------
    ExtractedFlux
        Electron per column. A column whose good pixels hold less than `MIN_LIGHT` has no value.
    """
    low, high = centre + edges[0], centre + edges[1]
    aperture = covered(strip.rows, low, high)
    expected = aperture if light is None else aperture * light
    # The part of the aperture beyond the border of the frame is lost like a defect.
    missing = (high - low) - aperture.sum(axis=0)
    whole = expected.sum(axis=0)
    kept = np.where(strip.good, aperture, 0.0)
    share = np.where(whole > 0, np.where(strip.good, expected, 0).sum(axis=0) / _safe(whole), 0.0)
    signal = strip.data - others
    if background is not None:
        signal = signal - background.at(strip.rows)
    flux = (kept * signal).sum(axis=0) / _safe(share)
    variance = (kept**2 * strip.variance).sum(axis=0) / _safe(share) ** 2
    if background is not None:
        variance += background.variance_of_sum(kept / _safe(share), strip.rows)
    lost = (share < MIN_LIGHT) | (missing > 0.5 * (high - low))
    return _finish(
        strip, aperture, background, flux, variance, lost=lost, repaired=share < 1 - 1e-9
    )


def optimal_extract(
    strip: Strip,
    centre: Array,
    edges: tuple[float, float],
    background: Background | SkyModel | None,
    lights: Sequence[Array],
) -> tuple[ExtractedFlux, Array]:
    """Fit the profiles of a target and its neighbours to every column (Horne 1986, PASP 98, 609).

    In every column ``D = Σ_k F_k P_k`` is solved for the fluxes F by weighted least squares. The
    weights come from the variance that the model implies, not from that of the pixels: a pixel that
    is high by chance has a high variance, so its own variance would bias the flux low. Pixels that
    deviate by more than 5 σ are rejected.

    Parameters
    ----------
    strip : Strip
        All its rows are used.
    centre, edges, background
        As in `boxcar_extract`. The edges only limit where the sky is summed and where a saturated
        pixel flags the column.
    lights : sequence of (n_rows, n_dispersion) float
        Profiles, normalised to 1 over an infinite slit: the first is that of the target, the others
        are those of its neighbours.

    Returns
    -------
    target : ExtractedFlux
        Electron per column: all light of the target, also that outside the strip.
    others : (n_rows, n_dispersion) float
        Light of the neighbours.
    """
    sky = 0.0 if background is None else background.at(strip.rows)
    signal = np.nan_to_num(strip.data - sky)
    base = _row_noise(strip)
    model_variance = np.maximum(strip.variance, 1e-6)
    keep = strip.good
    shapes = np.stack(lights)
    highest = shapes.max(axis=1)
    for _ in range(_ITERATIONS):
        weighted = np.where(keep, shapes / model_variance, 0.0)
        flux, inverse = _solve(weighted, shapes, signal)
        scene = np.einsum("kx,krx->rx", flux, shapes) if len(shapes) > 1 else flux[0] * shapes[0]
        model_variance = np.maximum(base + np.maximum(scene + sky, 0), 1e-6)
        # The profile is known to a few per cent only, so a bright pixel may deviate by as much.
        tolerance = 5 * np.sqrt(model_variance) + 0.1 * (np.abs(flux) * highest).sum(axis=0)
        keep = strip.good & (np.abs(signal - scene) <= tolerance)
    weights = np.einsum("kx,krx->rx", inverse[0], np.where(keep, shapes / model_variance, 0.0))
    variance = (weights**2 * model_variance).sum(axis=0)
    if background is not None:
        variance = variance + background.variance_of_sum(weights, strip.rows)
    share = np.where(keep, shapes[0], 0).sum(axis=0)
    hidden = np.where(keep, 0, shapes[0]).sum(axis=0)
    aperture = covered(strip.rows, centre + edges[0], centre + edges[1])
    lost = (share < MIN_LIGHT) | (variance <= 0)
    target = _finish(
        strip, aperture, background, flux[0], variance, lost=lost, repaired=hidden > NEGLIGIBLE
    )
    return target, scene - flux[0] * shapes[0]


def _row_noise(strip: Strip) -> Array:
    """Return the part of the variance that is not photon noise, typical of every row, (n_rows, 1).

    This is the read noise and the variance of the masters. The median over a row is used, since in
    a single pixel the photon noise of its counts does not cancel.
    """
    part = np.s_[:, :: max(strip.data.shape[1] // 500, 1)]
    excess = strip.variance[part] - np.maximum(strip.data[part], 0)
    return np.asarray(np.maximum(np.median(excess, axis=1), 1e-6)[:, None])


def _solve(weighted: Array, shapes: Array, signal: Array) -> tuple[Array, Array]:
    """Return the fluxes (n_targets, n_dispersion) and the inverse of their normal matrix."""
    if len(shapes) == 1:
        norm = (weighted[0] * shapes[0]).sum(axis=0)
        flux = (weighted[0] * signal).sum(axis=0) / _safe(norm)
        return flux[None], np.where(norm > 0, 1 / _safe(norm), 0.0)[None, None]
    normal = np.einsum("krx,lrx->xkl", weighted, shapes)
    right = np.einsum("krx,rx->xk", weighted, signal)
    diagonal = np.einsum("xkk->xk", normal)
    # A target without a usable pixel in a column gets flux 0 there and leaves the others alone.
    diagonal += np.where(diagonal > 0, 1e-9 * diagonal, 1.0)
    inverse = np.linalg.inv(normal)
    return np.einsum("xkl,xl->kx", inverse, right), np.moveaxis(inverse, 0, -1)


def _finish(
    strip: Strip,
    aperture: Array,
    background: Background | SkyModel | None,
    flux: Array,
    variance: Array,
    *,
    lost: NDArray[np.bool_],
    repaired: NDArray[np.bool_],
) -> ExtractedFlux:
    flags = np.zeros(flux.size, dtype=np.uint8)
    flags[(strip.saturated & (aperture > 0)).any(axis=0)] |= np.uint8(PixelFlag.SATURATED)
    flags[repaired] |= np.uint8(PixelFlag.INTERPOLATED)
    lost = lost | ~np.isfinite(flux) | ~np.isfinite(variance)
    flags[lost] |= np.uint8(PixelFlag.BAD)
    sky = np.zeros(flux.size)
    if background is not None:
        sky = (aperture * background.at(strip.rows)).sum(axis=0)
    sky = np.where(lost, np.nan, sky)
    return ExtractedFlux(np.where(lost, np.nan, flux), np.where(lost, np.inf, variance), flags, sky)


def _safe(values: Array) -> Array:
    return np.where(values > 0, values, 1.0)
