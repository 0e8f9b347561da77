"""Links to the pages of a list."""

from __future__ import annotations

from typing import Protocol

from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.numbers import thousands


class Paged(Protocol):
    """An address that contains the page of a list."""

    @property
    def page(self) -> int:
        """The page, from 1."""

    def href(self, *, page: int) -> str:
        """Return the address of another page."""


def numbered(query: Paged, n_pages: int) -> list[Component]:
    """Return links to the previous, the next, the first, the last and the adjacent pages."""
    page = min(query.page, n_pages)
    near = sorted({1, n_pages, *range(max(1, page - 1), min(n_pages, page + 1) + 1)})
    links = [_link(query, page - 1, n_pages, "‹", "Previous page", rel="prev")]
    for before, number in zip([0, *near], near, strict=False):
        if number - before > 1:
            links.append(html.Span("…", className="off"))
        current = {"aria-current": "page"} if number == page else {}
        links.append(_link(query, number, n_pages, str(number), f"Page {number}", **current))
    links.append(_link(query, page + 1, n_pages, "›", "Next page", rel="next"))
    return links


def newer_older(query: Paged, n_pages: int, noun: str) -> list[Component]:
    """Return links to newer and older rows around the number of the page; none for one page."""
    if n_pages <= 1:
        return []
    return [
        _link(query, query.page - 1, n_pages, "‹ newer", f"Newer {noun}"),
        html.Span(f"page {thousands(query.page)} of {thousands(n_pages)}", className="off"),
        _link(query, query.page + 1, n_pages, "older ›", f"Older {noun}"),
    ]


def _link(
    query: Paged, page: int, n_pages: int, text: str, label: str, **attributes: str
) -> Component:
    if not 1 <= page <= n_pages:
        return html.Span(text, className="off", **{"aria-hidden": "true"})
    return html.A(
        text,
        href=query.href(page=page),
        **{"data-go": "", "aria-label": label, **attributes},
    )
