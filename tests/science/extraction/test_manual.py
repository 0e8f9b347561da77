"""Manual extraction: flux and σ are true, and the extraction preview gives the same spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from reduction.blocks.extract import ExtractRunSettings, extract
from reduction.errors import UnusableFrame
from reduction.extraction import footprint, manual
from reduction.fits import vocabulary
from reduction.frames import FrameKind, PixelFlag
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from tests.support.notices import codes
from tests.support.science.manual_windows import LIGHT, N_X, SKY, TRACE, frame, windows


def test_the_light_in_the_windows_is_summed_and_sigma_is_sigma() -> None:
    spectrum, warning = manual.extract_manually(frame(), windows())
    assert warning is None
    pull = (spectrum.flux - LIGHT) / np.sqrt(spectrum.variance)
    assert abs(pull.mean()) < 4 / np.sqrt(N_X)
    assert 0.88 < pull.std() < 1.12


def test_the_header_tells_the_windows_back() -> None:
    spectrum, _ = manual.extract_manually(frame(), windows(target=3))
    place = footprint.read_footprint(spectrum.header)
    assert place.trace.coef == pytest.approx(TRACE)
    assert place.aperture == (-6.0, 6.0)
    assert np.array(place.zones) == pytest.approx(np.array([(-30, -12), (12, 30)]), abs=0.006)


def test_without_zones_the_sky_stays_in() -> None:
    spectrum, warning = manual.extract_manually(frame(), windows(zones=()))
    assert warning is None
    sky = 12 * (SKY + 0.1 * np.polynomial.Polynomial(TRACE)(np.arange(N_X)))
    assert np.median(spectrum.flux - sky) == pytest.approx(LIGHT, rel=0.01)


def test_zones_off_the_frame_are_said() -> None:
    _, warning = manual.extract_manually(frame(), windows(zones=((200.0, 210.0),)))
    assert warning is not None
    assert warning.code is NoticeCode.BACKGROUND_ZONES_UNUSABLE
    with pytest.raises(UnusableFrame):
        manual.extract_manually(frame(), windows(trace=(5000.0,), zones=()))


def test_a_hit_pixel_is_made_up_for_and_marked() -> None:
    hit = frame()
    hit.data[52, 40] = 1e6
    hit.flags[52, 40] = PixelFlag.COSMIC_RAY
    spectrum, _ = manual.extract_manually(hit, windows())
    assert abs(spectrum.flux[40] - LIGHT) < 0.3 * LIGHT
    assert spectrum.mask[40] & PixelFlag.INTERPOLATED


def test_the_block_makes_one_product_named_after_its_target() -> None:
    settings = ExtractRunSettings(by_hand=windows(target=2))
    inputs = BlockInputs(frame=frame(), file_name="cfzst_1.fits", kind=FrameKind.SPECTRUM)
    (product,) = extract(inputs, settings, lambda *_: None)
    assert product.file_name == "ecfzst_1_target_2.fits"
    assert product.data.header[vocabulary.GSP_EXTY] == manual.MANUAL
    assert product.quality["aperture_pixel"] == 12.0
    assert codes(product.notices) == [NoticeCode.MANUAL_EXTRACTION]


@pytest.mark.parametrize(
    "changes",
    [
        {"low": 3.0, "high": 3.2},
        {"low": float("nan")},
        {"high": 1e9},
        {"trace": ()},
        {"trace": (float("inf"),)},
        {"trace": (1.0,) * 9},
        {"zones": ((5.0, 5.5),)},
        {"zones": ((1.0, 9.0), (11.0, 19.0), (21.0, 29.0))},
        {"target": -1},
        {"colour": "red"},
    ],
)
def test_windows_that_make_no_sense(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        windows(**changes)


def test_windows_are_asked_of_one_run_and_are_no_setting_of_a_proposal(database: object) -> None:
    from reduction.registry import all_blocks
    from reduction.settings.proposal_settings import settings_model
    from services.errors import Unacceptable
    from services.runs.requests import settings_for
    from tests.support.builders import proposal, row

    file, block = row("cfzst_1.fits", proposal("SOAR2026B-009")), all_blocks()["extract"]
    told = windows().model_dump(mode="json")
    assert settings_for(block, file, {"by_hand": told})["by_hand"] == told
    assert "by_hand" not in settings_for(block, file, {})
    assert "by_hand" not in settings_model()().model_dump()["extract"]
    with pytest.raises(Unacceptable) as refused:
        settings_for(block, file, {"by_hand": told | {"low": 9.0, "high": 3.0}})
    assert refused.value.field == "by_hand"
