"""Kind and technique are judged from several cards together."""

import pytest

from reduction.fits.classification import Evidence, judge, kind_of
from reduction.frames import FrameKind, Technique

SPECTRUM = Evidence(
    "OBJECT", "Spectroscopic 2x2", "1.0_LONG_SLIT", "400_SYZY", "400_M1", 11.6, 5.8, "0079_x.fits"
)


def changed(**changes: object) -> Evidence:
    from dataclasses import replace

    return replace(SPECTRUM, **changes)


@pytest.mark.parametrize(
    ("evidence", "kind", "technique"),
    [
        (SPECTRUM, FrameKind.SPECTRUM, Technique.SPECTROSCOPY),
        (changed(obstype="SPECTRUM"), FrameKind.SPECTRUM, Technique.SPECTROSCOPY),
        # acquisition images in a Spectroscopic region
        (changed(grating="NO_GRATING"), FrameKind.IMAGE, Technique.IMAGING),
        (changed(slit="NO_MASK"), FrameKind.IMAGE, Technique.IMAGING),
        (
            changed(obstype="EXPOSE", grating="NO_GRATING", file_name="0004_acq.fits"),
            FrameKind.IMAGE,
            Technique.IMAGING,
        ),
        (
            Evidence("EXPOSE", "Imaging 2x2", "NO_MASK", "NO_GRATING", "Imaging", 0.0, 0.0),
            FrameKind.IMAGE,
            Technique.IMAGING,
        ),
        # a stale or custom WAVMODE and a region of one's own change nothing
        (changed(wavmode="Custom", roi="user-defined"), FrameKind.SPECTRUM, Technique.SPECTROSCOPY),
        # whatever grating is in: only the region tells about a bias
        (changed(obstype="BIAS", grating="NO_GRATING"), FrameKind.BIAS, Technique.SPECTROSCOPY),
        (changed(obstype="ZERO", roi="Imaging 1x1"), FrameKind.BIAS, Technique.IMAGING),
        (changed(obstype="COMP"), FrameKind.ARC, Technique.SPECTROSCOPY),
        (changed(obstype="ARC", roi="user-defined"), FrameKind.ARC, Technique.SPECTROSCOPY),
        (changed(obstype="LAMPFLAT"), FrameKind.FLAT, Technique.SPECTROSCOPY),
        (
            Evidence("FLAT", "Imaging 2x2", "NO_MASK", "NO_GRATING", "Imaging", 0.0, 0.0),
            FrameKind.FLAT,
            Technique.IMAGING,
        ),
        (changed(obstype="FOCUS"), FrameKind.FOCUS, Technique.SPECTROSCOPY),
        (Evidence("OBJECT"), FrameKind.SPECTRUM, Technique.UNKNOWN),
        (changed(obstype="DARK"), FrameKind.UNKNOWN, Technique.SPECTROSCOPY),
    ],
)
def test_judge(evidence: Evidence, kind: FrameKind, technique: Technique) -> None:
    assert judge(evidence) == (kind, technique)


def test_a_person_can_overrule_the_technique() -> None:
    assert kind_of("OBJECT", Technique.IMAGING) is FrameKind.IMAGE
    assert kind_of("EXPOSE", Technique.SPECTROSCOPY) is FrameKind.SPECTRUM
    assert kind_of("COMP", Technique.IMAGING) is FrameKind.ARC
