"""Observing Proposals: people and abstracts, with links to data, settings and collaborators."""

from __future__ import annotations

from dash import html

from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.proposals import ROOT
from pages import home
from pages.core import lists
from services.proposals import proposal_index


def layout(pathname: str, search: str) -> html.Main:
    """Return the page's fixed parts; `callbacks.proposals` fills them from the address."""
    n_proposals = proposal_index.total(person())
    return html.Main(
        lists.paged_list(
            "proposals",
            html.H1("Observing Proposals"),
            lists.search(pathname, search, home.SEARCH, n_proposals),
        ),
        className="sheet proposals-page",
    )


PAGE = Page("proposals", "Proposals · GSP Live", lambda path: path == ROOT, layout, keeps=True)
