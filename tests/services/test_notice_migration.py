"""Sentences of the release before become notices; none is lost."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from db import MIGRATIONS
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice


@pytest.fixture(scope="module")
def migration() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notices", MIGRATIONS / "0010_notices.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SLIT = {
    "quantity": "slit",
    "wanted": "1.0_LONG_SLIT",
    "found": "3.2_LONG_SLIT",
    "effect": "usable",
}
READOUT = "Red camera, RDNOISE 3.89, GAIN unknown, 2x2, 2071 x 948 pixels"


@pytest.mark.parametrize(
    ("sentence", "code", "params"),
    [
        (
            "master flat: not quite the same: SLIT 3.2_LONG_SLIT instead of 1.0_LONG_SLIT",
            NoticeCode.DEGRADED_MATCH,
            {"role": "master flat", "file": None, "differences": [SLIT]},
        ),
        (
            "arc lamp: a.fits was chosen by hand although it differs: GRT_TARG 12 instead of "
            "(none), DATE-OBS 45 days away (at most 30)",
            NoticeCode.MANUAL_CALIBRATION_DIFFERS,
            {
                "role": "arc lamp",
                "file": "a.fits",
                "differences": [
                    {
                        "quantity": "grating_angle",
                        "wanted": None,
                        "found": 12.0,
                        "effect": "fatal",
                    },
                    {
                        "quantity": "days_apart",
                        "wanted": 30.0,
                        "found": 45,
                        "effect": "on_request",
                    },
                ],
            },
        ),
        (
            "master bias: b.fits was chosen by hand although it differs: 5 frames instead of 10",
            NoticeCode.MANUAL_CALIBRATION_DIFFERS,
            {
                "role": "master bias",
                "file": "b.fits",
                "differences": [
                    {"quantity": "frames", "wanted": 10, "found": 5, "effect": "on_request"}
                ],
            },
        ),
        (
            "master bias: b.fits was chosen by hand",
            NoticeCode.MANUAL_CALIBRATION,
            {"role": "master bias", "file": "b.fits"},
        ),
        (
            "no master flat: the frame was not flat-fielded.",
            NoticeCode.MADE_WITHOUT,
            {"role": "master flat"},
        ),
        (
            f"no bias with this read-out ({READOUT}); there is no candidate at all",
            NoticeCode.NO_CALIBRATION,
            {
                "role": "master bias",
                "setup": {
                    "read_noise": 3.89,
                    "gain": None,
                    "camera": "Red",
                    "binning": "2x2",
                    "size": "2071x948",
                },
                "nearest": None,
                "differences": [],
            },
        ),
        (
            "no arc lamp taken with this setup (GRATING 400_SYZY, CAM_TARG 16.1); nearest: a.fits, "
            "differs in SLIT 3.2_LONG_SLIT instead of 1.0_LONG_SLIT",
            NoticeCode.NO_CALIBRATION,
            {
                "role": "arc lamp",
                "setup": {"grating": "400_SYZY", "camera_angle": 16.1},
                "nearest": "a.fits",
                "differences": [SLIT],
            },
        ),
        (
            "no master bias of 3 frames, as the proposal asks for; b.fits was made of 2",
            NoticeCode.MASTER_TOO_SMALL,
            {"role": "master bias", "needed": 3, "file": "b.fits", "found": 2},
        ),
        (
            "arc lamp: there is none on the other side of the exposure; r_a.fits stands alone.",
            NoticeCode.ARC_ONE_SIDE,
            {"file": "r_a.fits"},
        ),
        ("looking for its calibrations", NoticeCode.NOT_EXAMINED, {}),
        (
            "waiting for a master bias (7 of 10 frames so far)",
            NoticeCode.WAITING_FOR_FRAMES,
            {"role": "master bias", "found": 7, "needed": 10},
        ),
        ("Something ± odd.", NoticeCode.LEGACY_TEXT, {"text": "Something ± odd."}),
        (
            "master flat: not quite the same: something unheard of",
            NoticeCode.LEGACY_TEXT,
            {"text": "master flat: not quite the same: something unheard of"},
        ),
    ],
)
def test_a_sentence_becomes_a_notice(
    migration: ModuleType, sentence: str, code: NoticeCode, params: dict[str, Any]
) -> None:
    made = Notice.from_json(migration.of_text(sentence))
    assert (made.code, made.params) == (code, params)


def test_a_refused_path_keeps_its_keyword(migration: ModuleType) -> None:
    made = Notice.from_json(migration.of_arrival("/raw/x.fits", "GAIN", "x.fits: GAIN is missing."))
    assert made.code is NoticeCode.QUARANTINED
    reason = Notice.from_json(made.params["reason"])
    assert reason.params == {"keyword": "GAIN", "text": "GAIN is missing."}
    made = Notice.from_json(migration.of_arrival("/raw/x.fits", "", "x.fits is empty."))
    assert (made.code, made.params["text"]) == (NoticeCode.LEGACY_TEXT, "x.fits is empty.")
