"""The sky of the whole slit, for spectra whose own background zones are too faint to show a shift.

The rows without a target are averaged. Tilt and curvature of the slit's image, which displace the
sky from row to row, are measured on the arc.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.detector import geometry
from reduction.extraction.trace_cards import read_trace, rows_of

Floats = NDArray[np.float64]

N_STRIPS: Final = 12
"""Strips along the slit that are averaged and then aligned."""
LEAST_ROWS: Final = 12
"""Fewest rows of sky, of the frame."""
QUIET: Final = 3.0
"""Deviation from the median row up to which a row is sky, in units of the scatter."""
MARGIN: Final = 2
"""Rows on either side of a target that are left out."""
LARGEST_SHIFT: Final = 25
"""Largest displacement along the slit, pixels of the arc."""


def slit_sky(frame: CCDData, spectrum: fits.Header, arc: CCDData | None) -> Floats | None:
    """Average the sky of the whole slit on the columns of a spectrum.

    Parameters
    ----------
    frame : CCDData
        The reduced 2-D frame that the spectrum was extracted from, (n_spatial, n_dispersion).
    spectrum : fits.Header
        Of the spectrum, with its trace.
    arc : CCDData or None
        Reduced 2-D arc; its binning may differ. None: the slit's image is taken for straight.

    Returns
    -------
    (n_dispersion,) float64 or None
        Mean sky per row, in the unit of the frame, displaced to the row of the spectrum; NaN where
        there is none. None when too few rows are free of targets.
    """
    data = np.asarray(frame.data, dtype=float)
    if frame.mask is not None:
        data = np.where(np.asarray(frame.mask) != 0, np.nan, data)
    rows = _sky_rows(data)
    if rows.size < LEAST_ROWS:
        return None
    trace, _ = read_trace(spectrum)
    columns = np.arange(data.shape[1], dtype=float)
    own = float(np.median(rows_of(trace, spectrum, frame.meta, columns)[0]))
    curve = _displacement(arc, frame.meta, data.shape[0], own)
    total, weight = np.zeros(columns.size), np.zeros(columns.size)
    for strip in np.array_split(rows, min(N_STRIPS, rows.size // 3)):
        light = _middle(data[strip])
        known = np.isfinite(light)
        if known.sum() < 0.5 * light.size:
            continue
        shift = float(curve(strip.mean()) - curve(own))
        place = columns + shift
        light = np.interp(place, columns[known], light[known])
        inside = np.interp(place, columns, known.astype(float), left=0, right=0) > 0.5
        total += np.where(inside, strip.size * light, 0.0)
        weight += np.where(inside, strip.size, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0.3 * rows.size, total / weight, np.nan)


def _sky_rows(data: Floats) -> NDArray[np.int_]:
    """Return the rows that hold nothing but sky: those whose level is that of most others.

    The scatter is that of the rows below the median, since targets and their wings raise the
    others.
    """
    known = np.isfinite(data).mean(axis=1) > 0.5
    level = np.full(data.shape[0], np.nan)
    step = max(data.shape[1] // 1000, 1)
    level[known] = np.nanmedian(data[known, ::step], axis=1)
    quiet = known.copy()
    for _ in range(5):
        middle = float(np.median(level[quiet])) if quiet.any() else 0.0
        below = middle - level[quiet & (level < middle)]
        scatter = 1.4826 * float(np.median(below)) if below.size else 0.0
        with np.errstate(invalid="ignore"):
            now = known & (np.abs(level - middle) <= QUIET * scatter)
        if now.sum() < LEAST_ROWS or np.array_equal(now, quiet):
            break
        quiet = now
    # The rows next to a target have the wings of its profile.
    bright = known & ~quiet & (level > np.median(level[quiet]))
    near = np.convolve(bright, np.ones(2 * MARGIN + 1), mode="same") > 0
    return np.flatnonzero(quiet & ~near)


def _middle(rows: Floats) -> Floats:
    """Return the median of rows in each column, NaN where none is known."""
    known = np.isfinite(rows).any(axis=0)
    middle = np.full(rows.shape[1], np.nan)
    middle[known] = np.nanmedian(rows[:, known], axis=0)
    return middle


def _displacement(
    arc: CCDData | None, frame: fits.Header, n_rows: int, own: float
) -> np.polynomial.Polynomial:
    """Return the displacement of the slit's image, columns of the frame, by the row of the frame.

    A parabola through the shifts of strips of the arc; zero where the arc does not show them.
    """
    flat = np.polynomial.Polynomial([0.0])
    if arc is None:
        return flat
    height = max(n_rows // (2 * N_STRIPS), 1)
    centres = np.linspace(height, n_rows - 1 - height, N_STRIPS)
    scale = geometry.binning_along(arc.meta, 1) / geometry.binning_along(frame, 1)
    reference = _strip(arc, frame, own, height)
    if reference is None:
        return flat
    found = []
    for centre in centres:
        strip = _strip(arc, frame, float(centre), height)
        shift = None if strip is None else _shift(strip, reference)
        if shift is not None:
            found.append((float(centre), shift * scale))
    if len(found) < 5:
        return flat
    row, shifts = np.array(found).T
    curve = np.polynomial.Polynomial.fit(row, shifts, 2)
    rest = shifts - curve(row)
    kept = np.abs(rest) <= 3 * max(1.4826 * float(np.median(np.abs(rest))), 0.05)
    if kept.sum() < 5 or float(np.std(rest[kept])) > 1.0:
        return flat
    return np.polynomial.Polynomial.fit(row[kept], shifts[kept], 2)


def _strip(arc: CCDData, frame: fits.Header, row: float, height: int) -> Floats | None:
    """Return the rows of an arc around a row of the frame, averaged, its lines compressed."""
    physical = geometry.to_physical(frame, 2, np.array([row - height / 2, row + height / 2]))
    low, high = np.asarray(geometry.to_logical(arc.meta, 2, physical), dtype=float)
    first, last = round(float(low)), round(float(high)) + 1
    if first < 0 or last > arc.shape[0] or last <= first:
        return None
    light = np.median(np.asarray(arc.data[first:last], dtype=float), axis=0)
    if not np.isfinite(light).all():
        light = np.nan_to_num(light, nan=float(np.nanmedian(light)))
    light = light - np.percentile(light, 25)
    return np.asarray(np.clip(light, 0, None) ** 0.5)


def _shift(strip: Floats, reference: Floats) -> float | None:
    """Return by how many pixels a strip is displaced from another."""
    reach = LARGEST_SHIFT
    inner = reference[reach:-reach] - reference.mean()
    score = np.correlate(strip - strip.mean(), inner, mode="valid")
    best = int(np.argmax(score))
    if best in (0, score.size - 1) or not score[best] > 0:
        return None
    before, top, after = score[best - 1 : best + 2]
    return best - reach + 0.5 * float((before - after) / (before - 2 * top + after))
