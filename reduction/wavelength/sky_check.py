"""Measure the shift of a calibrated spectrum from the features of its sky.

The arc is taken at another time, position or slit than the target, so flexure can shift the
spectrum relative to its wavelength solution. The sky in the same exposure shows the shift: airglow
in emission and, in moonlight or twilight, solar lines in absorption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from reduction.lines.sky_features import AIRGLOW, SOLAR
from reduction.wavelength.arc_lines import FWHM_PER_SIGMA

Floats = NDArray[np.float64]

REACH_A = 60.0
SMOOTH_A = 50.0
COEFFICIENT, CONTRAST = 0.4, 1.8
"""Least correlation of a match, and its least ratio to the best at any other shift."""
BLENDS: Final = {"airglow": 0.03, "solar": 0.3}
"""Uncertainty of the features' wavelengths: airglow in line widths, solar blends in Å."""


@dataclass(frozen=True, slots=True)
class SkyOffset:
    """Offset of the sky's features from their true wavelengths.

    Parameters
    ----------
    offset : float
        Measured minus true wavelength, Å.
    coefficient : float
        Correlation with the known features at that offset, 0 to 1.
    features : str
        ``"airglow"`` or ``"solar"``.
    error : float
        One-sigma uncertainty of the offset, Å: from the noise about the shifted pattern and the
        uncertainty of the features' wavelengths.
    """

    offset: float
    coefficient: float
    features: str
    error: float


def sky_offset(sky: Floats, wavelength: Floats, resolution: float) -> SkyOffset | None:
    """Measure the shift of a sky spectrum against the known features of the night sky.

    Parameters
    ----------
    sky : (n,) float
        Sky in the spectrum's aperture, any unit; NaN where there is no value.
    wavelength : (n,) float
        Air wavelength, Å, evenly spaced and ascending.
    resolution : float
        FWHM of a line of the spectrum, Å.

    Returns
    -------
    SkyOffset or None
        None when the features are too weak for a measurement.
    """
    known = np.isfinite(sky)
    if known.mean() < 0.8 or wavelength.size < 200:
        return None
    step = float(wavelength[1] - wavelength[0])
    filled = np.interp(wavelength, wavelength[known], sky[known])
    offsets = []
    for name, table, sign in (("airglow", AIRGLOW, 1.0), ("solar", SOLAR, -1.0)):
        inside = (table[:, 0] > wavelength[0] + 20) & (table[:, 0] < wavelength[-1] - 20)
        # A pattern needs several lines; for airglow two suffice, since they are always present.
        if inside.sum() < (2 if name == "airglow" else 4):
            continue
        pattern = _high_passed(_drawn(table[inside], wavelength, resolution), step)
        seen = _high_passed(filled, step)
        scale = 1.4826 * float(np.median(np.abs(seen))) or 1.0
        # Clipped, so that features of the other sign and cosmic rays have little weight.
        seen = np.clip(sign * seen / scale, -2, 40 if sign > 0 else 8)
        match = _best_lag(seen, pattern, int(REACH_A / step))
        if match is not None:
            offset = match[0] * step
            error = _uncertainty(seen, pattern, match[0]) * step
            feature_error = BLENDS[name] * (resolution if name == "airglow" else 1.0)
            offsets.append(SkyOffset(offset, match[1], name, float(np.hypot(error, feature_error))))
    return max(offsets, key=lambda candidate: candidate.coefficient, default=None)


def _drawn(table: Floats, wavelength: Floats, resolution: float) -> Floats:
    """Return features as Gaussians of their own width convolved with the resolution."""
    sigma = np.hypot(table[:, 2], resolution) / FWHM_PER_SIGMA
    # A feature narrower than the resolution is fainter in proportion.
    height = table[:, 1] * np.hypot(table[:, 2], 1.0) / np.hypot(table[:, 2], resolution)
    apart = (wavelength[:, None] - table[:, 0]) / sigma
    return np.asarray(np.exp(-0.5 * apart**2) @ height, dtype=float)


def _high_passed(values: Floats, step: float) -> Floats:
    return np.asarray(values - gaussian_filter1d(values, SMOOTH_A / step), dtype=float)


def _best_lag(seen: Floats, pattern: Floats, reach: int) -> tuple[float, float] | None:
    """Return lag (pixels, with fraction) and coefficient of a distinct correlation peak."""
    seen, pattern = seen - seen.mean(), pattern - pattern.mean()
    norm = float(np.linalg.norm(seen) * np.linalg.norm(pattern))
    if norm == 0 or reach < 3 or reach >= seen.size // 2:
        return None
    padded = np.pad(seen, reach)
    score = np.correlate(padded, pattern, mode="valid") / norm
    best = int(np.argmax(score))
    if best in (0, score.size - 1) or score[best] < COEFFICIENT:
        return None
    left, right = best, best
    while left > 0 and score[left - 1] < score[left]:
        left -= 1
    while right < score.size - 1 and score[right + 1] < score[right]:
        right += 1
    elsewhere = np.concatenate([score[:left], score[right + 1 :]])
    if elsewhere.size and score[best] < CONTRAST * elsewhere.max():
        return None
    before, peak, after = score[best - 1 : best + 2]
    part = 0.5 * (before - after) / (before - 2 * peak + after)
    return best - reach + float(part), float(peak)


def _uncertainty(seen: Floats, pattern: Floats, lag: float) -> float:
    """Uncertainty of a lag (pixels) from the scatter of the sky about the shifted pattern."""
    pixel = np.arange(pattern.size, dtype=float)
    shifted = np.interp(pixel - lag, pixel, pattern)
    shifted -= shifted.mean()
    amplitude = float(shifted @ (seen - seen.mean()) / (shifted @ shifted))
    scatter = float(np.std(seen - amplitude * shifted))
    slope = float(np.linalg.norm(amplitude * np.gradient(shifted)))
    return scatter / slope if slope > 0 else float("inf")
