"""What is shown at an address that no page has."""

from __future__ import annotations

from dash import html

from callbacks.core.router import Page


def layout(pathname: str, _search: str) -> html.Main:
    """Return the sentence, and the way on."""
    return html.Main(
        [
            html.H1("No such page"),
            html.P([html.Code(pathname[:200]), " is no address of this site."]),
            html.P(html.A("All Observing Proposals", href="/", **{"data-go": ""})),
        ],
        className="sheet",
    )


PAGE = Page("missing", "No such page · GSP Live", lambda _path: True, layout)
