"""What the flux of a spectrum can be used for, and why not for more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.flux.calibration import slit_loss
from reduction.flux.calibration.setup import SlitAndNight
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Floats = NDArray[np.float64]

NARROW: Final = 1.2
"""arcsec; a slit not wider than this gives no absolute flux in any seeing."""
WIDE: Final = 2.0
"""Slits wider than so many times the seeing pass nearly all of a star's light."""
OFF_PARALLACTIC: Final = 20.0
"""Degrees between slit and vertical up to which refraction takes little light out of the slit."""
SMALL_LOSS: Final = 0.02
"""A change of the shape that is smaller than this leaves the flux relative."""
ZERO_POINT_OFF: Final = 0.15
"""Magnitudes by which the zero point of a clear night may differ from the median."""
CLOUDY: Final = 0.6
"""Least throughput through a wide slit without clouds, as a fraction of the expected one; it tells
clouds where there is no median yet."""


class Grade(StrEnum):
    """What a flux can be used for.

    ABSOLUTE: level and shape. RELATIVE: the ratio of the fluxes at two wavelengths, within σ_sys,
    but not the level. SHAPE_ONLY: neighbouring wavelengths, such as a line and its continuum; the
    slope over the whole spectrum may be wrong by more than a small part.
    """

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    SHAPE_ONLY = "shape only"


@dataclass(frozen=True, slots=True)
class Grading:
    """A grade, and what kept it from being better."""

    grade: Grade
    reasons: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a grade is judged on; None where something is not known.

    Parameters
    ----------
    air : (n,) float64
        Air wavelengths with a flux, Å.
    spectrum, standard : SlitAndNight
    seeing : float or None
        FWHM of the target, arcsec.
    airmass : float
    off_parallactic : float or None
        Angle between slit and vertical, degrees, where no corrector is in the beam.
    loss_known : bool
        Whether the light outside of the aperture is known, and therefore restored.
    zero_point : float or None
        Zero point of the standard star minus the running median of its setup, magnitudes.
    throughput : float or None
        Throughput that the standard star showed, as a fraction of the expected one.
    """

    air: Floats
    spectrum: SlitAndNight
    standard: SlitAndNight
    seeing: float | None
    airmass: float
    off_parallactic: float | None = None
    loss_known: bool = True
    zero_point: float | None = None
    throughput: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SlitTerms:
    """What the slits may do to the shape, each (n,) as a fraction of the flux or 0."""

    other_slit: Floats | float
    refraction: Floats | float


def slit_terms(evidence: Evidence) -> SlitTerms:
    """Return what another slit and the refraction may do to the shape, for σ_sys."""
    other: Floats | float = 0.0
    refraction: Floats | float = 0.0
    width, seeing, air = evidence.spectrum.width, evidence.seeing, evidence.air
    if width is None or seeing is None:
        return SlitTerms(other, refraction)
    of_standard = evidence.standard.width
    if evidence.spectrum.differs_in_slit(evidence.standard) and of_standard is not None:
        other = slit_loss.other_slit(air, seeing, width, of_standard)
    if evidence.off_parallactic is not None:
        refraction = slit_loss.off_parallactic(
            air, seeing, width, evidence.airmass, evidence.off_parallactic
        )
    return SlitTerms(other, refraction)


def grade(evidence: Evidence, terms: SlitTerms, *, scaled: bool = False) -> Grading:
    """Return what a flux can be used for.

    Parameters
    ----------
    evidence : Evidence
    terms : SlitTerms
        Of the same evidence.
    scaled : bool
        The level was set to a photometric magnitude: nothing that concerns only the level counts.

    Returns
    -------
    Grading
        With every reason for not being absolute.
    """
    shape = [*_slit_differs(evidence, terms), *_refraction(evidence, terms)]
    level = [] if scaled else _level(evidence)
    worst = max([rank for rank, _ in [*shape, *level]], default=0)
    return Grading(list(Grade)[worst], tuple(reason for _, reason in [*shape, *level]))


_RELATIVE, _SHAPE_ONLY = 1, 2
_Judged = list[tuple[int, Notice]]


def _level(evidence: Evidence) -> _Judged:
    """Return what is known against the level of a flux."""
    reasons: list[Notice] = []
    width, seeing = evidence.spectrum.width, evidence.seeing
    if width is None:
        reasons.append(notice(NoticeCode.FLUX_SLIT_UNKNOWN))
    elif width <= NARROW:
        reasons.append(notice(NoticeCode.FLUX_SLIT_NARROW, width=width))
    elif seeing is None:
        reasons.append(notice(NoticeCode.FLUX_SEEING_UNKNOWN))
    elif width <= WIDE * seeing:
        reasons.append(notice(NoticeCode.FLUX_SLIT_LOSS, width=width, seeing=round(seeing, 2)))
    if not evidence.loss_known:
        reasons.append(notice(NoticeCode.FLUX_LOSS_UNKNOWN))
    night, of_standard = evidence.spectrum.night, evidence.standard.night
    if night is None or night != of_standard:
        stated = "" if of_standard is None else of_standard.isoformat()
        reasons.append(notice(NoticeCode.FLUX_OTHER_NIGHT, night=stated))
    if evidence.zero_point is not None and abs(evidence.zero_point) > ZERO_POINT_OFF:
        off = round(evidence.zero_point, 2)
        reasons.append(notice(NoticeCode.FLUX_ZERO_POINT_OFF, offset=off))
    elif evidence.throughput is not None and evidence.throughput < CLOUDY:
        share = round(evidence.throughput, 2)
        reasons.append(notice(NoticeCode.FLUX_THROUGHPUT_LOW, fraction=share))
    return [(_RELATIVE, reason) for reason in reasons]


def _slit_differs(evidence: Evidence, terms: SlitTerms) -> _Judged:
    """Return what another slit than that of the standard star does to the shape."""
    if not evidence.spectrum.differs_in_slit(evidence.standard):
        return []
    slits = {"slit": evidence.spectrum.slit, "standard_slit": evidence.standard.slit}
    known = not isinstance(terms.other_slit, float)
    small = known and float(np.max(terms.other_slit, initial=0.0)) <= SMALL_LOSS
    return [
        (_RELATIVE if small else _SHAPE_ONLY, notice(NoticeCode.FLUX_SLIT_DIFFERS, **slits)),
    ]


def _refraction(evidence: Evidence, terms: SlitTerms) -> _Judged:
    """Return what the refraction did to the shape, with the slit off the vertical."""
    angle = evidence.off_parallactic
    if angle is None or angle <= OFF_PARALLACTIC:
        return []
    known = not isinstance(terms.refraction, float)
    lost = float(np.max(terms.refraction, initial=0.0)) if known else None
    small = lost is not None and lost <= SMALL_LOSS
    reason = notice(
        NoticeCode.FLUX_OFF_PARALLACTIC,
        angle=round(angle),
        airmass=round(evidence.airmass, 2),
        lost=None if lost is None else round(lost, 3),
    )
    return [(_RELATIVE if small else _SHAPE_ONLY, reason)]
