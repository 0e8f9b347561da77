"""Which lines of a lamp are single at the resolution of an arc, and the centres of blends.

With a wide slit or a coarse grating most lines are blended. The NIST strengths do not determine the
centre of a blend, but the published lamps do: their lines are convolved to the width of the arc's
lines and centred in the same way.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from reduction.lines.line_list import single_lines
from reduction.wavelength.arc_lines import centres
from reduction.wavelength.lamp_templates import published_patterns
from reduction.wavelength.line_match import nearest
from reduction.wavelength.line_problem import MARGIN_PX, Problem

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLENDING_FWHM_PX = 8.0
"""Line width from which most lines blend; that of the published lamps is 3.3 unbinned pixels."""
MOVED = 0.12
"""Largest shift by neighbours of a line that counts as single, line widths."""


def resolved(problem: Problem, lamp: str, without: frozenset[str] = frozenset()) -> Problem:
    """Return the problem with `single` set, and with centres of blends as laboratory lines."""
    pixel = problem.model_pixel(problem.laboratory)
    single = np.zeros(pixel.size, dtype=bool)
    near = np.flatnonzero(np.isfinite(pixel))
    if near.size < 2:
        return problem
    dispersion = np.gradient(problem.predicted(pixel[near]), pixel[near])
    single[near] = single_lines(
        problem.laboratory[near], problem.strength[near], problem.fwhm * dispersion
    )
    peaks = _published_peaks(problem, lamp, without)
    if peaks.size < 2:
        return replace(problem, single=single)
    alone = np.flatnonzero(single)
    offset = np.abs(peaks[nearest(peaks, pixel[alone])] - pixel[alone]) / problem.fwhm
    single[alone[(offset > MOVED) & (offset < 0.8)]] = False
    kept = pixel[single]
    if kept.size >= 2:
        peaks = peaks[np.abs(kept[nearest(kept, peaks)] - peaks) > 0.8 * problem.fwhm]
    laboratory = np.concatenate([problem.laboratory, problem.predicted(peaks)])
    order = np.argsort(laboratory)
    return replace(
        problem,
        laboratory=laboratory[order],
        strength=np.concatenate([problem.strength, np.zeros(peaks.size)])[order],
        single=np.concatenate([single, np.ones(peaks.size, dtype=bool)])[order],
    )


def _published_peaks(problem: Problem, lamp: str, without: frozenset[str]) -> Floats:
    """Return the model pixels of published lamps' lines at the resolution of the arc."""
    if problem.fwhm < BLENDING_FWHM_PX:
        return np.empty(0)
    drawn = [
        _peaks_of(problem, wavelength, height)
        for wavelength, height in published_patterns(problem, lamp, without)
    ]
    return drawn[0] if drawn else np.empty(0)


def _peaks_of(problem: Problem, wavelength: Floats, height: Floats) -> Floats:
    first = problem.extent[0] - MARGIN_PX
    signal = np.zeros(int(problem.extent[1] - first + MARGIN_PX))
    position = problem.model_pixel(wavelength) - first
    inside = np.isfinite(position) & (position > 0) & (position < signal.size - 2)
    low = np.floor(position[inside]).astype(int)
    part = position[inside] - low
    np.add.at(signal, low, (1 - part) * height[inside])
    np.add.at(signal, low + 1, part * height[inside])
    # The image of the slit is a box of the line's width, smoothed by the optics.
    half = int(np.ceil(0.5 * problem.fwhm))
    box = np.clip(0.5 * problem.fwhm + 0.5 - np.abs(np.arange(-half, half + 1)), 0, 1)
    signal = gaussian_filter1d(np.convolve(signal, box, mode="same"), 1.0)
    peak, peak_height = centres(signal, problem.fwhm, 0.0)
    bright = (
        peak_height > 0.01 * np.sort(peak_height)[-min(5, peak_height.size)]
        if peak_height.size
        else np.zeros(0, dtype=bool)
    )
    peak, peak_height = peak[bright], peak_height[bright]
    gap = np.diff(peak, prepend=-np.inf, append=np.inf)
    alone = (gap[:-1] > 1.7 * problem.fwhm) & (gap[1:] > 1.7 * problem.fwhm)
    return np.asarray(first + peak[alone], dtype=float)
