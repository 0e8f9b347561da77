"""Observing Proposals: who observes what with whom, and the way to what one may change."""

from __future__ import annotations

from dash import html

from callbacks.guard import person
from callbacks.proposals import ROOT
from callbacks.router import Page
from pages import home, lists
from services import proposal_index


def layout(pathname: str, search: str) -> html.Main:
    """Return the page's fixed parts; `callbacks.proposals` fills them from the address."""
    n_proposals = proposal_index.total(person())
    return html.Main(
        lists.whole(
            "proposals",
            html.H1("Observing Proposals"),
            lists.search(pathname, search, home.SEARCH, n_proposals),
        ),
        className="sheet proposals-page",
    )


PAGE = Page("proposals", "Proposals · GSP Live", lambda path: path == ROOT, layout, keeps=True)
