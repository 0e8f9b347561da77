"""The title of the file on show, and the tabs of its family: the files made from the same frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dash import html

from callbacks.data.address import Address
from reduction.frames import DataType

_TARGET = re.compile(r"_(?:target|ws)_(\d+)")
_VERSION = re.compile(r"_v(\d+)(?=[_.])")


def head(address: Address, file: Any, original: Any, family: Sequence[Any]) -> html.Div:
    """Return the title and the tabs of the related files."""
    following = address.file is None
    labels = _labels(family)
    ids = " ".join(str(member.id) for member in family)
    follow_href = address.href(file=str(file.id) if following else None, page=1)
    return html.Div(
        [
            html.Div(
                [
                    html.H1(original.file_name, title=original.file_name),
                    html.Button(
                        "Follow newest",
                        id="follow",
                        type="button",
                        className="switch",
                        role="switch",
                        title="Keep the newest file on show (f)",
                        **{
                            "aria-checked": str(following).lower(),
                            "data-command": "follow",
                            "data-href": follow_href,
                        },
                    ),
                ],
                className="title-row",
            ),
            html.Nav(
                [_tab(address, member, file, labels[member.id]) for member in family],
                className="tabs",
                **{"aria-label": "Related files"},
            ),
        ],
        **{"data-family": ids},
    )


def _labels(family: Sequence[Any]) -> dict[int, str]:
    """Return the tab of each file of a family: its type, target and version, where there are more.

    Versions are counted in the order they were made: one that was made with another calibration
    has another name, and no number in it.
    """
    targets: dict[int, set[str]] = {}
    versions: dict[tuple[int, str], list[int]] = {}
    for member in family:
        number = _target(member)
        targets.setdefault(member.data_type, set()).add(number)
        versions.setdefault((member.data_type, number), []).append(member.id)
    labels = {}
    for member in family:
        label, number = DataType(str(member.data_type)).label, _target(member)
        if number and len(targets[member.data_type]) > 1:
            label += f" {number}"
        same = sorted(versions[member.data_type, number])
        named = _VERSION.search(member.file_name)
        if len(same) > 1 and same.index(member.id) > 0:
            label += f" v{same.index(member.id) + 1}"
        elif len(same) == 1 and named and str(member.data_type) != DataType.RAW:
            label += f" v{named[1]}"
        labels[member.id] = label
    return labels


def _target(member: Any) -> str:
    found = _TARGET.search(member.file_name)
    return found[1] if found and str(member.data_type) != DataType.RAW else ""


def _tab(address: Address, member: Any, file: Any, label: str) -> html.A:
    given = {"data-go": ""}
    if member.id == file.id:
        given["aria-current"] = "true"
    href, number = address.href(file=str(member.id)), str(member.id)
    return html.A(label, href=href, title=member.file_name, key=number, **given)
