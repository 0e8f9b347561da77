"""All Observing Proposals: a table with links to the data of each."""

from __future__ import annotations

from dash import html

from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.proposals import HOME
from pages.core import lists
from services.proposals import proposal_index

SEARCH = "Find by SOAR ID, PI or title"


def layout(pathname: str, search: str) -> html.Main:
    """Return the page's fixed parts; `callbacks.proposals` fills them from the address."""
    n_proposals = proposal_index.total(person())
    return html.Main(
        lists.paged_list(
            "home",
            html.H1("All Observing Proposals"),
            lists.search(pathname, search, SEARCH, n_proposals),
        ),
        className="sheet",
    )


PAGE = Page(
    "home", "All Observing Proposals · GSP Live", lambda path: path == HOME, layout, keeps=True
)
