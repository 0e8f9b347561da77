"""A person's ruling on what a frame is counts for more than its header, in every block."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.blocks.wavelength import WavelengthSettings, wavelength
from reduction.errors import MissingCalibration
from reduction.frames import FrameKind, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from tests.support.goodman_frames import header
from tests.support.notices import refused


def quiet(_step: str, _fraction: float) -> None:
    return None


def frame(obstype: str) -> CCDData:
    pixels = np.random.default_rng(1).normal(900, 4, (120, 2071)).astype(np.float32)
    flags = np.zeros(pixels.shape, np.uint8)
    meta = header(OBSTYPE=obstype, TRIMSEC="[26:2055,2:120]")
    return CCDData(pixels, unit=u.adu, mask=flags != 0, flags=flags, meta=meta)


@pytest.mark.parametrize(
    ("obstype", "kind", "cleaned"),
    [
        ("COMP", None, False),
        ("COMP", FrameKind.SPECTRUM, True),
        ("OBJECT", None, True),
        ("OBJECT", FrameKind.ARC, False),
    ],
)
def test_lamps_are_not_cleaned_of_cosmic_rays(
    obstype: str, kind: FrameKind | None, cleaned: bool
) -> None:
    [product] = reduce(
        BlockInputs(frame=frame(obstype), file_name="0001_X.fits", kind=kind),
        ReduceSettings(ignore_bias=True, ignore_flats=True, cosmic_rays="lacosmic"),
        quiet,
    )
    assert product.file_name.startswith("c") is cleaned


def test_a_spectrum_is_not_its_own_arc_because_of_its_header() -> None:
    n = 500
    spectrum = Spectrum(
        np.ones(n), np.ones(n), np.zeros(n, np.uint8), header(OBSTYPE="COMP"), sky=np.ones(n)
    )
    with refused(MissingCalibration, NoticeCode.ARC_MISSING, file="e_X.fits"):
        wavelength(
            BlockInputs(frame=spectrum, file_name="e_X.fits", kind=FrameKind.SPECTRUM),
            WavelengthSettings(),
            quiet,
        )
