"""Management, for staff: the overview, the partners, and the import of a semester."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import dcc, html

from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.management import addresses
from callbacks.management.addresses import go
from pages.core import forms, lists
from services.proposals import proposal_admin, semester_import

SECTIONS = (
    (addresses.NEW_USER, "Add User", "Make an account; its owner gets a link by mail."),
    (addresses.USERS, "Manage Users", "Find, change, switch off; send the link again."),
    (addresses.NEW_PROPOSAL, "Add Proposal", "Register a proposal with its PI."),
    (addresses.PROPOSALS, "Manage Proposals", "Find and correct proposals, change the PI."),
    (addresses.IMPORT, "Import", "Register a semester's PIs and proposals from a table."),
    (addresses.PARTNERS, "Partners", "The institutions that people belong to."),
)


def page(title: str, answers: Callable[[str], bool], layout: Callable[[str, str], Any]) -> Page:
    """Return a page that exists for staff only: to others its address is none of the site."""

    def mine(path: str) -> bool:
        return answers(path) and addresses.manages()

    return Page("management", f"{title} · GSP Live", mine, layout)


def sheet(title: str, path: str, *parts: Any, wide: bool = False) -> html.Main:
    """Return a management page: the way to the others, and the page's own parts."""
    links = [
        go(label, href, **({"aria-current": "page"} if href == path else {}))
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


def list_of(name: str, search: html.Div, new: str, *before: Any) -> list[Any]:
    """Return a list with its count, its search field and the way to the form of a new row."""
    return lists.whole(
        name,
        *before,
        html.Span(id=f"{name}-count", className="quiet", role="status"),
        search,
        go("Add new", new, className="button"),
    )


def overview(_pathname: str, _search: str) -> html.Main:
    """Return the way to all of it, and what waits."""
    n_waiting = proposal_admin.n_waiting(person())
    cards = [
        html.Li([go(label, href), html.P(what, className="quiet")])
        for href, label, what in SECTIONS
    ]
    waits: list[Any] = []
    if n_waiting:
        one = n_waiting == 1
        some = f"{n_waiting:,} proposal{'' if one else 's'} that came with frames"
        then = f" wait{'s' if one else ''} for a PI: until then only staff sees the data."
        waits = [html.P([go(some, addresses.WAITING), then], className="warning")]
    return sheet("Management", addresses.ROOT, *waits, html.Ul(cards, className="cards-list"))


def partners(_pathname: str, _search: str) -> html.Main:
    """Return the list of partners with its forms."""
    return sheet(
        "Partners",
        addresses.PARTNERS,
        dcc.Store(id="partners-shown", data=1),
        html.Div(
            [
                html.Section(html.Div(id="partners-list")),
                html.Section(
                    [
                        html.H2("Add a partner"),
                        forms.form(
                            "partner",
                            forms.text("partner", "name", "Name", maxLength=80),
                            forms.buttons("partner", "Add"),
                        ),
                        html.H2("Rename a partner", className="further"),
                        forms.form(
                            "rename",
                            forms.select("rename", "old", "Partner", [], ""),
                            forms.text("rename", "name", "New name", maxLength=80),
                            forms.buttons("rename", "Rename"),
                        ),
                    ]
                ),
            ],
            className="panels",
        ),
    )


def importer(_pathname: str, _search: str) -> html.Main:
    """Return the place for a table, what it would do, and the button that does it."""
    columns = [part for name in semester_import.COLUMNS for part in (html.Code(name), ", ")][:-1]
    submit = html.Button(
        "Import", id="import-submit", type="submit", className="button main", disabled=True
    )
    return sheet(
        "Import a semester",
        addresses.IMPORT,
        html.P(
            ["A CSV table in UTF-8 whose first line names the columns ", *columns, "."],
            className="about",
        ),
        html.P(
            "Choosing it changes nothing: first you see what each row would do. PIs without an "
            "account get one, with a link by mail to set a password. Proposals that are known "
            "already are left as they are.",
            className="about quiet",
        ),
        html.Label(
            dcc.Upload(
                html.Span(["Choose a table", html.Span(" or drop it here", className="quiet")]),
                id="import-table",
                className="upload",
                accept=".csv,.tsv,.txt,text/csv",
                max_size=semester_import.MOST_BYTES,
                style={},
                style_active={},
                style_reject={},
            ),
            className="upload-label",
        ),
        forms.form(
            "import",
            html.Div(id="import-plan"),
            html.Div(submit, className="buttons"),
        ),
        wide=True,
    )


PAGES = (
    page("Management", lambda path: path == addresses.ROOT, overview),
    page("Partners", lambda path: path == addresses.PARTNERS, partners),
    page("Import a semester", lambda path: path == addresses.IMPORT, importer),
)
