"""Which lines of a lamp can be measured in an arc, and where those lie that run into one another.

A wide slit or a coarse grating blends most lines. The NIST strengths do not say where a blend's
centre is; the published lamps do: their lines, drawn with the arc's own width and centred in the
arc's own way, are lines that can be measured.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from reduction.lines.line_list import single_lines
from reduction.wavelength.arc_lines import centres
from reduction.wavelength.lamp_templates import published_patterns
from reduction.wavelength.line_match import MARGIN_PX, Problem, nearest

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLENDING_FWHM_PX = 8.0
"""Line width from which most lines blend; the published lamps' own is 3.3 unbinned pixels."""
MOVED = 0.12
"""Part of a line width by which its neighbours may move a line that is still called single."""


def resolved(problem: Problem, lamp: str, without: frozenset[str] = frozenset()) -> Problem:
    """Return the problem with `single` judged and with the centres of blends among its lines."""
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
    miss = np.abs(peaks[nearest(peaks, pixel[alone])] - pixel[alone]) / problem.fwhm
    single[alone[(miss > MOVED) & (miss < 0.8)]] = False
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
    """Model pixels of the lines that published lamps would show at the arc's resolution."""
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
    place = problem.model_pixel(wavelength) - first
    inside = np.isfinite(place) & (place > 0) & (place < signal.size - 2)
    low = np.floor(place[inside]).astype(int)
    part = place[inside] - low
    np.add.at(signal, low, (1 - part) * height[inside])
    np.add.at(signal, low + 1, part * height[inside])
    # the slit's image is a box of the line's width, rounded by the optics
    half = int(np.ceil(0.5 * problem.fwhm))
    box = np.clip(0.5 * problem.fwhm + 0.5 - np.abs(np.arange(-half, half + 1)), 0, 1)
    signal = gaussian_filter1d(np.convolve(signal, box, mode="same"), 1.0)
    peak, top = centres(signal, problem.fwhm, 0.0)
    bright = top > 0.01 * np.sort(top)[-min(5, top.size)] if top.size else np.zeros(0, dtype=bool)
    peak, top = peak[bright], top[bright]
    gap = np.diff(peak, prepend=-np.inf, append=np.inf)
    alone = (gap[:-1] > 1.7 * problem.fwhm) & (gap[1:] > 1.7 * problem.fwhm)
    return np.asarray(first + peak[alone], dtype=float)
