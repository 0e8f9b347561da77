"""Which of the frames that are given become the members of a master, and why others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from astropy.nddata import CCDData

from reduction.detector import member_agreement
from reduction.detector.master_members import (
    FlatMember,
    Member,
    in_threads,
    measure_bias,
    measure_flat,
)
from reduction.detector.member_agreement import Misfit
from reduction.differences import Difference, Effect, Quantity, number_differences, text_differences
from reduction.errors import MissingCalibration, ReductionError, UnusableFrame
from reduction.fits import frame_io, headers
from reduction.fits.derivation.completion import NONE_DECIDED, NOTHING, Given
from reduction.frames import FrameDescription
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice


@dataclass(frozen=True, slots=True)
class Members:
    """The frames of a master: those that are used, described, and why others are not.

    `total` counts the frames that were given, also those that could not be opened; `decided` are
    cards of the frames that a person decided.
    """

    paths: tuple[Path, ...]
    described: tuple[FrameDescription, ...]
    left_out: Mapping[Path, Misfit]
    total: int
    decided: Mapping[Path, Given] = field(default_factory=dict)

    def given(self, path: Path) -> Given:
        """Return the cards of a frame that a person decided."""
        return self.decided.get(path, NOTHING)

    def without(self, misfits: Mapping[int, Misfit], role: str) -> Members:
        """Return the members without some of the used ones, given by index.

        Raises
        ------
        UnusableFrame
            Those left are no majority.
        """
        left_out = {**self.left_out, **{self.paths[i]: m for i, m in misfits.items()}}
        absent = self.total - len(self.paths) - len(self.left_out)
        unread = {-1 - number: Misfit.UNREADABLE for number in range(absent)}
        numbered = dict(enumerate(left_out.values())) | unread
        member_agreement.require_majority(numbered, self.total, role)
        kept = [i for i in range(len(self.paths)) if i not in misfits]
        return Members(
            tuple(self.paths[i] for i in kept),
            tuple(self.described[i] for i in kept),
            left_out,
            self.total,
            self.decided,
        )

    def notices(self, role: str) -> tuple[Notice, ...]:
        """Return what is to be said of the frames; it names none, since they are of proposals."""
        told = []
        others = [m for m in self.left_out.values() if m is not Misfit.SATURATED]
        n_absent = self.total - len(self.paths) - len(self.left_out)
        others += [Misfit.UNREADABLE] * n_absent
        if others:
            told.append(
                notice(
                    NoticeCode.MEMBERS_LEFT_OUT,
                    role=role,
                    count=len(others),
                    total=self.total,
                    reasons=sorted({str(misfit) for misfit in others}),
                )
            )
        if len(self.paths) < member_agreement.COMPARED:
            told.append(notice(NoticeCode.MASTER_UNCONFIRMED, role=role, count=len(self.paths)))
        return tuple(told)


def describe_members(
    paths: Sequence[Path],
    minimum: int,
    role: str,
    *,
    n_absent: int = 0,
    decided: Mapping[Path, Given] = NONE_DECIDED,
) -> Members:
    """Return the frames of a master that can be read and are of one read-out.

    Parameters
    ----------
    paths : sequence of Path
        The raw frames.
    minimum : int
        Least number of frames that are given.
    role : str
        Role of the master, for messages.
    n_absent : int
        Further frames that were given but cannot be opened.
    decided : mapping
        Cards of the frames that a person decided.

    Raises
    ------
    MissingCalibration
        There are fewer frames than `minimum`.
    UnusableFrame
        Fewer than half of the frames can be read and combined.
    """
    total = len(paths) + n_absent
    if total < max(minimum, 1):
        raise MissingCalibration(
            NoticeCode.TOO_FEW_FRAMES, role=role, found=total, needed=max(minimum, 1)
        )
    described: dict[Path, FrameDescription] = {}
    left_out: dict[Path, Misfit] = {}
    for path in paths:
        try:
            header, shape = frame_io.read_header(path)
            given = decided.get(path, NOTHING)
            described[path] = headers.describe(header, shape, path.name, given)
            Member.of(path, given)
        except (ReductionError, OSError):
            described.pop(path, None)
            left_out[path] = Misfit.UNREADABLE
    members = Members(tuple(described), tuple(described.values()), left_out, total, decided)
    alike = [
        sum(not _differences(one, other) for other in members.described)
        for one in members.described
    ]
    reference = members.described[int(np.argmax(alike))] if alike else None
    misfits = {
        index: Misfit.READOUT
        for index, one in enumerate(members.described)
        if reference is not None and _differences(reference, one)
    }
    return members.without(misfits, role)


def judge_biases(members: Members, role: str) -> Members:
    """Return the members without the frames that are no biases like the others.

    Raises
    ------
    UnusableFrame
        Most frames disagree.
    """
    measures = list(in_threads(lambda p: measure_bias(p, members.given(p)), members.paths))
    return members.without(member_agreement.misfits_of_biases(measures), role)


def _differences(first: FrameDescription, other: FrameDescription) -> tuple[Difference, ...]:
    """Return the differences between the read-outs of two frames."""
    fatal = Effect.FATAL
    frames = (first, other)
    binning, other_binning = ("x".join(map(str, frame.binning)) for frame in frames)
    size, other_size = (f"{frame.shape[1]}x{frame.shape[0]}" for frame in frames)
    return (
        *text_differences(Quantity.CAMERA, first.camera, other.camera, fatal),
        *text_differences(Quantity.BINNING, binning, other_binning, fatal),
        *text_differences(Quantity.SIZE, size, other_size, fatal),
        *number_differences(Quantity.GAIN, first.gain, other.gain, fatal, tolerance=0.0),
        *number_differences(
            Quantity.READ_NOISE, first.rdnoise, other.rdnoise, fatal, tolerance=0.0
        ),
    )


def judge_flats(
    members: Members, bias: CCDData | None, threshold: float, role: str
) -> tuple[Members, list[FlatMember]]:
    """Measure the flats, and leave out what is saturated, dark, or unlike the others.

    Parameters
    ----------
    members : Members
        The raw flats.
    bias : CCDData or None
        Master bias, (ny, nx), ADU, untrimmed.
    threshold : float
        Percentage of saturated pixels allowed in the illuminated section.
    role : str
        Role of the master, for messages.

    Returns
    -------
    members : Members
        Those that are used.
    used : list of FlatMember
        Their measurements.

    Raises
    ------
    MissingCalibration
        The master bias has another size or binning than the flats.
    UnusableFrame
        All flats are saturated, or dark, or most disagree.
    """
    measured = list(in_threads(lambda p: measure_flat(p, bias, members.given(p)), members.paths))
    saturated = {
        i: Misfit.SATURATED for i, m in enumerate(measured) if m.saturated_percent > threshold
    }
    if len(saturated) == len(measured):
        least = min(m.saturated_percent for m in measured)
        raise UnusableFrame(
            NoticeCode.FLATS_SATURATED, count=len(measured), least=least, allowed=threshold
        )
    places = [i for i in range(len(measured)) if i not in saturated]
    found = member_agreement.misfits_of_flats([measured[i].measure for i in places])
    found |= {n: Misfit.DARK for n, i in enumerate(places) if not measured[i].level > 0}
    if len(found) == len(places) and set(found.values()) == {Misfit.DARK}:
        raise UnusableFrame(NoticeCode.FLATS_WITHOUT_LIGHT, count=len(places))
    # Saturated flats are known to be wrong: the majority is one of the others.
    judged = replace(
        members,
        paths=tuple(members.paths[i] for i in places),
        described=tuple(members.described[i] for i in places),
        total=members.total - len(saturated),
    ).without(found, role)
    left_out = {**judged.left_out, **{members.paths[i]: m for i, m in saturated.items()}}
    kept = replace(judged, left_out=left_out, total=members.total)
    return kept, [m for m in measured if m.path in set(kept.paths)]
