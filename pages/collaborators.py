"""Collaborators: the proposals with their counts, and the people of one of them."""

from __future__ import annotations

from dash import html

from callbacks.collaborators import PAGE as NAME
from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.proposals import proposal_of
from pages.core import forms, lists
from services.proposals import proposal_index

HELP = "New addresses get an account and an invitation by e-mail."


def layout(pathname: str, search: str) -> html.Main:
    """Return the page's fixed parts; `callbacks.collaborators` fills them from the address."""
    n_proposals = proposal_index.total(person())
    return html.Main(
        [
            html.Section(
                [
                    html.H2("Proposal List", id="collab-proposals"),
                    lists.search(pathname, search, "SOAR ID, PI or title", n_proposals),
                    html.Ol(id="collab-list", **{"aria-labelledby": "collab-proposals"}),
                    lists.foot("collab-pager"),
                ],
                className="panel collab-proposals",
            ),
            html.Section(
                [
                    html.H1("Collaborators", id="collab-head"),
                    html.Div(
                        forms.form(
                            "collab",
                            forms.text(
                                "collab", "email", "Collaborator Email", help=HELP, type="email"
                            ),
                            forms.buttons("collab", "Add"),
                        ),
                        id="collab-new",
                        hidden=True,
                    ),
                    html.Div(id="collab-people"),
                ],
                className="panel",
            ),
        ],
        className="sheet collab-page",
    )


PAGE = Page(
    "collaborators",
    "Collaborators · GSP Live",
    lambda path: proposal_of(path, NAME) is not None,
    layout,
    keeps=True,
)
