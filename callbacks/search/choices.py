"""Pieces of the search page: choices with their counts, filters in force, pager."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from dash import html

from reduction.frames import DataType
from services.search.filters import values

if TYPE_CHECKING:
    from callbacks.search.page import Query
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
    "original_file_id": "Made from file",
}
MOST_LISTED = 60
_CONE = ("ra", "dec", "radius")


def thousands(number: int) -> str:
    """Return a number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\u202f")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{thousands(number)} {noun}{'' if number == 1 else 's'}"


def facet(query: Query, name: str, offered: Sequence[Choice]) -> list[Any]:
    """Return the choices of a filter, each a link that puts it in force or takes it away."""
    chosen = [choice.value for choice in offered if choice.chosen]
    listed = [c for i, c in enumerate(offered) if i < MOST_LISTED or c.chosen]
    drawn: list[Any] = []
    for choice in listed:
        after = (
            [v for v in chosen if v != choice.value]
            if choice.chosen
            else [
                *chosen,
                choice.value,
            ]
        )
        joined = ",".join(re.sub(",", r"\\,", value) for value in after) if after else None
        drawn.append(
            html.A(
                [
                    html.Span(choice.value or "not given", className="value"),
                    html.Span(thousands(choice.count), className="number"),
                ],
                href=query.href({name: joined}),
                role="checkbox",
                title=choice.value,
                **{"data-go": "", "aria-checked": str(choice.chosen).lower()},
            )
        )
    if len(offered) > len(listed):
        drawn.append(html.Span(f"and {len(offered) - len(listed)} more", className="quiet"))
    return drawn or [html.Span("none", className="quiet")]


def chips(query: Query) -> list[Any]:
    """Return the filters in force, each with a way to take it away, and one for all."""
    drawn = []
    for name, text in query.given.items():
        if name in ("dec", "radius"):
            continue
        taken: dict[str, str | None] = {name: None}
        if name == "ra":
            taken = dict.fromkeys(_CONE)
            around = f"{query.given.get('radius', '5')}′ around {text}"
            words = f"{around} {query.given.get('dec', '')}".strip()
        else:
            words = f"{LABELS[name]}: {_said(name, text)}"
        drawn.append(
            html.A(
                words,
                href=query.href(taken),
                **{"data-go": "", "aria-label": f"Take away: {words}"},
            )
        )
    return [*drawn, reset(query)] if drawn else []


def _said(name: str, text: str) -> str:
    said = [value or "not given" for value in values(text)]
    if name == "data_type":
        labels = {str(kind): kind.label for kind in DataType}
        said = [labels.get(value, value) for value in said]
    return " or ".join(said)


def reset(query: Query) -> html.A:
    """Return the link that takes all filters away."""
    href = query.href(dict.fromkeys(query.given))
    return html.A("clear all filters", href=href, className="reset", **{"data-go": ""})


class Paged(Protocol):
    """An address that names a page of a list."""

    @property
    def page(self) -> int:
        """The page, from 1."""

    def href(self, *, page: int) -> str:
        """Return the address of another page."""


def pager(query: Paged, n_pages: int) -> list[Any]:
    """Return links to the pages near by, the first and the last."""
    page = min(query.page, n_pages)

    def link(number: int, text: str, label: str, **more: str) -> Any:
        if not 1 <= number <= n_pages:
            return html.Span(text, className="off", **{"aria-hidden": "true"})
        current = {"aria-current": "page"} if number == page and text.isdigit() else {}
        given = {"data-go": "", "aria-label": label, **more, **current}
        return html.A(text, href=query.href(page=number), **given)

    near = sorted({1, n_pages, *range(max(1, page - 1), min(n_pages, page + 1) + 1)})
    drawn = [link(page - 1, "‹", "Previous page", rel="prev")]
    for before, number in zip([0, *near], near, strict=False):
        if number - before > 1:
            drawn.append(html.Span("…", className="off"))
        drawn.append(link(number, str(number), f"Page {number}"))
    drawn.append(link(page + 1, "›", "Next page", rel="next"))
    return drawn
