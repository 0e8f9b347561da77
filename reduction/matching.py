"""Which calibration fits which frame, and what differs when none does.

All functions are pure: they take frame descriptions and return indices and differences.
``WAVMODE`` is never compared, since it can be out of date. The setup is grating, camera angle,
grating angle and order-blocking filter.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from reduction import suitability
from reduction.differences import Difference, Effect, Quantity
from reduction.frames import FrameDescription, FrameKind, Technique

BIAS_DAYS = 30.0
FLAT_DAYS = 7.0

SENSITIVITY_DAYS = 400.0
"""Mirrors are cleaned and coated from year to year; the seasons return after one."""

SAME_POINTING_S = 3600.0
"""Seconds that an arc at the pointing of a spectrum counts as nearer."""
MOST_ARCS = 6
"""So many arcs of a spectrum are tried at most."""

ARC_SPAN = dt.timedelta(days=suitability.ARC_DAYS)


class ArcChoice(StrEnum):
    """Which suitability lamps calibrate a spectrum."""

    NEAREST = "nearest"
    BRACKETING = "bracketing"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Match:
    """One candidate: its index in the list, and its differences."""

    index: int
    differences: tuple[Difference, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the candidate may be selected automatically."""
        return all(each.effect is Effect.USABLE for each in self.differences)

    @property
    def is_degraded(self) -> bool:
        """Whether the candidate is used although it does not fully match."""
        return self.fits and bool(self.differences)

    @property
    def fatal(self) -> tuple[Difference, ...]:
        """Differences that rule out any use: other pixels, or other wavelengths."""
        return tuple(each for each in self.differences if each.effect is Effect.FATAL)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates that fit (`matches`) and the `refused` ones, each best first."""

    matches: tuple[Match, ...]
    refused: tuple[Match, ...]

    @property
    def nearest(self) -> Match | None:
        """The best of the refused candidates."""
        return self.refused[0] if self.refused else None

    @property
    def best(self) -> Match | None:
        """The calibration to use, None when nothing fits."""
        return self.matches[0] if self.matches else None


def setup_of(frame: FrameDescription) -> dict[Quantity, str | float]:
    """Return the known properties of a frame that its wavelength calibrations must share."""
    setup: dict[Quantity, str | float] = {Quantity.GRATING: frame.grating}
    for quantity, angle in (
        (Quantity.CAMERA_ANGLE, frame.cam_targ),
        (Quantity.GRATING_ANGLE, frame.grt_targ),
    ):
        if angle is not None:
            setup[quantity] = angle
    if frame.filter_2 not in {"", "NO_FILTER"}:
        setup[Quantity.ORDER_FILTER] = frame.filter_2
    return setup


def readout_of(frame: FrameDescription) -> dict[Quantity, str | float | None]:
    """Return the properties of a frame that its pixel calibrations must share."""
    return {
        Quantity.CAMERA: frame.camera,
        Quantity.READ_NOISE: frame.rdnoise,
        Quantity.GAIN: frame.gain,
        Quantity.BINNING: suitability.binning_of(frame),
        Quantity.SIZE: suitability.size_of(frame),
    }


def flat_setup_of(frame: FrameDescription) -> dict[Quantity, str | float | None]:
    """Return the properties of a frame that its flats must share."""
    imaging = frame.technique is Technique.IMAGING
    return {
        **({Quantity.FILTER: frame.filter} if imaging else setup_of(frame)),
        **readout_of(frame),
    }


def rank_bias(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the biases (or master biases) with the read-out of `frame`, nearest in time first.

    Camera, gain, read noise, binning, region and size must agree, within 30 days.
    """
    return _rank(frame, candidates, suitability.of_readout, BIAS_DAYS)


def rank_flats(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the flats (or master flats) for `frame`, the same slit first, then nearest in time.

    As `rank_bias`, and for spectra grating, angles and filters, for images the filters; within 7
    days. A flat that differs only in slit is accepted as a degraded match.
    """
    return _rank(frame, candidates, suitability.of_flat, FLAT_DAYS)


def rank_arcs(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the arcs for `frame`, nearest in time (and pointing) first.

    Camera, grating, angles and order-blocking filter must agree, within 30 days (beyond one day
    as a degraded match); binning and slit may differ. An arc at the pointing of `frame` counts as
    one hour nearer, since flexure depends on the pointing.
    """
    return _rank(frame, candidates, suitability.of_arc, suitability.ARC_DAYS)


def rank_traces(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the spectra with the same trace as `frame`: as `rank_arcs`, within a day."""
    return _rank(frame, candidates, suitability.of_arc, suitability.ARC_WARNING_DAYS)


def rank_sensitivities(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the sensitivities for `frame`: same slit and night first, then nearest in time.

    Camera, grating, angles and filters must agree, within 400 days. One of another slit or of
    another night is a degraded match; of two that differ in one of these, the nearer one in time
    comes first.
    """
    return _rank(frame, candidates, suitability.of_sensitivity, SENSITIVITY_DAYS)


@dataclass(frozen=True, slots=True)
class ArcChoices:
    """The arcs of a spectrum in the order in which they are tried, see `frames.ArcSide`."""

    first: tuple[Match, ...] = ()
    second: tuple[Match, ...] = ()
    other: tuple[Match, ...] = ()

    @property
    def chosen(self) -> tuple[Match, ...]:
        """The arcs that are used if none of them is refused, the best first."""
        return (*self.first[:1], *self.second[:1])


def choose_arcs(
    frame: FrameDescription, candidates: Sequence[FrameDescription], choice: ArcChoice
) -> ArcChoices:
    """Return the arcs to use: the nearest, or the nearest before and after in the same night.

    For each there are others in case it cannot be used, at most `MOST_ARCS` in all.

    Returns
    -------
    ArcChoices
        Empty when none fits. For bracketing, `second` is empty when the night has no arc on the
        other side of the exposure.
    """
    matches = rank_arcs(frame, candidates).matches
    tonight = [m for m in matches if candidates[m.index].night == frame.night]
    before = [m for m in tonight if candidates[m.index].date_obs <= frame.date_obs]
    after = [m for m in tonight if candidates[m.index].date_obs > frame.date_obs]
    if choice is not ArcChoice.BRACKETING or not before or not after:
        return ArcChoices(matches[:MOST_ARCS])
    first, second = sorted((before, after), key=lambda side: matches.index(side[0]))
    first, second = first[: MOST_ARCS // 2], second[: MOST_ARCS // 2]
    tried = [*first, *second]
    others = [match for match in matches if match not in tried]
    return ArcChoices(tuple(first), tuple(second), tuple(others[: MOST_ARCS - len(tried)]))


def group_key(frame: FrameDescription) -> str:
    """Return the key that frames of one master share: night, read-out and, for a flat, the setup.

    ``""`` for a frame that is not combined into masters, or whose camera is not known.
    """
    if frame.kind not in {FrameKind.BIAS, FrameKind.FLAT} or not frame.camera:
        return ""
    ny, nx = frame.shape
    parts: list[object] = [frame.kind, frame.night.isoformat(), frame.camera]
    parts += [
        f"{frame.gain}",
        f"{frame.rdnoise}",
        *frame.binning,
        ny,
        nx,
        suitability.region_name(frame),
    ]
    if frame.kind is FrameKind.FLAT:
        parts += [frame.technique, frame.filter, frame.filter_2]
        if frame.technique is not Technique.IMAGING:
            angles = (frame.cam_targ, frame.grt_targ)
            parts += [frame.grating, frame.slit, *("" if a is None else f"{a:.1f}" for a in angles)]
    return "|".join(str(part) for part in parts)


def _rank(
    frame: FrameDescription,
    candidates: Sequence[FrameDescription],
    compare: Callable[[FrameDescription, FrameDescription], tuple[Difference, ...]],
    days: float,
) -> Ranking:
    usable: list[tuple[tuple[object, ...], Match]] = []
    refused: list[tuple[tuple[object, ...], Match]] = []
    for index, candidate in enumerate(candidates):
        gap = abs(candidate.date_obs - frame.date_obs)
        match = Match(index, (*compare(frame, candidate), *_too_far(gap, days)))
        number = len(match.differences)
        distance = gap.total_seconds() - (
            SAME_POINTING_S if _same_pointing(frame, candidate) else 0.0
        )
        if match.fits:
            usable.append(((number, distance, candidate.date_obs), match))
        else:
            refused.append(((bool(match.fatal), number, distance, candidate.date_obs), match))
    by_rank = itemgetter(0)
    return Ranking(
        tuple(match for _, match in sorted(usable, key=by_rank)),
        tuple(match for _, match in sorted(refused, key=by_rank)),
    )


def _too_far(gap: dt.timedelta, days: float) -> tuple[Difference, ...]:
    if gap <= dt.timedelta(days=days):
        return ()
    return (Difference(Quantity.DAYS_APART, days, gap.days, Effect.ON_REQUEST),)


def _same_pointing(a: FrameDescription, b: FrameDescription) -> bool:
    return is_one_pointing((a.ra_deg, a.dec_deg), (b.ra_deg, b.dec_deg))


def is_one_pointing(
    a: tuple[float | None, float | None], b: tuple[float | None, float | None]
) -> bool:
    """Return whether two positions (right ascension and declination, degrees) are within 1°.

    False where one is not known.
    """
    if a[0] is None or b[0] is None or a[1] is None or b[1] is None:
        return False
    across = (a[0] - b[0] + 180) % 360 - 180
    return math.hypot(across * math.cos(math.radians(a[1])), a[1] - b[1]) < 1.0
