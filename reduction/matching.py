"""Which calibration fits which frame, and in words what differs when none does.

Everything here is pure: descriptions in, indices and sentences out. ``WAVMODE`` is never compared,
since it can be stale; the setup is grating, camera and grating angle and order-blocking filter.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from reduction.frames import FrameDescription, FrameKind, Technique

ANGLE_TOLERANCE = 0.05
"""Degrees within which two angles are one setup: the stages repeat to about 0.02."""
BIAS_DAYS = 30.0
FLAT_DAYS = 7.0
ARC_DAYS = 30.0
ARC_WARNING_DAYS = 1.0
"""A lamp of another night is used with a sentence: the optics have been moved in between."""

ARC_SPAN = dt.timedelta(days=ARC_DAYS)


class ArcChoice(StrEnum):
    """Which comparison lamps calibrate a spectrum."""

    NEAREST = "nearest"
    BRACKETING = "bracketing"
    FIXED = "fixed"


_OTHER_PIXELS = frozenset({"INSTCONF", "CCDSUM", "NAXIS", "technique"})
_OTHER_WAVELENGTHS = frozenset({"INSTCONF", "GRATING", "CAM_TARG", "GRT_TARG", "technique"})
"""Differences, by their first word, that make a calibration useless whoever asks for it."""

Difference = tuple[str, bool]
"""A header keyword with both values, and whether the calibration can still be used."""


@dataclass(frozen=True, slots=True)
class Match:
    """One candidate: its place in the list, what differs, and the sentence when it is a makeshift.

    `differences` are written ``"FILTER2 GG455 instead of NO_FILTER"``: the candidate's value first.
    Those in `impossible` no person can overrule: the pixels, or the wavelengths, are not the same.
    """

    index: int
    differences: tuple[str, ...] = ()
    degraded: str | None = None
    impossible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a search came to: `matches`, and those `refused`, the best of each first."""

    matches: tuple[Match, ...]
    refused: tuple[Match, ...]

    @property
    def nearest(self) -> Match | None:
        """The best of those refused."""
        return self.refused[0] if self.refused else None

    @property
    def best(self) -> Match | None:
        """The calibration to use, None when nothing fits."""
        return self.matches[0] if self.matches else None


def setup_of(frame: FrameDescription) -> str:
    """Return the setup in the words of a sentence: ``GRATING 400_SYZY, CAM_TARG 16.1, …``."""
    parts = [f"GRATING {frame.grating or '(none)'}"]
    for keyword, angle in (("CAM_TARG", frame.cam_targ), ("GRT_TARG", frame.grt_targ)):
        if angle is not None:
            parts.append(f"{keyword} {angle:g}")
    if frame.filter_2 not in {"", "NO_FILTER"}:
        parts.append(f"FILTER2 {frame.filter_2}")
    return ", ".join(parts)


def readout_of(frame: FrameDescription) -> str:
    """Return the read-out in the words of a sentence: camera, gain, noise, binning and size."""
    noise = "unknown" if frame.rdnoise is None else f"{frame.rdnoise:g}"
    gain = "unknown" if frame.gain is None else f"{frame.gain:g}"
    ny, nx = frame.shape
    return (
        f"{frame.camera} camera, RDNOISE {noise}, GAIN {gain}, "
        f"{frame.binning[0]}x{frame.binning[1]}, {nx} x {ny} pixels"
    )


def no_arc_sentence(frame: FrameDescription, nearest: str | None, match: Match | None) -> str:
    """Say that no comparison lamp fits; `nearest` is the file name of the candidate in `match`."""
    return f"no arc lamp taken with this setup ({setup_of(frame)}){_but(nearest, match)}"


def no_bias_sentence(frame: FrameDescription, nearest: str | None, match: Match | None) -> str:
    """Say that no bias fits; `nearest` is the file name of the candidate in `match`."""
    return f"no bias with this read-out ({readout_of(frame)}){_but(nearest, match)}"


def no_flat_sentence(frame: FrameDescription, nearest: str | None, match: Match | None) -> str:
    """Say that no flat fits; `nearest` is the file name of the candidate in `match`."""
    setup = (
        setup_of(frame) if frame.technique is not Technique.IMAGING else f"FILTER {frame.filter}"
    )
    return f"no flat with this setup ({setup}; {readout_of(frame)}){_but(nearest, match)}"


def _but(nearest: str | None, match: Match | None) -> str:
    if nearest is None or match is None:
        return "; there is no candidate at all"
    return f"; nearest: {nearest}, differs in {', '.join(match.differences)}"


def rank_bias(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the biases (or master biases) with the read-out of `frame`, nearest in time first.

    Camera, gain, read noise, binning, region and size must agree, within 30 days.
    """
    return _rank(frame, candidates, _bias_differences, BIAS_DAYS, _OTHER_PIXELS)


def rank_flats(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the flats (or master flats) for `frame`, the same slit first, then nearest in time.

    As `rank_bias`, and for spectra grating, angles and filters, for images the filters; within 7
    days. A flat that differs only in slit is accepted and `Match.degraded` says so.
    """
    return _rank(frame, candidates, _flat_differences, FLAT_DAYS, _OTHER_PIXELS)


def rank_arcs(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the comparison lamps for `frame`, nearest in time (and pointing) first.

    Camera, grating, angles and order-blocking filter must agree, within 30 days (beyond one day
    with a sentence); binning and slit need not. A lamp taken at the pointing of `frame` counts as
    an hour nearer: flexure follows the telescope.
    """
    return _rank(frame, candidates, _arc_differences, ARC_DAYS, _OTHER_WAVELENGTHS)


def rank_traces(frame: FrameDescription, candidates: Sequence[FrameDescription]) -> Ranking:
    """Return the spectra whose trace runs as that of `frame`: as `rank_arcs`, within a day."""
    return _rank(frame, candidates, _arc_differences, ARC_WARNING_DAYS, _OTHER_WAVELENGTHS)


def choose_arcs(
    frame: FrameDescription, candidates: Sequence[FrameDescription], choice: ArcChoice
) -> tuple[Match, ...]:
    """Return the arcs to use: the nearest, or the nearest before and after in the same night.

    Returns
    -------
    tuple of Match
        Empty when none fits; for bracketing two, or one when there is none on the other side.
    """
    matches = rank_arcs(frame, candidates).matches
    if choice is not ArcChoice.BRACKETING or not matches:
        return matches[:1]
    tonight = [m for m in matches if candidates[m.index].night == frame.night]
    sides = (
        [m for m in tonight if candidates[m.index].date_obs <= frame.date_obs],
        [m for m in tonight if candidates[m.index].date_obs > frame.date_obs],
    )
    if all(sides):
        return tuple(sorted((side[0] for side in sides), key=matches.index))
    return matches[:1]


def group_key(frame: FrameDescription) -> str:
    """Return the key that frames of one master share: night, read-out and, for a flat, the setup.

    ``""`` for a frame that goes into no master.
    """
    if frame.kind not in {FrameKind.BIAS, FrameKind.FLAT}:
        return ""
    ny, nx = frame.shape
    parts: list[object] = [frame.kind, frame.night.isoformat(), frame.camera]
    parts += [f"{frame.gain}", f"{frame.rdnoise}", *frame.binning, ny, nx, _region_name(frame)]
    if frame.kind is FrameKind.FLAT:
        parts += [frame.technique, frame.filter, frame.filter_2]
        if frame.technique is not Technique.IMAGING:
            angles = (frame.cam_targ, frame.grt_targ)
            parts += [frame.grating, frame.slit, *("" if a is None else f"{a:.1f}" for a in angles)]
    return "|".join(str(part) for part in parts)


def _rank(
    frame: FrameDescription,
    candidates: Sequence[FrameDescription],
    compare: Callable[[FrameDescription, FrameDescription], list[Difference]],
    days: float,
    fatal: frozenset[str],
) -> Ranking:
    usable: list[tuple[tuple[float, ...], Match]] = []
    refused: list[tuple[tuple[float, ...], Match]] = []
    for index, candidate in enumerate(candidates):
        differences = compare(frame, candidate)
        gap = abs(candidate.date_obs - frame.date_obs)
        if gap > dt.timedelta(days=days):
            differences.append((f"DATE-OBS {gap.days} days away (at most {days:g})", False))
        said = tuple(text for text, _ in differences)
        distance = gap.total_seconds() - (3600 if _same_pointing(frame, candidate) else 0)
        if all(bearable for _, bearable in differences):
            degraded = f"not quite the same: {', '.join(said)}" if said else None
            usable.append(((len(said), distance), Match(index, said, degraded)))
        else:
            impossible = tuple(text for text in said if text.split(" ", 1)[0] in fatal)
            order = (bool(impossible), len(said), distance)
            refused.append((order, Match(index, said, impossible=impossible)))
    by_rank = itemgetter(0)
    return Ranking(
        tuple(match for _, match in sorted(usable, key=by_rank)),
        tuple(match for _, match in sorted(refused, key=by_rank)),
    )


def _same_pointing(a: FrameDescription, b: FrameDescription) -> bool:
    if a.ra_deg is None or b.ra_deg is None or a.dec_deg is None or b.dec_deg is None:
        return False
    across = (a.ra_deg - b.ra_deg + 180) % 360 - 180
    return math.hypot(across * math.cos(math.radians(a.dec_deg)), a.dec_deg - b.dec_deg) < 1.0


def _text(keyword: str, wanted: str, found: str, *, bearable: bool = False) -> list[Difference]:
    if wanted == found:
        return []
    return [(f"{keyword} {found or '(none)'} instead of {wanted or '(none)'}", bearable)]


def _number(
    keyword: str, wanted: float | None, found: float | None, tolerance: float
) -> list[Difference]:
    if wanted is None and found is None:
        return []
    # The last term allows for angles such as 16.1 and 16.15, whose floats differ by a hair more.
    if wanted is not None and found is not None and abs(wanted - found) <= tolerance + 1e-9:
        return []
    said = ["(none)" if value is None else f"{value:g}" for value in (found, wanted)]
    return [(f"{keyword} {said[0]} instead of {said[1]}", False)]


def _region_name(frame: FrameDescription) -> str:
    # "user-defined" is what the software calls any region; the size then says which.
    return "" if frame.roi.lower() in {"user-defined", "custom"} else frame.roi.upper()


def _readout(frame: FrameDescription, other: FrameDescription) -> list[Difference]:
    differences = _text("INSTCONF", frame.camera, other.camera)
    differences += _number("GAIN", frame.gain, other.gain, 0.015)
    differences += _number("RDNOISE", frame.rdnoise, other.rdnoise, 0.015)
    binnings = ["x".join(str(n) for n in f.binning) for f in (frame, other)]
    differences += _text("CCDSUM", binnings[0], binnings[1])
    sizes = [f"{f.shape[1]}x{f.shape[0]}" for f in (frame, other)]
    differences += _text("NAXIS", sizes[0], sizes[1])
    if not differences:
        names = _region_name(frame), _region_name(other)
        if names[0] and names[1]:
            differences += _text("ROI", frame.roi, other.roi) if names[0] != names[1] else []
    return differences


def _bias_differences(frame: FrameDescription, other: FrameDescription) -> list[Difference]:
    return _readout(frame, other)


def _setup(frame: FrameDescription, other: FrameDescription) -> list[Difference]:
    differences = _text("GRATING", frame.grating, other.grating)
    differences += _number("CAM_TARG", frame.cam_targ, other.cam_targ, ANGLE_TOLERANCE)
    differences += _number("GRT_TARG", frame.grt_targ, other.grt_targ, ANGLE_TOLERANCE)
    differences += _text("FILTER2", frame.filter_2, other.filter_2)
    return differences


def _flat_differences(frame: FrameDescription, other: FrameDescription) -> list[Difference]:
    differences = _text("technique", frame.technique, other.technique)
    differences += _readout(frame, other)
    differences += _text("FILTER", frame.filter, other.filter)
    if frame.technique is Technique.IMAGING:
        return differences + _text("FILTER2", frame.filter_2, other.filter_2)
    differences += _setup(frame, other)
    return differences + _text("SLIT", frame.slit, other.slit, bearable=True)


def _arc_differences(frame: FrameDescription, other: FrameDescription) -> list[Difference]:
    differences = _text("INSTCONF", frame.camera, other.camera)
    differences += _setup(frame, other)
    if other.technique is Technique.IMAGING:
        differences += _text("technique", Technique.SPECTROSCOPY, other.technique)
    gap = abs(other.date_obs - frame.date_obs).total_seconds() / 86400
    if ARC_WARNING_DAYS < gap <= ARC_DAYS:
        differences.append((f"DATE-OBS {gap:.0f} days away", True))
    return differences
