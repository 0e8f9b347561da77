"""The ratio of counts to the reference spectrum, in bins that both can be brought to.

A published spectrum is either a table of fluxes in band passes of some width (16 to 50 Å, Hamuy et
al. 1994, PASP 106, 566), or sampled finer than Goodman resolves. The counts are integrated over the
band passes of the former, which is what the table says of the star; interpolating the table instead
puts its steps and blurred lines into the response. The latter is smoothed to the resolution of the
spectrum and both are averaged over the same bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from reduction.flux.references.library import Reference
from reduction.flux.response.bands import ResponseMask
from reduction.flux.response.counts import Counts

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

FWHM: Final = 2.0 * np.sqrt(2.0 * np.log(2.0))
NARROWEST: Final = 8.0
"""Å; of the bins in which a finely sampled reference is compared."""
MOST_MASKED: Final = 0.3
"""Part of a bin; a bin of which more is masked is not used."""
WAVELENGTH_ERROR: Final = 0.1
"""Of the wavelengths, resolutions: a slit that is not filled evenly shifts a star's lines."""
RESOLUTION_ERROR: Final = 0.2
"""Of the resolution, relative."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The measured response in bins.

    Parameters
    ----------
    wavelength, width : (n,) float64
        Of the bins, Å.
    ratio, variance : (n,) float64
        electron cm² / erg, and its variance from counts alone; NaN and ``inf`` without a value.
    steepness : (n,) float64
        Fractional error from the errors of wavelengths and resolution where the star's spectrum
        varies.
    flags : (n,) uint8
        `ResponseMask` bits.
    uncertainty : (n,) float64
        Of the reference, fractional.
    """

    wavelength: Floats
    width: Floats
    ratio: Floats
    variance: Floats
    steepness: Floats
    flags: Flags
    uncertainty: Floats


def points_of(
    counts: Counts, flags: Flags, reference: Reference, smoothed: Smoothed | None = None
) -> Points:
    """Return the ratio of counts and reference in bins.

    Parameters
    ----------
    counts : Counts
        Above the atmosphere.
    flags : (n,) uint8
        `ResponseMask` bits of its pixels.
    reference : Reference
    smoothed : Smoothed, optional
        The reference at the resolution of the counts, if it has been made before.

    Returns
    -------
    Points
        Bins that lie within both; none if they do not overlap.
    """
    smooth = smoothed or Smoothed(reference, counts.resolution)
    edges = _bin_edges(counts, reference)
    if not edges.size:
        nothing = np.zeros(0)
        return Points(*(nothing,) * 5, np.zeros(0, dtype=np.uint8), nothing)
    low, high = edges.T
    rate, variance = _averages(counts, low, high)
    flux = smooth.average(low, high)
    bits = _bits_of(counts, flags, low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, noise = rate / flux, variance / flux**2
    known = np.isfinite(ratio) & np.isfinite(noise) & (flux > 0)
    centre = 0.5 * (low + high)
    return Points(
        centre,
        high - low,
        np.where(known, ratio, np.nan),
        np.where(known, noise, np.inf),
        smooth.steepness(low, high),
        np.where(known, bits, bits | np.uint8(ResponseMask.BAD_PIXEL)).astype(np.uint8),
        np.interp(centre, reference.wavelength, reference.uncertainty),
    )


def continued(better: Points, other: Points) -> Points | None:
    """Return points with those of another reference beyond the range of the better one.

    The other is brought to the level of the better one where they overlap, since systems differ.

    Returns
    -------
    Points or None
        None when the other does not reach further, or when they do not overlap.
    """
    first, last = better.wavelength[0], better.wavelength[-1]
    half = 0.5 * (other.width + float(np.median(better.width)))
    beyond = (other.wavelength + half < first) | (other.wavelength - half > last)
    both = (better.flags == 0) & np.isfinite(better.ratio)
    usable = (other.flags == 0) & np.isfinite(other.ratio)
    common = usable & (other.wavelength > first) & (other.wavelength < last)
    if not np.any(beyond & usable) or common.sum() < 3 or both.sum() < 3:
        return None
    at = np.interp(other.wavelength[common], better.wavelength[both], better.ratio[both])
    factor = float(np.median(at / other.ratio[common]))
    joined = [
        np.concatenate([mine, theirs[beyond]])
        for mine, theirs in (
            (better.wavelength, other.wavelength),
            (better.width, other.width),
            (better.ratio, other.ratio * factor),
            (better.variance, other.variance * factor**2),
            (better.steepness, other.steepness),
            (better.flags, other.flags),
            (better.uncertainty, other.uncertainty),
        )
    ]
    order = np.argsort(joined[0])
    return Points(*(values[order] for values in joined))


def is_table(reference: Reference, resolution: float) -> bool:
    """Return whether a reference is a table of band passes wider than the resolution."""
    return reference.bin > max(resolution, NARROWEST)


def _bin_edges(counts: Counts, reference: Reference) -> Floats:
    """Return the edges, (m, 2), of the bins that lie within spectrum and reference."""
    first = counts.wavelength[0] - 0.5 * counts.width[0]
    last = counts.wavelength[-1] + 0.5 * counts.width[-1]
    centres, half = reference.wavelength, 0.5 * reference.bin
    step = float(np.median(np.diff(centres))) if centres.size > 1 else reference.bin
    if is_table(reference, counts.resolution) and step > 0.7 * reference.bin:
        edges = np.stack([centres - half, centres + half], axis=1)
    else:
        width = max(reference.bin, counts.resolution, NARROWEST, 2 * step)
        low, high = max(first, float(centres[0])), min(last, float(centres[-1]))
        grid = np.arange(np.ceil(low / width), np.floor(high / width) + 1) * width
        edges = np.stack([grid[:-1], grid[1:]], axis=1)
    return np.asarray(edges[(edges[:, 0] >= first) & (edges[:, 1] <= last)], dtype=float)


def _averages(counts: Counts, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return rate and its variance, averaged over bins; bad pixels are interpolated."""
    good = counts.good & np.isfinite(counts.rate)
    if not good.any():
        return np.full(low.size, np.nan), np.full(low.size, np.inf)
    rate = np.where(
        good, counts.rate, np.interp(counts.wavelength, counts.wavelength[good], counts.rate[good])
    )
    usual = np.median(counts.variance[good])
    noise = np.where(good, counts.variance, usual) * counts.width
    return _mean(counts, rate, low, high), _mean(counts, noise, low, high) / (high - low)


def _mean(counts: Counts, values: Floats, low: Floats, high: Floats) -> Floats:
    """Return the mean of a value per Å over bins, with the parts of pixels at their ends."""
    edges = np.append(
        counts.wavelength - 0.5 * counts.width, counts.wavelength[-1] + 0.5 * counts.width[-1]
    )
    total = np.concatenate([[0.0], np.cumsum(values * np.diff(edges))])
    summed = np.interp(high, edges, total) - np.interp(low, edges, total)
    return np.asarray(summed / (high - low), dtype=float)


def _bits_of(counts: Counts, flags: Flags, low: Floats, high: Floats) -> Flags:
    """Return each bit that covers more than `MOST_MASKED` of a bin."""
    found = np.zeros(low.size, dtype=np.uint8)
    for bit in ResponseMask:
        if bit is ResponseMask.OUTLIER:
            continue
        share = _mean(counts, ((flags & np.uint8(bit)) > 0).astype(float), low, high)
        found[share > MOST_MASKED] |= np.uint8(bit)
    return found


class Smoothed:
    """A reference at the resolution of a spectrum, as an integral that bins are taken of."""

    def __init__(self, reference: Reference, resolution: float) -> None:
        self._shift = WAVELENGTH_ERROR * resolution
        known = np.isfinite(reference.flux)
        wavelength, flux = reference.wavelength[known], reference.flux[known]
        if is_table(reference, resolution):
            self._grid, fine, self._blurred = wavelength, flux, None
        else:
            step = resolution / 6.0
            self._grid = np.arange(wavelength[0], wavelength[-1], step)
            fine = _resampled(wavelength, flux, self._grid, step)
            sigma = np.sqrt(max(resolution**2 - reference.bin**2, 0.0)) / FWHM / step
            fine = gaussian_filter1d(fine, sigma, mode="nearest") if sigma > 0.3 else fine
            wider = resolution * np.sqrt((1 + RESOLUTION_ERROR) ** 2 - 1) / FWHM / step
            self._blurred = _integral(self._grid, gaussian_filter1d(fine, wider, mode="nearest"))
        self._table = (wavelength, flux) if is_table(reference, resolution) else None
        self._total = _integral(self._grid, fine)

    def average(self, low: Floats, high: Floats) -> Floats:
        """Return the mean flux of bins; that of the table where the bins are its own."""
        if self._table is not None:
            return np.asarray(np.interp(0.5 * (low + high), *self._table), dtype=float)
        return self._from(self._total, low, high)

    def steepness(self, low: Floats, high: Floats) -> Floats:
        """Return the fractional change with the errors of wavelength and resolution."""
        centre = self._from(self._total, low, high)
        up = self._from(self._total, low + self._shift, high + self._shift)
        down = self._from(self._total, low - self._shift, high - self._shift)
        blurred = centre if self._blurred is None else self._from(self._blurred, low, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.hypot(0.5 * (up - down), blurred - centre) / centre
        return np.nan_to_num(np.abs(change), nan=1.0, posinf=1.0)

    def _from(self, total: Floats, low: Floats, high: Floats) -> Floats:
        summed = np.interp(high, self._grid, total) - np.interp(low, self._grid, total)
        return np.asarray(summed / (high - low), dtype=float)


def _integral(grid: Floats, values: Floats) -> Floats:
    """Return the integral from the first point of a grid to each, by trapezia."""
    steps = 0.5 * (values[1:] + values[:-1]) * np.diff(grid)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _resampled(wavelength: Floats, flux: Floats, grid: Floats, step: float) -> Floats:
    """Return the mean flux around the points of an even grid."""
    total = _integral(wavelength, flux)
    low = np.clip(grid - 0.5 * step, wavelength[0], wavelength[-1])
    high = np.clip(grid + 0.5 * step, wavelength[0], wavelength[-1])
    # Between its points the integral is a parabola: linear interpolation of it is the mean flux.
    summed = np.interp(high, wavelength, total) - np.interp(low, wavelength, total)
    return np.asarray(summed / np.maximum(high - low, 1e-9), dtype=float)
