"""The measurements of a file as people read them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from callbacks.data.drawing.notes import draw, measurement_text
from reduction.frames import DataType
from services.data_page.file_view import Measurement, ShownFile


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("rms_angstrom", 0.06291, ("rms", "0.06291 Å")),
        ("lines", 55, ("lines", "55")),
        ("lamp", "HgArNe", ("lamp", "HgArNe")),
        ("lamp", "", ("lamp", "")),
        ("resolution_angstrom", None, ("resolution", "")),
        ("brightest_lines_explained", 1.0, ("bright lines identified", "100 %")),
        ("cosmic_ray_fraction", 0.000754, ("cosmic rays", "0.0754 %")),
        ("cosmic_ray_fraction", None, ("cosmic ray fraction", "")),
    ],
)
def test_a_measurement_has_a_label_and_a_unit(
    name: str, value: str | int | float | None, text: tuple[str, str]
) -> None:
    assert measurement_text(Measurement(name, value)) == text


@pytest.mark.parametrize(
    ("values", "words", "look"),
    [
        (
            {"zero_point": "sky", "zero_point_error_angstrom": 0.112},
            "zero point: own sky ± 0.11 Å",
            "badge",
        ),
        (
            {"zero_point": "arc", "zero_point_error_angstrom": 1.2},
            "zero point: arc alone ± 1.2 Å",
            "badge",
        ),
        (
            {
                "zero_point": "uncertain",
                "zero_point_error_angstrom": 13.7,
                "zero_point_limit_angstrom": 23.7,
            },
            "zero point uncertain by up to 24 Å",
            "badge bad",
        ),
    ],
)
def test_a_badge_says_what_the_zero_point_rests_on(
    values: dict[str, Any], words: str, look: str
) -> None:
    measurements = tuple(Measurement(name, value) for name, value in values.items())
    now = dt.datetime(2026, 7, 6, tzinfo=dt.UTC)
    rms = Measurement("rms_angstrom", 0.06)
    file = ShownFile(1, "w.fits", "", DataType.WAVELENGTH, (rms, *measurements), (), now)
    badge, other = draw(file)[0].children
    assert (badge.children, badge.className) == (words, look)
    assert "rms" in str(other)
