"""Model of sharp traces: the local profile across the trace times the light of every column.

Sampled with two pixels per FWHM, the trace of a point source is as sharp as a cosmic ray, and its
lines are not in the smooth model of `reduction.cosmic_rays.scene`. Without the trace only what
differs from its profile is left to be judged, as in the rejection of cosmic rays by optimal
extraction (Horne 1986, PASP 98, 609).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from reduction.detector import robust

Image = NDArray[np.float32]

SHARP = 1.5
"""Least curvature of the profile along the slit, sigmas of a pixel, for which a trace is modelled.
A Laplacian is significant from about three times that."""
REACH = 4
"""Rows on both sides of those that are sharp."""
BLOCK = 32
"""Columns over which the profile is a median: few, since a tilted trace moves."""
SCATTER_BLOCK = 128
"""Columns over which the scatter about the model is measured."""
REJECTED = 4
"""Pixels of a column that are left out of its fit at most."""
LIMIT = 4.0
"""Significance from which they are, sigmas."""
PRIOR = 4.0
"""Weight of the light of the neighbouring columns, in squared signal to noise."""
LINE_ERROR = 0.08
"""Relative error of the profile where the light differs from that of the neighbouring columns."""


@dataclass(slots=True)
class Trace:
    """The model of some rows.

    Parameters
    ----------
    rows : slice
    light : (n_rows, n_columns) float32
        The model, electron.
    variance, misfit : (n_rows, n_columns) float32
        Variance of its pixels without a cosmic ray, electron squared, and its error, electron.
    """

    rows: slice
    light: Image
    variance: Image
    misfit: Image


@cache
def _cubic(n: int, n_blocks: int) -> Image:
    """Return the matrix (n, n_blocks) of the cubic spline through the middles of blocks."""
    from scipy.interpolate import CubicSpline  # noqa: PLC0415 - as in `targets`, for the start

    if n_blocks < 4:
        return robust.interpolation(n, n_blocks)
    middles = (np.arange(n_blocks) + 0.5) * n / n_blocks - 0.5
    spline = CubicSpline(middles, np.eye(n_blocks), bc_type="natural")
    inside = np.clip(np.arange(n), middles[0], middles[-1])
    matrix = spline(inside) + (np.arange(n) - inside)[:, None] * spline(inside, 1)
    return matrix.astype(np.float32)


def sharp_rows(targets: Image, sigma: Image) -> list[slice]:
    """Return the groups of rows in which the light changes sharply along the slit.

    Parameters
    ----------
    targets : (n_rows, n_blocks) float32
        Median of every row in blocks of columns, without sky, electron.
    sigma : (n_rows, n_blocks) float32
        Noise of a pixel there, electron.
    """
    n_rows, n_blocks = targets.shape
    if n_rows < 3:
        return []
    curvature = np.abs(targets[2:] - 2 * targets[1:-1] + targets[:-2]) / sigma[1:-1]
    if n_blocks >= 3:
        curvature = (curvature[:, 2:] + curvature[:, 1:-1] + curvature[:, :-2]) / 3
    sharp = np.zeros(n_rows + 2, dtype=np.int8)
    for row in (np.flatnonzero(curvature.max(axis=1) > SHARP) + 1).tolist():
        sharp[max(row - REACH, 0) + 1 : row + REACH + 2] = 1
    sharp[-1] = 0
    steps = np.diff(sharp)
    return [
        slice(int(first), int(last))
        for first, last in zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0), strict=True)
    ]


def follow(residual: Image, sky: Image, variance: Image, rows: slice) -> Trace:
    """Model the trace in some rows.

    Parameters
    ----------
    residual : (n_rows, n_columns) float32
        Those rows without sky, electron.
    sky : (n_rows, n_columns) float32
        The sky, electron.
    variance : (n_rows, n_columns) float32
        As the frame states it, electron squared.
    rows : slice
        The rows.
    """
    n = residual.shape[1]
    profile = robust.row_medians(residual, BLOCK)
    spread = _cubic(n, profile.shape[1]).T
    typical = profile @ spread
    base = _typical_variance(variance, residual + sky, n)
    fit, noise = _columns(residual, typical, base, sky)
    light = fit * typical
    line = np.abs(fit - 1)
    misfit = line * (LINE_ERROR * np.abs(typical) + np.float32(0.2) * np.sqrt(base))
    total = np.sqrt(noise + np.square(misfit))
    extra = _excess((residual - light) / total)
    misfit = np.sqrt(np.square(misfit) + np.square(total) * extra)
    return Trace(rows, light, noise, misfit)


def _typical_variance(variance: Image, counts: Image, n: int) -> Image:
    """Return the variance without the photons, per row and column, smooth along the row."""
    blocks = robust.row_medians(variance - np.maximum(counts, 0), SCATTER_BLOCK)
    floor = robust.row_medians(variance, SCATTER_BLOCK) * np.float32(0.05)
    spread = robust.interpolation(n, blocks.shape[1]).T
    return np.maximum(np.maximum(blocks, floor) @ spread, np.float32(1e-3))


def _columns(residual: Image, typical: Image, base: Image, sky: Image) -> tuple[Image, Image]:
    """Return the light of every column over the typical one, and the variance of its pixels.

    The pixels that deviate upwards most, one after the other, are left out.
    """
    keep = np.ones(residual.shape, dtype=np.float32)
    noise = base + np.maximum(typical + sky, 0)
    column = np.arange(residual.shape[1])
    excess: Image = np.zeros((1, 1), np.float32)
    for number in range(REJECTED + 1):
        weight = keep * typical / noise
        fit = ((weight * residual).sum(axis=0) + PRIOR) / ((weight * typical).sum(axis=0) + PRIOR)
        fit = np.maximum(fit, 0)
        noise = base + np.maximum(fit * typical + sky, 0)
        if number == REJECTED:
            break
        error = np.abs(fit - 1) * (LINE_ERROR * np.abs(typical))
        off = (residual - fit * typical) / np.sqrt(noise + np.square(error))
        if number == 0:
            excess = _excess(off)
        off /= np.sqrt(1 + excess)
        off[keep == 0] = 0
        worst = off.argmax(axis=0)
        beyond = off[worst, column] > LIMIT
        if not beyond.any():
            break
        keep[worst[beyond], column[beyond]] = 0
    return fit, noise


def _excess(off: Image) -> Image:
    """Return by how much the variance of the rows about the model exceeds the expected one.

    Measured from the middle 68 % of the values: cosmic rays do not affect it.
    """
    n = off.shape[1]
    blocks = robust.sorted_blocks(off, SCATTER_BLOCK)
    low, high = (blocks[..., round(part * (blocks.shape[2] - 1))] for part in (0.1587, 0.8413))
    excess: Image = np.square((high - low) * np.float32(0.5)) - 1
    # The scatter of so few values is itself uncertain.
    excess[excess < 0.4] = 0
    return np.maximum(excess @ robust.interpolation(n, excess.shape[1]).T, 0)
