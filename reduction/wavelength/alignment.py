"""Align an arc with the wavelength scale by cross-correlation of line patterns.

The arc and the templates (laboratory lines, or the lines of a published lamp) are reduced to line
positions and compressed heights, so that background, saturation and instrumental response have
little effect. They are sampled as narrow Gaussians on unbinned pixels and correlated over shift and
stretch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]

STRETCHES = np.linspace(-0.008, 0.008, 17)
"""Trial stretches. The grating equation is accurate to 0.003 in scale; a step shifts a line at the
end by two pixels."""

DISPLACED_PX = 250
"""Largest displacement at which `resemblance` compares the patterns, pixels."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """``x_model = centre + (x - centre) * (1 + stretch) - shift``, and its correlation (0 to 1)."""

    shift: float
    stretch: float
    coefficient: float


@dataclass(frozen=True, eq=False)
class Pattern:
    """Line positions (unbinned detector pixels, any order) and heights (positive)."""

    pixel: Floats
    height: Floats

    def drawn(self, first: float, size: int, sigma_ft: Floats, n: int) -> NDArray[np.complex128]:
        """Return the Fourier transform of the pattern, sampled on pixels and blurred.

        Parameters
        ----------
        first : float
            Detector pixel of the first sample.
        size : int
            Number of samples.
        sigma_ft : (n // 2 + 1,) float
            Fourier transform of the blur.
        n : int
            Length of the transform, at least `size`.

        Returns
        -------
        (n // 2 + 1,) complex128
            Of unit norm; 0 for a pattern without lines in the range.
        """
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
    """Find the shifts and stretches at which the arc correlates best with one of the templates.

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
        Width of the sampled lines, pixels.
    n_best : int
        Number of distinct alignments to return.

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
    """Return the correlation of an arc with its best template, and its ratio to chance.

    Parameters
    ----------
    arc : Pattern
        Lines of the arc, at the pixels given by a solution.
    templates : list of Pattern
        Expected lines.
    extent : (float, float)
        First and last detector pixel of the arc.
    fwhm : float
        Width of a line, pixels.

    Returns
    -------
    coefficient, contrast : float, float
        Correlation at displacements of less than half a line width, 0 to 1, and its ratio to the
        largest at displacements of 2.5 line widths to `DISPLACED_PX`.
    """
    first, size = extent[0] - DISPLACED_PX, int(extent[1] - extent[0]) + 2 * DISPLACED_PX + 1
    n = int(fft.next_fast_len(size, real=True))
    blur = np.exp(-2 * (np.pi * max(0.5 * fwhm, 1.2) * np.arange(n // 2 + 1) / n) ** 2)
    lags = np.arange(-DISPLACED_PX, DISPLACED_PX + 1)
    aligned, displaced = np.abs(lags) <= max(0.5 * fwhm, 1.0), np.abs(lags) > 2.5 * fwhm
    seen = arc.drawn(first, size, blur, n)
    best = (0.0, 0.0)
    for template in templates:
        score = fft.irfft(seen * np.conj(template.drawn(first, size, blur, n)), n)[lags]
        coefficient = float(score[aligned].max())
        best = max(best, (coefficient, coefficient / max(float(score[displaced].max()), 0.05)))
    return best
