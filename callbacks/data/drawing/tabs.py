"""The title of the file on show, and the tabs of the files made from the same frame."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Component
from callbacks.data.address import Address
from reduction.frames import DataType
from services.data_page.file_view import FamilyMember, FileView

_TARGET = re.compile(r"_(?:target|ws)_(\d+)")
_SIGMA = re.compile(r"_sigma(?=[_.])")
_VERSION = re.compile(r"_v(\d+)(?=[_.])")


def draw(address: Address, view: FileView) -> Component:
    """Return the title and the tabs of the related files."""
    labels = tab_labels(view.family)
    tabs = [
        _tab(address, member, labels[member.id], is_shown=member.id == view.file.id)
        for member in view.family
    ]
    return html.Div(
        [
            html.Div(
                [html.H1(view.raw_name, title=view.raw_name), _follow_switch(address, view)],
                className="title-row",
            ),
            html.Nav(tabs, className="tabs", **{"aria-label": "Related files"}),
        ],
        **{"data-family": " ".join(str(member.id) for member in view.family)},
    )


def _follow_switch(address: Address, view: FileView) -> Component:
    is_following = address.file is None
    return html.Button(
        "Follow newest",
        id="follow",
        type="button",
        className="switch",
        role="switch",
        title="Keep the newest file on show (f)",
        **{
            "aria-checked": str(is_following).lower(),
            "data-command": "follow",
            "data-href": address.href(file=str(view.file.id) if is_following else None, page=1),
        },
    )


def tab_labels(family: Sequence[FamilyMember]) -> dict[int, str]:
    """Return the label of each member's tab by its id: type, and target and version if several.

    Versions are counted in the order they were made: a version that was made with another
    calibration has another name, and no number in it.
    """
    targets: dict[DataType, set[str]] = {}
    versions: dict[tuple[DataType, str], list[int]] = {}
    for member in family:
        target = _target(member)
        targets.setdefault(member.data_type, set()).add(target)
        versions.setdefault((member.data_type, target), []).append(member.id)
    return {
        member.id: _label(
            member,
            has_targets=len(targets[member.data_type]) > 1,
            ids=sorted(versions[member.data_type, _target(member)]),
        )
        for member in family
    }


def _label(member: FamilyMember, *, has_targets: bool, ids: Sequence[int]) -> str:
    """Return the label of a tab; `ids` are the versions of the same product, the oldest first."""
    label, target = member.data_type.label, _target(member)
    if target and has_targets:
        label += f" {target}"
    position = ids.index(member.id)
    if position > 0:
        return f"{label} v{position + 1}"
    in_name = _VERSION.search(member.file_name)
    if len(ids) == 1 and in_name and member.data_type != DataType.RAW:
        return f"{label} v{in_name[1]}"
    return label


def _target(member: FamilyMember) -> str:
    if member.data_type == DataType.RAW:
        return ""
    match = _TARGET.search(member.file_name)
    if match:
        return match[1]
    in_sigmas = member.data_type == DataType.SKY_SUBTRACTED and _SIGMA.search(member.file_name)
    return "(σ)" if in_sigmas else ""


def _tab(address: Address, member: FamilyMember, label: str, *, is_shown: bool) -> Component:
    attributes = {"data-go": ""} | ({"aria-current": "true"} if is_shown else {})
    href = address.href(file=str(member.id))
    return html.A(label, href=href, title=member.file_name, key=str(member.id), **attributes)
