"""The zero point of a wavelength scale: what it rests on, and how uncertain it is.

The arc gives the dispersion; its lines stand where those of the target do only if the light came
through the same slit mask and nothing has bent since. A slit mask is seated to within tens of
pixels along the dispersion, and the instrument bends by pixels as it turns. In this order, the zero
point rests on

- ``sky``: the sky of the exposure itself;
- ``sibling``: the sky of other spectra of the same night, behind the same two slits;
- ``learnt``: what the skies of earlier nights have shown of the same two slits;
- ``arc``: the arc alone, if it was taken through the slit of the spectrum;
- ``uncertain``: nothing.

All offsets are those of the sky from the scale of the arc (measured minus true wavelength).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from reduction.slits import Source, ZeroPointEvidence
from reduction.wavelength.zero_points.sky_check import SkyOffset

MASK_LIMIT: Final = 50.0
"""Largest displacement to expect of two slit masks, unbinned pixels. Between the mask of 0.45
arcsec and those of 1.0 and 3.0 arcsec 34 to 38 were measured in 2014 and 2018; flexure adds a
few."""
CLEAR: Final = 2.0
"""Offset from which a scale through the same slit is corrected, in units of its error."""
NOTICED_A: Final = 1.0
"""Three-sigma uncertainty of an unconfirmed zero point from which the observer is warned, Å."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How arc and spectrum were taken.

    Parameters
    ----------
    dispersion : float
        Å per unbinned pixel.
    slits_differ : bool
        The arc was taken through another slit mask, or it is not known through which.
    flexure : float
        Between arc and spectrum, unbinned pixels (one sigma); see `separation.flexure`.
    """

    dispersion: float
    slits_differ: bool
    flexure: float


@dataclass(frozen=True, slots=True)
class ZeroPoint:
    """The zero point of a scale.

    Parameters
    ----------
    source : Source
    offset : float
        Measured minus true wavelength of the scale of the arc, Å.
    error : float
        One-sigma uncertainty of the wavelengths after the correction, Å.
    corrected : bool
        The offset is subtracted from the wavelengths.
    limit : float or None
        Largest error to expect where nothing determines the zero point, Å.
    evidence : tuple of ZeroPointEvidence
        What it rests on besides arc and sky.
    """

    source: Source
    offset: float
    error: float
    corrected: bool
    limit: float | None = None
    evidence: tuple[ZeroPointEvidence, ...] = ()


def determine(
    own: SkyOffset | None,
    evidence: Sequence[ZeroPointEvidence],
    given: Circumstances,
    *,
    correct: bool = True,
) -> ZeroPoint:
    """Decide on the zero point of a spectrum.

    Parameters
    ----------
    own : SkyOffset or None
        Offset measured on its own sky.
    evidence : sequence of ZeroPointEvidence
        Offsets of siblings, and the learnt one.
    given : Circumstances
    correct : bool
        False: offsets are not corrected. A clear one then makes the zero point uncertain.

    Returns
    -------
    ZeroPoint
    """
    by_arc = given.flexure * given.dispersion
    if own is not None:
        return _settled(Source.SKY, own.offset, own.error, given, (), correct=correct)
    siblings = tuple(one for one in evidence if one.source is Source.SIBLING)
    learnt = tuple(one for one in evidence if one.source is Source.LEARNT)
    if siblings:
        offset, error = (value * given.dispersion for value in combined(siblings))
        if given.slits_differ or error < by_arc:
            return _settled(Source.SIBLING, offset, error, given, siblings, correct=correct)
    if learnt and given.slits_differ:
        offset, error = (value * given.dispersion for value in combined(learnt))
        return _settled(Source.LEARNT, offset, error, given, learnt, correct=correct)
    if given.slits_differ:
        limit = (MASK_LIMIT + 3 * given.flexure) * given.dispersion
        # As of an offset that is anywhere within the limit.
        error = limit / float(np.sqrt(3))
        return ZeroPoint(Source.UNCERTAIN, 0.0, error, corrected=False, limit=limit)
    return ZeroPoint(Source.ARC, 0.0, by_arc, corrected=False)


def _settled(
    source: Source,
    offset: float,
    error: float,
    given: Circumstances,
    evidence: tuple[ZeroPointEvidence, ...],
    *,
    correct: bool,
) -> ZeroPoint:
    is_clear = given.slits_differ or abs(offset) > CLEAR * error
    if is_clear and correct:
        return ZeroPoint(source, offset, error, corrected=True, evidence=evidence)
    # The offset is not subtracted: it is part of what the wavelengths may be wrong by.
    left = float(np.hypot(offset, error))
    if not is_clear:
        return ZeroPoint(source, offset, left, corrected=False, evidence=evidence)
    limit = abs(offset) + 3 * error
    return ZeroPoint(
        Source.UNCERTAIN, offset, left, corrected=False, limit=limit, evidence=evidence
    )


def combined(evidence: Sequence[ZeroPointEvidence]) -> tuple[float, float]:
    """Return the weighted mean of offsets and its uncertainty, unbinned pixels.

    Parameters
    ----------
    evidence : sequence of ZeroPointEvidence
        At least one.

    Returns
    -------
    offset, error : float
        The weights have noise and flexure. The error of the mean grows with the scatter of the
        offsets where that exceeds their errors; the least flexure is added, since all share their
        own.
    """
    offset = np.array([one.offset for one in evidence])
    error = np.array([one.error for one in evidence])
    shift = np.array([one.flexure for one in evidence])
    weight = 1 / (error**2 + shift**2)
    mean = float(weight @ offset / weight.sum())
    excess = float(weight @ (offset - mean) ** 2) / max(offset.size - 1, 1)
    noise = float(np.sqrt(weight**2 @ error**2)) / float(weight.sum())
    return mean, float(np.hypot(noise * np.sqrt(max(excess, 1.0)), shift.min()))
