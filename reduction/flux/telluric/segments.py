"""The pixels of a band with its continuum: what a transmission leaves of it.

In each band a polynomial is the continuum, fitted together with a given transmission.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.flux.telluric.bands import BANDS, Band, Gas
from reduction.frames import BAD_PIXEL

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

MODEL_ERROR: Final = {Gas.OXYGEN: 0.01, Gas.WATER: 0.02}
"""Of the templates and of the continuum, as a fraction of the continuum."""
OUTLIER: Final = 4.0
_LEAST_PIXELS: Final = 12
_RIDGE: Final = 1e-9
LEAST_SIGNAL: Final = 3.0
"""Signal over noise per resolution element of ten pixels below which no band is fitted."""


@dataclass(frozen=True, slots=True)
class BandResidual:
    """What is missing from the continuum in a band, rms, as a fraction of it.

    `before` and `after` the correction, without what the noise accounts for; `gain` is by how much
    χ² becomes less with the absorption, each with the continuum that then fits best.
    """

    band: Band
    before: float
    after: float
    gain: float

    @property
    def improved(self) -> bool:
        """Whether the corrected band agrees better with the continuum than the uncorrected one."""
        return self.gain > 0 and self.after <= self.before


@dataclass(slots=True, eq=False)
class Segment:
    """The usable pixels of a band and its continuum."""

    band: Band
    pixels: NDArray[np.intp]
    flux: Floats
    error: Floats
    basis: Floats

    def continuum(self, passed: Floats) -> Floats:
        """Return the continuum that fits best with a transmission of all pixels."""
        design = self.basis * (passed[self.pixels] / self.error)[:, None]
        square = design.T @ design + _RIDGE * np.eye(design.shape[1])
        found = np.linalg.solve(square, design.T @ (self.flux / self.error))
        return np.asarray(self.basis @ found, dtype=float)

    def residual(self, passed: Floats) -> Floats:
        """Return flux minus model in units of the error."""
        model = self.continuum(passed) * passed[self.pixels]
        return np.asarray((self.flux - model) / self.error, dtype=float)


def segments_of(
    wavelength: Floats,
    flux: Floats,
    variance: Floats,
    mask: Flags,
    *,
    least_signal: float = LEAST_SIGNAL,
) -> list[Segment]:
    """Return the bands that lie in a spectrum with continuum on both sides."""
    good = np.isfinite(flux) & np.isfinite(variance) & (variance > 0)
    good &= (mask & np.uint8(BAD_PIXEL)) == 0
    found = []
    for band in BANDS:
        if band.degree is None:
            continue
        inside = (wavelength >= band.from_) & (wavelength <= band.to)
        pixels = np.flatnonzero(inside & good)
        if pixels.size < max(_LEAST_PIXELS, 0.8 * np.count_nonzero(inside)):
            continue
        at = wavelength[pixels]
        beside = (
            (at[0] - band.from_) / (band.first - band.from_),
            (band.to - at[-1]) / (band.to - band.last),
        )
        if max(beside) > 0.5:
            continue
        level = float(np.median(flux[pixels]))
        noise = np.sqrt(variance[pixels])
        if level <= 0 or level * np.sqrt(10) < least_signal * float(np.median(noise)):
            continue
        error = np.asarray(np.hypot(noise, MODEL_ERROR[band.gas] * level), dtype=float)
        place = 2 * (at - band.from_) / (band.to - band.from_) - 1
        basis = np.asarray(np.polynomial.legendre.legvander(place, band.degree), dtype=float)
        found.append(Segment(band, pixels, flux[pixels], error, basis))
    return found


def without_outliers(segments: list[Segment], passed: Floats) -> list[Segment]:
    """Return the segments without pixels far from the model, such as lines of the star."""
    kept = []
    for segment in segments:
        residual = segment.residual(passed)
        scatter = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
        use = np.abs(residual) < OUTLIER * max(scatter, 1.0)
        kept.append(
            Segment(
                segment.band,
                segment.pixels[use],
                segment.flux[use],
                segment.error[use],
                segment.basis[use],
            )
        )
    return kept


def judged(segment: Segment, passed: Floats) -> BandResidual:
    """Return the residuals of a band with and without a transmission."""
    band = segment.band
    here = passed[segment.pixels]
    if here.size == 0:  # no pixel of the band has enough signal
        return BandResidual(band, 0.0, 0.0, 0.0)
    continuum = segment.continuum(passed)
    # The model error is in the weights of the fit, the noise alone is what a residual is judged by.
    level = float(np.median(segment.flux))
    noise = np.sqrt(np.clip(segment.error**2 - (MODEL_ERROR[band.gas] * level) ** 2, 0, None))
    inside = here < 1 - 0.1 * (1 - here.min())
    if not inside.any() or not np.all(continuum > 0):
        return BandResidual(band, 0.0, 0.0, 0.0)
    share, noise = ((array / continuum)[inside] for array in (segment.flux, noise))
    expected = here[inside]
    before = float(np.mean((share - 1) ** 2 - noise**2))
    after = float(np.mean((share / expected - 1) ** 2 - (noise / expected) ** 2))
    bare = np.ones(passed.shape)
    without, with_it = (float(np.sum(segment.residual(one) ** 2)) for one in (bare, passed))
    before, after = (float(np.sqrt(max(square, 0))) for square in (before, after))
    return BandResidual(band, before, after, without - with_it)
