"""The sentences of notices: the only tests that look at their wording."""

from __future__ import annotations

from typing import Any

import pytest

from reduction.difference_text import difference_text
from reduction.differences import Difference, Effect, Quantity
from reduction.notice_codes import NoticeCode, Severity
from reduction.notice_text import text
from reduction.notices import Notice, by_severity, notice

SLIT = Difference(Quantity.SLIT, "1.0_LONG_SLIT", "3.2_LONG_SLIT", Effect.USABLE)
GRATING = Difference(Quantity.GRATING, "400_SYZY", "930_SYZY", Effect.FATAL)
EMPTY = notice(NoticeCode.FILE_EMPTY, file="0001.fits")
FLAT = {"role": "master flat", "file": "flat.fits"}
BIAS = {"role": "master bias", "file": "bias.fits"}
SKY = {"features": "solar", "offset": -14.7, "error": 0.3}

EXAMPLES: dict[str, Any] = {
    "airmass": 1.6,
    "separation": 24.0,
    "stated_airmass": 199.88,
    "allowed": 1.0,
    "angle": 54,
    "axes": 0,
    "bands": ["A", "7200"],
    "bend": 0.3,
    "bitpix": 99,
    "bytes": 2880,
    "cam_targ": 16.1,
    "altitude": 18.0,
    "cards": ["LTV1", "LTM1_1"],
    "centre": 12000.0,
    "changes": [{"title": "Ignore bias", "before": "off", "after": "on"}],
    "count": 2,
    "files": ["0001.fits", "0002.fits"],
    "difference": GRATING,
    "differences": [SLIT],
    "error": 0.3,
    "expected": 5760,
    "file": "0001.fits",
    "first": 3600.0,
    "found": 3,
    "factor": 1.23,
    "fraction": 0.4,
    "frames": 10,
    "fwhm": 10.5,
    "gain": 9.9,
    "gases": ["O2", "H2O"],
    "grt_targ": 7.5,
    "high": 100.0,
    "highest": 3.2,
    "keywords": ["NOTES", "FOO"],
    "last": 7200.0,
    "least": 40.0,
    "level": 12197.0,
    "limit": 2000,
    "lost": 0.12,
    "lowest": 3700.0,
    "magnitude": 17.3,
    "lines": 12,
    "low": 0.1,
    "measured": 4.18,
    "megapixels": 400.0,
    "stated": 5.27,
    "missing": "after",
    "most": 948,
    "nearest": None,
    "needed": 10,
    "offset": 2.1,
    "order": 3,
    "pis": 4,
    "pixels": 0.12,
    "inputs": ["0002.fits"],
    "proposals": 12,
    "previous": 494.0,
    "read_noise": 3.9,
    "reason": EMPTY,
    "reasons": ["level", "noise"],
    "rms": 2.5,
    "ratio": 0.12,
    "row": 81.0,
    "scatter": 0.08,
    "slope": -2.1,
    "shift": 0.12,
    "rows": 5000,
    "seconds": -1.0,
    "seeing": 0.9,
    "sections": 2,
    "setup": {"grating": "400_SYZY", "camera_angle": 16.1},
    "size": 2880,
    "staff": False,
    "threshold": 5.0,
    "times": 3,
    "total": 12,
    "value": 7.5,
    "width": 1.0,
    "widths": 0.4,
    "features": "airglow",
    "role": "master bias",
}
"""A value for each parameter that is not a text."""


def example(code: NoticeCode) -> Notice:
    return notice(code, **{name: EXAMPLES.get(name, f"<{name}>") for name in code.parameters})


@pytest.mark.parametrize("code", NoticeCode)
def test_every_notice_is_a_sentence(code: NoticeCode) -> None:
    sentence = text(example(code))
    assert sentence.endswith((".", "!", "?"))
    assert "{" not in sentence and "None" not in sentence
    assert len(sentence) > 12 or code in {NoticeCode.LEGACY_TEXT, NoticeCode.LEGACY_HEADER_TEXT}


@pytest.mark.parametrize("code", NoticeCode)
def test_every_notice_is_stored_and_read_back(code: NoticeCode) -> None:
    stored = example(code).to_json()
    assert Notice.from_json(stored) == example(code)
    assert stored["severity"] == code.severity.name.lower()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            notice(NoticeCode.DEGRADED_MATCH, **FLAT, differences=[SLIT]),
            "Flat taken with a different slit (3.2″; this frame 1.0″).",
        ),
        (
            notice(
                NoticeCode.DEGRADED_MATCH,
                role="arc lamp",
                file="arc.fits",
                differences=[Difference(Quantity.DAYS_APART, 1.0, 3.0, Effect.USABLE)],
            ),
            "Arc taken 3 days from this frame.",
        ),
        (
            notice(
                NoticeCode.DEGRADED_MATCH,
                role="sensitivity",
                file="sensitivity.fits",
                differences=[
                    SLIT,
                    Difference(Quantity.NIGHT, "2024-03-11", "2024-03-08", Effect.USABLE),
                ],
            ),
            "Sensitivity taken with a different slit (3.2″; this frame 1.0″) in the night of "
            "2024-03-08.",
        ),
        (
            notice(NoticeCode.SKY_CORRECTED, **SKY),
            "Wavelengths corrected by +14.7 ± 0.3 Å to match the solar lines of the sky. "
            "Check before use.",
        ),
        (
            notice(
                NoticeCode.NO_CALIBRATION,
                role="arc lamp",
                setup={"grating": "400_SYZY", "camera_angle": 16.1},
                nearest=None,
                differences=[],
            ),
            "No arc with this setup (grating 400_SYZY, camera angle 16.1°).",
        ),
        (
            notice(
                NoticeCode.NO_CALIBRATION,
                role="master bias",
                setup={"camera": "Red", "read_noise": None},
                nearest="bias.fits",
                differences=[Difference(Quantity.DAYS_APART, 30.0, 45, Effect.ON_REQUEST)],
            ),
            "No bias with this read-out (camera Red, read noise unknown). "
            "Nearest: bias.fits, taken 45 days apart (at most 30).",
        ),
        (
            notice(NoticeCode.BRIGHT_LINES_UNEXPLAINED, lamp="HgArNe", fraction=0.4),
            "No wavelength solution from this HgArNe arc: bright lines identified: 40%. "
            "Check the lamp and the grating angle.",
        ),
        (notice(NoticeCode.OUT_OF_DATE), "A newer calibration is available. Recalibrate."),
        (
            notice(
                NoticeCode.FILE_RUN_FAILED, file="0001.fits", block="Reduce Raw File", reason=EMPTY
            ),
            "0001.fits: Reduce Raw File failed: 0001.fits is empty.",
        ),
        (notice(NoticeCode.QUARANTINED, file="0001.fits", reason=EMPTY), "0001.fits is empty."),
        (
            notice(NoticeCode.NOT_RAW, keyword="RLEVEL", value="91", pipeline="BANZAI"),
            "This is a product of the BANZAI pipeline and not a raw frame: RLEVEL = '91'.",
        ),
        (
            notice(
                NoticeCode.QUARANTINED,
                file="0001.fits",
                reason=notice(NoticeCode.CARD_MISSING, keyword="GAIN", meaning="gain"),
            ),
            "0001.fits: GAIN (gain) is missing.",
        ),
        (
            notice(NoticeCode.MADE_WITHOUT, role="master bias"),
            "No master bias: the overscan level was subtracted instead.",
        ),
        (
            notice(
                NoticeCode.MANUAL_CALIBRATION_DIFFERS,
                **BIAS,
                differences=[Difference(Quantity.FRAMES, 10, 5, Effect.ON_REQUEST)],
            ),
            "Manual calibration: master bias bias.fits differs: 5 frames (at least 10 required).",
        ),
    ],
)
def test_the_words_for_people(said: Notice, sentence: str) -> None:
    assert text(said) == sentence


def test_a_value_that_is_unknown_is_called_so() -> None:
    unknown = Difference(Quantity.GAIN, 1.48, None, Effect.ON_REQUEST)
    assert difference_text(unknown) == "gain unknown (this frame 1.48 electron/ADU)"


def test_a_notice_without_its_parameters_is_refused() -> None:
    with pytest.raises(ValueError, match="file_empty"):
        notice(NoticeCode.FILE_EMPTY)
    with pytest.raises(ValueError, match="file_empty"):
        notice(NoticeCode.FILE_EMPTY, file="x.fits", other=1)
    with pytest.raises(ValueError, match="not a valid NoticeCode"):
        Notice.from_json({"code": "nonsense", "severity": "info", "params": {}})
    with pytest.raises(TypeError):
        notice(NoticeCode.FILE_EMPTY, file=object())


def test_the_gravest_notice_comes_first() -> None:
    info, warning = notice(NoticeCode.MANUAL_EXTRACTION), notice(NoticeCode.NO_BIAS_LEVEL)
    assert by_severity([info, warning, EMPTY]) == [EMPTY, warning, info]
    assert Severity.ERROR > Severity.WARNING > Severity.INFO
