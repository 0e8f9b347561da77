"""Add Proposal, Manage Proposals, and one proposal."""

from __future__ import annotations

from urllib.parse import parse_qs

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.management import addresses
from callbacks.management.tables import link
from pages.core import forms, lists
from pages.core.missing import layout as missing
from pages.management.sheet import list_of, page, sheet
from services.accounts import account_list
from services.errors import AccessDenied, NotFound
from services.proposals import proposal_admin, semesters
from services.proposals.proposal_admin import ProposalDetails

WARNING = (
    "Make sure the SOAR ID is correct or PI or collaborators will not be able to see their data."
)
NOT_REGISTERED = (
    "This proposal arrived with frames and has no PI yet: only staff sees the data. Add the PI."
)


def new(_pathname: str, search: str) -> html.Main:
    """Return the form of a new proposal, for the PI in the address if there is one."""
    semester = semesters.current()
    soar_id = proposal_admin.offered_id(person(), semester)
    empty = ProposalDetails(
        id=0,
        soar_id=soar_id,
        semester=semester,
        title="",
        abstract="",
        pi=_pi_in(search),
        is_placeholder=False,
    )
    return sheet(
        "Add new proposal",
        addresses.NEW_PROPOSAL,
        dcc.Store(id="newproposal-offered", data=soar_id),
        html.Section(_form("newproposal", empty, "Create proposal"), className="panel"),
    )


def _pi_in(search: str) -> str:
    """Return the PI that an address names, as the field holds it; "" for none."""
    number = parse_qs(search.lstrip("?")).get("pi", [""])[0]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return ""
    try:
        return account_list.get(person(), int(number)).label
    except NotFound:
        return ""


def _form(form: str, proposal: ProposalDetails, submit: str) -> Component:
    offered = semesters.offered()
    if proposal.semester and proposal.semester not in offered:
        offered.append(proposal.semester)
    return forms.form(
        form,
        forms.row(
            _pi(form, proposal.pi),
            forms.select(
                form,
                "semester",
                "Semester",
                offered,
                proposal.semester,
                placeholder="Please choose a Semester",
            ),
        ),
        forms.text(form, "soar_id", "SOAR ID", proposal.soar_id, help=WARNING, maxlength=80),
        forms.text(form, "title", "Title", proposal.title, maxlength=proposal_admin.LONGEST_TITLE),
        forms.area(form, "abstract", "Abstract", proposal.abstract, rows=7),
        forms.buttons(form, submit),
    )


def _pi(form: str, value: str) -> Component:
    help_text = [
        "Enter part of the name or address. For a new person use ",
        link("Add User", addresses.NEW_USER),
        " first.",
    ]
    field = forms.text(
        form,
        "pi",
        "PI",
        value,
        help=help_text,
        maxlength=600,
        list=f"{form}-people",
        autofocus=not value,
    )
    return html.Div([field, html.Datalist(id=f"{form}-people")])


def listing(pathname: str, search: str) -> html.Main:
    """Return the fixed parts of the list; `callbacks.management.proposals` fills it."""
    user = person()
    waiting = "/" + pathname.strip("/") == addresses.WAITING
    n_waiting, n_all = proposal_admin.n_waiting(user), proposal_admin.page(user, page_size=1).count
    kinds = (
        (addresses.PROPOSALS, f"All ({n_all:,})", not waiting),
        (addresses.WAITING, f"Without a PI ({n_waiting:,})", waiting),
    )
    tabs = [
        link(label, path, **({"aria-current": "true"} if current else {}))
        for path, label, current in kinds
    ]
    field = lists.search(pathname, search, "SOAR ID, PI or title", n_all)
    tab_bar = html.Div(tabs, className="tabs")
    return sheet(
        "Manage Proposals",
        addresses.PROPOSALS,
        *list_of("proposal-admin", field, addresses.NEW_PROPOSAL, tab_bar),
        wide=True,
    )


def details(pathname: str, search: str) -> html.Main:
    """Return the form of a proposal."""
    number = addresses.row_of(pathname, addresses.PROPOSALS)
    try:
        proposal = proposal_admin.get(person(), number or 0)
    except (NotFound, AccessDenied):
        return missing(pathname, search)
    warning = [dbc.Alert(NOT_REGISTERED, color="warning", fade=False)]
    return sheet(
        proposal.soar_id,
        addresses.PROPOSALS,
        *(warning if proposal.is_placeholder else []),
        html.Section(_form("proposal", proposal, "Apply changes"), className="panel"),
    )


PAGES = (
    page("Add Proposal", lambda path: path == addresses.NEW_PROPOSAL, new),
    page("Proposals", lambda path: path in (addresses.PROPOSALS, addresses.WAITING), listing),
    page("Proposal", lambda path: addresses.row_of(path, addresses.PROPOSALS) is not None, details),
)
