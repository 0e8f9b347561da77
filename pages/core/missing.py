"""The page of an unknown address."""

from __future__ import annotations

from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.router import Page


def layout(pathname: str, _search: str) -> Component:
    """Return a message, and a link to the proposals."""
    return html.Main(
        [
            html.H1("No such page"),
            html.P([html.Code(pathname[:200]), " is not an address of this site."]),
            html.P(html.A("All Observing Proposals", href="/", **{"data-go": ""})),
        ],
        className="sheet",
    )


PAGE = Page("missing", "No such page · GSP Live", lambda _path: True, layout)
