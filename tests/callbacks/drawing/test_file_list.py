"""The entries of the file index."""

from __future__ import annotations

import dataclasses
import datetime as dt

from callbacks.core.markup import html_of
from callbacks.data.address import CALIBRATIONS, Address
from callbacks.data.drawing import file_list
from services.data_page.file_index import FileIndex, IndexEntry

WHEN = dt.datetime(2026, 11, 29, 23, 33, tzinfo=dt.UTC)
ENTRY = IndexEntry(
    5, "sensitivity_400_M2_EG274.fits", "", "EG 274", WHEN.date(), WHEN, 5, None, "", "EG 274"
)


def drawn(entry: IndexEntry) -> str:
    index = FileIndex((entry,), 1, 1, 0, 1, (), None)
    return html_of(file_list.entries(Address(section=CALIBRATIONS), index))


def test_a_sensitivity_is_listed_by_its_star() -> None:
    assert "EG 274 · sensitivity_400_M2_EG274<" in drawn(ENTRY)
    master = dataclasses.replace(ENTRY, file_name="master_bias.fits", star="")
    assert ">master_bias<" in drawn(master)


def test_an_empty_list_says_what_will_come() -> None:
    index = FileIndex((), 1, 1, 0, 0, (), None)
    text = html_of(file_list.entries(Address(section=CALIBRATIONS), index))
    assert "Masters" in text
    assert "sensitivities" in text
