"""Names of standard stars as observers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reduction.flux.references.library import star_of, stars


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("LTT3218", "LTT 3218"),
        ("LTT 3218", "LTT 3218"),
        ("ltt_3218_std", "LTT 3218"),
        ("LTT3218_930_blue", "LTT 3218"),
        ("STD LTT 7379", "LTT 7379"),
        ("EG-274", "EG 274"),
        ("EGGR 274", "EG 274"),
        ("CD-32d9927", "CD-32 9927"),
        ("CD-32 9927", "CD-32 9927"),
        ("CD-329927", "CD-32 9927"),
        ("HR 7596", "HR 7596"),
        ("hr7596", "HR 7596"),
        ("58 Aql", "HR 7596"),
        ("HD 188350", "HR 7596"),
        ("Feige110", "Feige 110"),
        ("mu Col", "HR 1996"),
        ("theta Vir", "HR 4963"),
        ("BD+28d4211", "BD+28 4211"),
        ("G191B2B", "G191-B2B"),
        ("L745-46A", "L745-46A"),
        ("LTT 377", "CD-34 241"),
    ],
)
def test_a_name_is_recognised(written: str, meant: str) -> None:
    star = star_of(written)
    assert star is not None and star.name == meant


@pytest.mark.parametrize(
    "written",
    ["", "AT2018oh", "WD0507+045", "WD0507p045A_930_blue", "LTT 745", "LTT 32", "LTT 32181",
     "HR 75", "EG 2741", "GD 1530", "HR", "7596", "SN 2023ixf", "Feige", "flat", "---"],
)  # fmt: skip
def test_another_name_is_not(written: str) -> None:
    assert star_of(written) is None


def test_every_name_of_the_library_is_that_of_its_star() -> None:
    for star in stars():
        for name in (star.name, *star.aliases):
            for written in (name, name.upper(), name.replace(" ", ""), name.replace(" ", "_")):
                found = star_of(written)
                assert found is not None and found.name == star.name, written


@given(st.text(max_size=68))
def test_any_text_is_a_name_or_none(text: str) -> None:
    star = star_of(text)
    assert star is None or star in stars()
