"""Kind and technique of a frame, judged from several header cards and the file name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reduction.frames import FrameKind, Technique

_KINDS = {
    "BIAS": FrameKind.BIAS,
    "ZERO": FrameKind.BIAS,
    "FLAT": FrameKind.FLAT,
    "LAMPFLAT": FrameKind.FLAT,
    "DFLAT": FrameKind.FLAT,
    "COMP": FrameKind.ARC,
    "ARC": FrameKind.ARC,
    "OBJECT": FrameKind.SPECTRUM,
    "SPECTRUM": FrameKind.SPECTRUM,
    "EXPOSE": FrameKind.IMAGE,
    "FOCUS": FrameKind.FOCUS,
}

_NO_GRATING = {"NO_GRATING", "NONE", "OPEN"}
_NO_MASK = {"NO_MASK", "NO_SLIT", "NONE", "OPEN"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence for kind and technique; texts are normalised, ``""`` and None mean unknown."""

    obstype: str
    roi: str = ""
    slit: str = ""
    grating: str = ""
    wavmode: str = ""
    cam_targ: float | None = None
    grt_targ: float | None = None
    file_name: str = ""


def judge(evidence: Evidence) -> tuple[FrameKind, Technique]:
    """Return a frame's kind and technique.

    No single card is decisive, since each can be out of date. Every card votes for a spectrum
    (positive) or an image (negative). Without a grating there is no spectrum, and without a mask
    the exposure is an acquisition image, so these two votes outweigh a Spectroscopic ROI. The
    grating is irrelevant for a bias, which is judged by the read-out region alone if it is known.
    """
    base = _KINDS.get(evidence.obstype.upper(), FrameKind.UNKNOWN)
    votes = _region(evidence)
    if base is FrameKind.BIAS:
        votes = votes or _optics(evidence)
    else:
        votes += _optics(evidence) + _purpose(evidence, base)
    if votes == 0:
        technique = Technique.UNKNOWN
    else:
        technique = Technique.SPECTROSCOPY if votes > 0 else Technique.IMAGING
    return kind_of(evidence.obstype, technique), technique


def kind_of(obstype: str, technique: Technique) -> FrameKind:
    """Return the kind of frame of an exposure type and a technique.

    An OBJECT exposure in Imaging is an image (an acquisition frame); an EXPOSE exposure in
    Spectroscopy is a spectrum. An unknown `obstype` is `FrameKind.UNKNOWN`.
    """
    kind = _KINDS.get(obstype.upper(), FrameKind.UNKNOWN)
    if kind is FrameKind.SPECTRUM and technique is Technique.IMAGING:
        return FrameKind.IMAGE
    if kind is FrameKind.IMAGE and technique is Technique.SPECTROSCOPY:
        return FrameKind.SPECTRUM
    return kind


def _region(evidence: Evidence) -> int:
    roi = evidence.roi.lower()
    if roi.startswith("spec"):
        return 2
    return -2 if roi.startswith("imag") else 0


def _optics(evidence: Evidence) -> int:
    votes = 0
    if evidence.grating:
        votes += -8 if evidence.grating in _NO_GRATING else 2
    if evidence.slit:
        votes += -8 if evidence.slit in _NO_MASK else 1
    if evidence.wavmode:
        votes += -2 if evidence.wavmode.lower().startswith("imag") else 1
    if evidence.cam_targ is not None and evidence.grt_targ is not None:
        # Both angles are 0° for imaging and more than 5° in every spectroscopic setup.
        tilted = abs(evidence.cam_targ) > 2 and abs(evidence.grt_targ) > 1
        votes += 1 if tilted else -2
    return votes


def _purpose(evidence: Evidence, kind: FrameKind) -> int:
    votes = {FrameKind.IMAGE: -4, FrameKind.ARC: 4}.get(kind, 0)
    name = evidence.file_name.lower()
    if re.search(r"(?:^|[_\W\d])acq", name):
        votes -= 4
    return votes
