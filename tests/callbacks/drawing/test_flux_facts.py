"""The key numbers of flux-calibrated spectra and of sensitivities as people read them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from callbacks.data.drawing.notes import draw
from reduction.frames import DataType
from services.data_page.file_view import Measurement, ShownFile

FLUX = {
    "grade": "relative",
    "star": "LTT 3218",
    "reference": "Moehler 2014",
    "airmass": 1.1234,
    "sigma_sys_percent": 3.214,
    "telluric": "science",
    "residual_before": 0.31,
    "residual_after": 0.0214,
    "magnitude_SDSS_r": 16.234,
    "photometric_factor": 1.21,
}
SENSITIVITY = {
    "star": "EG 274",
    "reference": "Moehler 2014",
    "airmass": 1.05,
    "zero_point_mag": 16.324,
    "throughput_peak": 0.213,
    "throughput_ratio": 0.98,
    "response_rms_mag": 0.0123,
    "points_used": 812,
    "library_size": 0,
    "first_angstrom": 3502.4,
    "last_angstrom": 8890.1,
}


def drawn(values: dict[str, Any]) -> tuple[list[Any], list[str]]:
    """Return the parts of the first line below a picture, and what they say."""
    measurements = tuple(Measurement(name, value) for name, value in values.items())
    now = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    file = ShownFile(1, "x.fits", "", DataType.FLUX, measurements, (), now)
    parts = draw(file)[0].children
    return parts, [words(part.children) for part in parts]


def words(children: Any) -> str:
    if isinstance(children, list):
        return "".join(words(child) for child in children)
    return str(getattr(children, "children", children))


def test_a_flux_says_its_grade_and_what_it_rests_on() -> None:
    parts, said = drawn(FLUX)
    assert said == [
        "relative flux",
        "standard LTT 3218 (Moehler 2014)",
        "airmass 1.123",
        "σ_sys 3.2 %",
        "telluric residual 31 % → 2.1 %, fitted to this spectrum",
        "SDSS r 16.23 mag",
        "scaled to photometry × 1.21",
    ]
    assert parts[0].className == "badge"


@pytest.mark.parametrize(
    ("grade", "look"),
    [("absolute", "badge good"), ("relative", "badge"), ("shape only", "badge warn")],
)
def test_the_badge_shows_how_far_a_flux_can_be_trusted(grade: str, look: str) -> None:
    parts, said = drawn({"grade": grade})
    assert (parts[0].className, said) == (look, [f"{grade} flux"])


def test_a_correction_without_residuals_and_a_flux_without_one() -> None:
    assert "telluric residual not corrected" in drawn({"grade": "relative", "telluric": "none"})[1]
    assert not any("telluric" in text for text in drawn({"grade": "relative"})[1])


def test_a_sensitivity_says_its_star_and_throughput() -> None:
    assert drawn(SENSITIVITY)[1] == [
        "standard EG 274 (Moehler 2014)",
        "airmass 1.050",
        "zero point 16.32 mag",
        "throughput 21.3 % at its peak, 0.98 of the expected",
        "scatter 0.012 mag",
        "points 812",
        "range 3502 – 8890 Å",
        "site library none yet",
    ]


def test_what_is_not_a_key_number_is_shown_as_before() -> None:
    said = drawn({**FLUX, "zero_point": "sky", "zero_point_error_angstrom": 0.1, "target": 2})[1]
    assert "zero point: own sky ± 0.1 Å" in said
    assert "target 2" in said


def test_other_files_have_no_key_numbers_of_a_flux() -> None:
    assert drawn({"star": 3, "airmass": 1.2})[1] == ["star 3", "airmass 1.2"]
