"""The filters of the Search page: the choices with their counts, and the active filters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.numbers import thousands
from callbacks.search.address import Query
from reduction.frames import DataType
from services.search.filters import values
from services.search.page import Choice

LABELS = {
    "obstype": "obstype",
    "filter": "filter",
    "filter_2": "filter_2",
    "grating": "grating",
    "wavmode": "wavmode",
    "slit": "slit",
    "roi": "roi",
    "technique": "technique",
    "date": "date",
    "proposal": "Proposal",
    "data_type": "Type",
    "file_name": "File name",
    "object_name": "Object",
    "ra": "RA",
    "dec": "Dec",
    "radius": "Radius",
    "date_from": "From",
    "date_to": "To",
    "original_file_id": "Derived from file",
}
MAX_LISTED = 60
NO_VALUE = "not given"
_CONE = ("ra", "dec", "radius")


def facet(query: Query, name: str, offered: Sequence[Choice]) -> list[Component]:
    """Return the choices of a filter as links that select or clear one."""
    selected = [choice.value for choice in offered if choice.selected]
    listed = [c for i, c in enumerate(offered) if i < MAX_LISTED or c.selected]
    links = [_choice(query, name, choice, selected) for choice in listed]
    if len(offered) > len(listed):
        links.append(html.Span(f"and {len(offered) - len(listed)} more", className="quiet"))
    return links or [html.Span("none", className="quiet")]


def _choice(query: Query, name: str, choice: Choice, selected: Sequence[str]) -> html.A:
    after = [value for value in selected if value != choice.value]
    if not choice.selected:
        after.append(choice.value)
    joined = ",".join(re.sub(",", r"\\,", value) for value in after) if after else None
    return html.A(
        [
            html.Span(choice.value or NO_VALUE, className="value"),
            html.Span(thousands(choice.count), className="number"),
        ],
        href=query.href({name: joined}),
        role="checkbox",
        title=choice.value,
        **{"data-go": "", "aria-checked": str(choice.selected).lower()},
    )


def chips(query: Query) -> list[Component]:
    """Return the active filters as links that clear one of them, and a link that clears all."""
    drawn = []
    for name, text in query.values.items():
        if name in ("dec", "radius"):  # shown together with ra
            continue
        cleared = dict.fromkeys(_CONE if name == "ra" else (name,))
        label = _cone(query) if name == "ra" else f"{LABELS[name]}: {_value(name, text)}"
        drawn.append(
            html.A(
                label,
                href=query.href(cleared),
                **{"data-go": "", "aria-label": f"Clear {label}"},
            )
        )
    return [*drawn, reset(query)] if drawn else []


def _cone(query: Query) -> str:
    given = query.values
    around = f"{given.get('radius', '5')}′ around {given['ra']}"
    return f"{around} {given.get('dec', '')}".strip()


def _value(name: str, text: str) -> str:
    parts = [value or NO_VALUE for value in values(text)]
    if name == "data_type":
        labels = {str(kind): kind.label for kind in DataType}
        parts = [labels.get(value, value) for value in parts]
    return " or ".join(parts)


def reset(query: Query) -> html.A:
    """Return the link that clears all filters."""
    href = query.href(dict.fromkeys(query.values))
    return html.A("clear all filters", href=href, className="reset", **{"data-go": ""})
