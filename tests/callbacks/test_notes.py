"""The measurements of a file as people read them."""

from __future__ import annotations

import pytest

from callbacks.data.drawing.notes import measurement_text
from services.data_page.file_view import Measurement


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
