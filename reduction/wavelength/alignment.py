"""Align an arc with the wavelength scale by cross-correlation of line patterns.

The arc and the templates (laboratory lines, or the lines of a published lamp) are reduced to line
positions and compressed heights, so that background, saturation and instrumental response matter
little. They are drawn as narrow Gaussians on unbinned pixels and correlated over shift and stretch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]

STRETCHES = np.linspace(-0.008, 0.008, 17)
"""The grating equation is good to 0.003 in scale; steps move a line by two pixels at the end."""

DISPLACED_PX = 250


@dataclass(frozen=True, slots=True)
class Alignment:
    """``x_model = centre + (x - centre) * (1 + stretch) - shift``, and how good it is (0 to 1)."""

    shift: float
    stretch: float
    coefficient: float


@dataclass(frozen=True, eq=False)
class Pattern:
    """Line positions (unbinned detector pixels, any order) and heights (positive)."""

    pixel: Floats
    height: Floats

    def drawn(self, first: float, size: int, sigma_ft: Floats, n: int) -> NDArray[np.complex128]:
        """Return the Fourier transform of the pattern on `size` pixels, unit norm."""
        grid = np.zeros(size)
        position = self.pixel - first
        low = np.floor(position).astype(int)
        inside = (low >= 0) & (low < size - 1)
        low, part, height = low[inside], (position - low)[inside], self.height[inside]
        np.add.at(grid, low, (1 - part) * height)
        np.add.at(grid, low + 1, part * height)
        transform = fft.rfft(grid, n) * sigma_ft
        power = np.abs(transform) ** 2
        norm = np.sqrt((power[0] + 2 * power[1:].sum()) / n)
        return transform / norm if norm > 0 else transform


def compress(height: Floats) -> Floats:
    """Compress line heights by a power of 0.35, so that a few bright lines do not dominate.

    Parameters
    ----------
    height : (n,) float
        Positive.

    Returns
    -------
    (n,) float
        `height` over its 90th percentile, at most 4, to the power of 0.35.
    """
    if height.size == 0:
        return height
    reference = np.percentile(height, 90)
    return np.clip(height / max(reference, 1e-30), 0, 4) ** 0.35


def align(
    arc: Pattern,
    templates: list[Pattern],
    *,
    extent: tuple[float, float],
    reach: float,
    sigma: float,
    n_best: int = 4,
) -> list[Alignment]:
    """Find the shifts and stretches at which the arc looks most like one of the templates.

    Parameters
    ----------
    arc : Pattern
        Lines of the arc.
    templates : list of Pattern
        Expected lines, each at the pixel that the grating equation predicts.
    extent : (float, float)
        First and last detector pixel of the arc.
    reach : float
        Largest shift, pixels.
    sigma : float
        Width of the drawn lines, pixels.
    n_best : int
        How many distinct alignments to return.

    Returns
    -------
    list of Alignment
        Best first; two of them differ by more than 4 sigma in shift.
    """
    first, size = extent[0] - reach, int(extent[1] - extent[0] + 2 * reach) + 1
    n = int(fft.next_fast_len(size + 2 * int(reach), real=True))
    blur = np.exp(-2 * (np.pi * sigma * np.arange(n // 2 + 1) / n) ** 2)
    centre = 0.5 * (extent[0] + extent[1])
    lags = np.arange(-int(reach), int(reach) + 1)
    expected = [template.drawn(first, size, blur, n) for template in templates]
    rows = []
    for stretch in STRETCHES:
        moved = Pattern(centre + (arc.pixel - centre) * (1 + stretch), arc.height)
        seen = moved.drawn(first, size, blur, n)
        maps = [fft.irfft(seen * np.conj(template), n)[lags] for template in expected]
        rows.append(np.max(maps, axis=0))
    score = np.array(rows)
    alignments: list[Alignment] = []
    for _ in range(n_best):
        i, j = np.unravel_index(np.argmax(score), score.shape)
        if score[i, j] <= 0:
            break
        alignments.append(Alignment(float(lags[j]), float(STRETCHES[i]), float(score[i, j])))
        score[:, np.abs(lags - lags[j]) <= max(4 * sigma, 6)] = 0
    return alignments


def resemblance(
    arc: Pattern, templates: list[Pattern], *, extent: tuple[float, float], fwhm: float
) -> tuple[float, float]:
    """Tell how much like its best template an arc looks, and how much more than when displaced.

    Parameters
    ----------
    arc : Pattern
        Lines of the arc, where a solution puts them.
    templates : list of Pattern
        Expected lines.
    extent : (float, float)
        First and last detector pixel of the arc.
    fwhm : float
        Width of a line, pixels.

    Returns
    -------
    coefficient, contrast : float, float
        Correlation within half a line width of no displacement, 0 to 1, and its ratio to the
        largest at a displacement of 2.5 line widths or more, up to `DISPLACED_PX`.
    """
    first, size = extent[0] - DISPLACED_PX, int(extent[1] - extent[0]) + 2 * DISPLACED_PX + 1
    n = int(fft.next_fast_len(size, real=True))
    blur = np.exp(-2 * (np.pi * max(0.5 * fwhm, 1.2) * np.arange(n // 2 + 1) / n) ** 2)
    lags = np.arange(-DISPLACED_PX, DISPLACED_PX + 1)
    here, elsewhere = np.abs(lags) <= max(0.5 * fwhm, 1.0), np.abs(lags) > 2.5 * fwhm
    seen = arc.drawn(first, size, blur, n)
    best = (0.0, 0.0)
    for template in templates:
        score = fft.irfft(seen * np.conj(template.drawn(first, size, blur, n)), n)[lags]
        coefficient = float(score[here].max())
        best = max(best, (coefficient, coefficient / max(float(score[elsewhere].max()), 0.05)))
    return best
