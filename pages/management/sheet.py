"""The frame of the management pages: navigation, title, and access for staff only."""

from __future__ import annotations

from collections.abc import Callable

from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.router import Page
from callbacks.management import addresses
from callbacks.management.tables import link
from pages.core import lists

SECTIONS = (
    (addresses.NEW_USER, "Add User", "Create an account; its owner gets an invitation by e-mail."),
    (addresses.USERS, "Manage Users", "Find, edit and deactivate accounts; resend invitations."),
    (addresses.NEW_PROPOSAL, "Add Proposal", "Register a proposal with its PI."),
    (addresses.PROPOSALS, "Manage Proposals", "Find and edit proposals; change the PI."),
    (addresses.IMPORT, "Import", "Register the PIs and proposals of a semester from a table."),
    (addresses.PARTNERS, "Partners", "The institutions of the users."),
)


def page(
    title: str, answers: Callable[[str], bool], layout: Callable[[str, str], Component]
) -> Page:
    """Return a page for staff only; for others its address does not exist."""

    def answers_staff(path: str) -> bool:
        return answers(path) and addresses.manages()

    return Page("management", f"{title} · GSP Live", answers_staff, layout)


def sheet(title: str, path: str, *parts: Component, wide: bool = False) -> html.Main:
    """Return a management page: navigation, title and the page's own parts."""
    links = [
        link(label, href, **({"aria-current": "page"} if href == path else {}))
        for href, label, _ in SECTIONS
    ]
    return html.Main(
        [
            html.Nav(links, className="tabs sections", **{"aria-label": "Management"}),
            html.H1(title),
            *parts,
        ],
        className="sheet management" + (" wide" if wide else ""),
    )


def list_of(name: str, search: Component, new: str, *before: Component) -> list[Component]:
    """Return a list with its count, its search field and the link to the form of a new row."""
    return lists.paged_list(
        name,
        *before,
        html.Span(id=f"{name}-count", className="quiet", role="status"),
        search,
        link("Add new", new, className="btn btn-secondary"),
    )
