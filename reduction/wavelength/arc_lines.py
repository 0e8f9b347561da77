"""Find the emission lines of an extracted arc and measure their centres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoWavelengthSolution
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FWHM_PER_SIGMA = 2.3548
N_LANDMARKS = 15
"""Number of bright clean lines by which arcs of one setup are compared."""
LANDMARK_REACH = 6.0
"""Largest shift of a line by flexure between two arcs of a night, pixels."""
N_COMMON = 3
"""Least number of common lines from which the shift of two arcs is measured."""
CONTINUUM_BLOCK = 48
"""Length of the blocks in which the continuum is a low percentile, pixels; many line widths."""


@dataclass(frozen=True, eq=False)
class ArcLines:
    """Detected lines, in order of position.

    Parameters
    ----------
    pixel : (n,) float64
        Centres, 0-based pixels of the arc as extracted; pixel centres are whole numbers.
    height : (n,) float64
        Height over the continuum, smoothed by the line profile, in units of the noise.
    clean : (n,) bool
        False for a line that is broader than the others, merged with a neighbour or saturated:
        used to identify the pattern, not for the fit.
    flat : (n,) bool
        True for a line that would be clean if it were not saturated: its flanks determine its
        centre, less accurately than for a clean line.
    fwhm : float
        Width of a single line, pixels.
    """

    pixel: Floats
    height: Floats
    clean: Bools
    flat: Bools
    fwhm: float


def subtract_continuum(flux: Floats) -> Floats:
    """Subtract the smooth continuum of an arc: a low percentile in blocks, interpolated.

    Parameters
    ----------
    flux : (n,) float
        Extracted arc, any unit.

    Returns
    -------
    (n,) float
        Same unit; 0 where `flux` is not finite.

    Raises
    ------
    NoWavelengthSolution
        No pixel is finite.
    """
    good = np.isfinite(flux)
    n_blocks = max(flux.size // CONTINUUM_BLOCK, 2)
    edges = np.linspace(0, flux.size, n_blocks + 1).astype(int)
    width = int(np.diff(edges).max())
    inside = edges[:-1, None] + np.arange(width)
    values = np.where(good, flux, np.inf)[np.minimum(inside, flux.size - 1)]
    values[inside >= edges[1:, None]] = np.inf
    values.sort(axis=1)
    counts = np.isfinite(values).sum(axis=1)
    known = counts > 0
    if not known.any():
        raise NoWavelengthSolution(NoticeCode.ARC_WITHOUT_PIXELS)
    level = values[np.arange(n_blocks), np.maximum(counts - 1, 0) // 4]
    middle = 0.5 * (edges[:-1] + edges[1:] - 1)
    continuum = np.interp(np.arange(flux.size), middle[known], level[known])
    return np.where(good, flux - continuum, 0.0)


def noise_of(signal: Floats) -> float:
    """Return the pixel-to-pixel noise outside lines.

    It is the median absolute first difference, scaled to one sigma of a normal distribution. Lines
    have little effect on it.

    Parameters
    ----------
    signal : (n,) float

    Returns
    -------
    float
        In the unit of `signal`; 0 when all differences are.
    """
    steps = np.abs(np.diff(signal))
    steps = steps[steps > 0]
    return float(1.4826 * np.median(steps) / np.sqrt(2)) if steps.size else 0.0


def _smooth(signal: Floats, fwhm: float) -> tuple[Floats, Floats]:
    """Return signal convolved with a Gaussian of that width, and the convolution's slope."""
    sigma = max(fwhm / FWHM_PER_SIGMA, 0.7)
    half = int(np.ceil(4 * sigma))
    k = np.arange(-half, half + 1)
    kernel = np.exp(-0.5 * (k / sigma) ** 2)
    kernel /= kernel.sum()
    smooth = np.convolve(signal, kernel, mode="same")
    slope = np.convolve(signal, -k / sigma**2 * kernel, mode="same")
    return smooth, slope


def centres(signal: Floats, fwhm: float, threshold: float) -> tuple[Floats, Floats]:
    """Return the centres of the lines: the zeros of the correlation with the slope of a Gaussian.

    The zero of the correlation with an odd function is the centre of any symmetric line, also of
    the flat-topped lines of a wide slit (as in IRAF's ``center1d``; principle: Tonry & Davis 1979,
    AJ 84, 1511).

    Parameters
    ----------
    signal : (n,) float
        Arc without continuum.
    fwhm : float
        Width of the lines, pixels.
    threshold : float
        Least height of the smoothed line, unit of `signal`.

    Returns
    -------
    pixel, height : (n_lines,) float
        Centres (0-based pixels), ascending, and heights of the smoothed lines.
    """
    smooth, slope = _smooth(signal, fwhm)
    i = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
    height = np.maximum(smooth[i], smooth[i + 1])
    i, height = i[height > threshold], height[height > threshold]
    return i + slope[i] / (slope[i] - slope[i + 1]), height


def _half_widths(signal: Floats, pixel: Floats, reach: int) -> tuple[Floats, Floats]:
    """Distance from each centre to half its maximum on the left and on the right, pixels."""
    x = np.arange(signal.size, dtype=float)
    peak = np.interp(pixel, x, signal)
    core = np.clip(np.rint(pixel).astype(int), 1, signal.size - 2)
    peak = np.maximum(peak, np.maximum(signal[core - 1], signal[core + 1]) * 0.95)
    offset = np.arange(0, reach, 0.25)
    sides = []
    for sign in (-1.0, 1.0):
        value = np.interp(pixel[:, None] + sign * offset, x, signal, left=0.0, right=0.0)
        below = value < 0.5 * peak[:, None]
        sides.append(np.where(below.any(axis=1), offset[below.argmax(axis=1)], float(reach)))
    return sides[0], sides[1]


def line_width(signal: Floats, noise: float) -> float:
    """Return the width of single lines, from the well exposed ones.

    Parameters
    ----------
    signal : (n,) float
        Arc without continuum.
    noise : float
        One sigma, unit of `signal`.

    Returns
    -------
    float
        FWHM, pixels.
    """
    pixel, height = centres(signal, 2.5, 15 * noise)
    if pixel.size == 0:
        return 2.5
    strong = np.argsort(height)[-60:]
    left, right = _half_widths(signal, pixel[strong], 60)
    # Blends and saturated lines are broader, cosmic rays narrower; the 40th percentile is between.
    return float(np.clip(np.percentile(left + right, 40), 1.5, 60.0))


def find_lines(flux: Floats, saturated: Bools | None = None, *, threshold: float = 6.0) -> ArcLines:
    """Detect and centre the lines of an arc.

    Parameters
    ----------
    flux : (n,) float
        Extracted arc, any unit; NaN pixels are treated as continuum.
    saturated : (n,) bool, optional
        Pixels whose value is only a lower limit.
    threshold : float
        Smallest height over the noise of the smoothed arc.

    Returns
    -------
    ArcLines
        Possibly empty.

    Raises
    ------
    NoWavelengthSolution
        If no pixel is finite.
    """
    signal = subtract_continuum(np.asarray(flux, dtype=float))
    noise = noise_of(signal)
    if noise == 0:
        return ArcLines(np.empty(0), np.empty(0), _none(0), _none(0), 2.5)
    fwhm = line_width(signal, noise)
    pixel, height = centres(signal, fwhm, threshold * noise / np.sqrt(max(fwhm, 1.0)))
    if pixel.size == 0:
        return ArcLines(pixel, height, _none(0), _none(0), fwhm)
    left, right = _half_widths(signal, pixel, int(np.ceil(3 * fwhm)))
    gap = np.diff(pixel, prepend=-np.inf, append=np.inf)
    # A neighbour affects a line unless it is much fainter.
    before, after = np.append(0.0, height[:-1]), np.append(height[1:], 0.0)
    near = (gap[:-1] < 1.7 * fwhm) & (before > 0.1 * height)
    near |= (gap[1:] < 1.7 * fwhm) & (after > 0.1 * height)
    skewed = np.abs(left - right) > np.maximum(0.25 * (left + right), 0.75)
    apart = ~skewed & ~near
    clean, flat = (left + right < 1.5 * fwhm + 0.5) & apart, _none(pixel.size)
    if saturated is not None and saturated.any():
        # A clipped line is broader at half its height.
        touched = np.convolve(saturated, np.ones(3), mode="same") > 0
        flat = apart & (left + right < 2 * fwhm + 0.5) & touched[np.rint(pixel).astype(int)]
        clean &= ~touched[np.rint(pixel).astype(int)]
    return ArcLines(pixel, height / noise, clean, flat, fwhm)


def _none(n: int) -> Bools:
    return np.zeros(n, dtype=bool)


def landmarks(lines: ArcLines) -> list[float]:
    """Return the positions of the brightest clean lines, pixels, ascending."""
    clean = np.flatnonzero(lines.clean)
    brightest = clean[np.argsort(lines.height[clean])[-N_LANDMARKS:]]
    return [round(float(x), 3) for x in np.sort(lines.pixel[brightest])]


def shift(positions: list[float], reference: list[float]) -> float | None:
    """Return the shift between the lines of two arcs of one setup, pixels.

    Parameters
    ----------
    positions, reference : list of float
        Lines as `landmarks` returns them.

    Returns
    -------
    float or None
        Median of `positions` minus `reference` over the lines that agree within `LANDMARK_REACH`.
        None for fewer than `N_COMMON` common lines, or when they do not agree to half a pixel.
    """
    if not positions or not reference:
        return None
    apart = np.subtract.outer(np.array(positions), np.array(reference))
    nearest = apart[np.arange(len(positions)), np.abs(apart).argmin(axis=1)]
    common = nearest[np.abs(nearest) <= LANDMARK_REACH]
    if common.size < N_COMMON:
        return None
    middle = float(np.median(common))
    agree = np.abs(common - middle) < 0.5
    return middle if np.count_nonzero(agree) >= max(N_COMMON, common.size / 2) else None
