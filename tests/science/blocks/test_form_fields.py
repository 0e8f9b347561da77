"""The form of the settings: the manual's groups first, and nothing that its model would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reduction.frames import FrameKind
from reduction.registry import all_blocks
from reduction.settings import form_fields
from reduction.settings.proposal_settings import settings_model

FIELDS = list(form_fields.all_fields().values())


def test_the_manuals_form_comes_first_in_its_order() -> None:
    shown = [(title, [field.title for field in fields]) for title, fields in form_fields.groups()]
    assert shown[:4] == [
        (
            "General Settings",
            ["Saturation Threshold (% of pixels)", "Cosmic ray rejection", "Technique"],
        ),
        (
            "Calibrations",
            ["Ignore bias", "Ignore flats", "Minimum Number of Bias", "Minimum Number of Flats"],
        ),
        ("Flat Normalization", ["Flat Normalization", "Flat Normalization Order"]),
        (
            "Spectroscopic Target",
            ["Extraction Type", "Target Fit Model", "Maximum Number of Targets"],
        ),
    ]


def test_every_setting_has_one_field_with_help_and_its_default() -> None:
    names = [field.name for _, fields in form_fields.groups() for field in fields]
    assert sorted(names) == sorted(form_fields.values(settings_model()()))
    assert all(field.help and field.title for field in FIELDS)
    defaults = {field.name: field.default for field in FIELDS}
    assert form_fields.compose(defaults) == settings_model()()


TYPED: st.SearchStrategy[Any] = st.one_of(
    st.text(max_size=12),
    st.integers(-300, 1200).map(str),
    st.floats(-10, 1200).map(str),
    st.sampled_from([word for field in FIELDS for word, _ in field.choices]),
    st.booleans(),
    st.none(),
)


@given(field=st.sampled_from(FIELDS), typed=TYPED)
def test_what_a_field_takes_the_model_takes_too(
    field: form_fields.SettingField, typed: Any
) -> None:
    try:
        value = field.read(typed)
    except ValueError as error:
        assert str(error).endswith(".")
        return
    settings = form_fields.compose({field.name: value})
    assert form_fields.values(settings)[field.name] == value


@given(
    field=st.sampled_from([f for f in FIELDS if f.kind in ("whole", "number")]),
    number=st.integers(-300, 1200),
)
def test_what_a_field_refuses_the_model_refuses_too(
    field: form_fields.SettingField, number: int
) -> None:
    try:
        field.read(str(number))
    except ValueError:
        with pytest.raises(ValidationError):
            form_fields.compose({field.name: number})


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("master_bias.minimum", "0", "This is a whole number from 1 to 200."),
        ("master_bias.minimum", "2.5", "This is a whole number from 1 to 200."),
        ("extract.aperture_width", "0.2", "This is a number above 0.2, up to 10."),
        ("extract.threshold", "nan", "This is a number from 2 to 1000."),
        ("reduce.cosmic_rays", "magic", "Choose one of Default, DCR, LaCosmic, None."),
        ("wavelength.arc_name", "a\nb", "At most 200 printable characters."),
    ],
)
def test_a_refusal_says_what_can_be(name: str, typed: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        form_fields.all_fields()[name].read(typed)
    assert str(refused.value) == sentence


def test_what_makes_no_difference_to_a_frame_is_left_out() -> None:
    reduce, extract = all_blocks()["reduce"].settings(), all_blocks()["extract"].settings()
    assert "cosmic_rays" in reduce.effective(FrameKind.SPECTRUM)
    assert "cosmic_rays" not in reduce.effective(FrameKind.ARC)
    assert extract.effective(FrameKind.ARC) == {}
    wavelength = all_blocks()["wavelength"].settings
    assert "arc_name" not in wavelength().effective(FrameKind.SPECTRUM)
    fixed = wavelength(arc_choice="fixed", arc_name="a.fits")
    assert fixed.effective(FrameKind.SPECTRUM)["arc_name"] == "a.fits"
