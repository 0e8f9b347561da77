"""Add Proposal, Manage Proposals, and one proposal, for staff."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from dash import dcc, html

from callbacks.core.guard import person
from callbacks.management import addresses
from pages.core import forms, lists
from pages.core.missing import layout as missing
from pages.management.overview import list_of, page, sheet
from services.accounts import account_admin
from services.errors import AccessDenied, NotFound
from services.proposals import proposal_admin, semesters

WARNING = (
    "Make sure the SOAR ID is correct or PI or collaborators will not be able to see their data."
)


def adding(_pathname: str, search: str) -> html.Main:
    """Return the form of a new proposal, for the PI in the address if there is one."""
    now = semesters.current()
    free = proposal_admin.offered_id(person(), now)
    values = {"pi": _asked_for(search), "semester": now, "soar_id": free}
    return sheet(
        "Add new proposal",
        addresses.NEW_PROPOSAL,
        dcc.Store(id="register-offered", data=free),
        html.Section(_form("register", values, "Create proposal"), className="panel"),
    )


def _asked_for(search: str) -> str:
    number = parse_qs(search.lstrip("?")).get("pi", [""])[0]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return ""
    try:
        return account_admin.label(account_admin.get(person(), int(number)))
    except NotFound:
        return ""


def _form(form: str, values: dict[str, str], submit: str) -> Any:
    offered = semesters.offered()
    if values["semester"] and values["semester"] not in offered:
        offered.append(values["semester"])
    new_people = [
        "Type a part of the name or the address. ",
        addresses.go("Add User", addresses.NEW_USER),
        " makes an account for somebody new.",
    ]
    title, abstract = values.get("title", ""), values.get("abstract", "")
    return forms.form(
        form,
        forms.row(
            html.Div(
                [
                    forms.text(
                        form,
                        "pi",
                        "PI",
                        values["pi"],
                        help=new_people,
                        maxLength=600,
                        list=f"{form}-people",
                        autoFocus=not values["pi"],
                    ),
                    html.Datalist(id=f"{form}-people"),
                ]
            ),
            forms.select(
                form,
                "semester",
                "Semester",
                offered,
                values["semester"],
                placeholder="Please choose a Semester",
            ),
        ),
        forms.text(form, "soar_id", "SOAR ID", values["soar_id"], help=WARNING, maxLength=80),
        forms.text(form, "title", "Title", title, maxLength=proposal_admin.LONGEST_TITLE),
        forms.area(form, "abstract", "Abstract", abstract, rows=7),
        forms.buttons(form, submit),
    )


def listing(pathname: str, search: str) -> html.Main:
    """Return the fixed parts of the list; its callbacks fill them from the address."""
    user = person()
    waiting = "/" + pathname.strip("/") == addresses.WAITING
    n_waiting, n_all = proposal_admin.n_waiting(user), proposal_admin.page(user, page_size=1).count
    kinds = (
        (addresses.PROPOSALS, f"All ({n_all:,})", not waiting),
        (addresses.WAITING, f"Waiting for a PI ({n_waiting:,})", waiting),
    )
    tabs = [
        addresses.go(label, path, **({"aria-current": "true"} if here else {}))
        for path, label, here in kinds
    ]
    field = lists.search(pathname, search, "SOAR ID, PI or title", n_all)
    return sheet(
        "Manage Proposals",
        addresses.PROPOSALS,
        *list_of("registrar", field, addresses.NEW_PROPOSAL, html.Div(tabs, className="tabs")),
        wide=True,
    )


def one(pathname: str, search: str) -> html.Main:
    """Return the form of a proposal."""
    number = addresses.row_of(pathname, addresses.PROPOSALS)
    try:
        row = proposal_admin.get(person(), number or 0)
    except (NotFound, AccessDenied):
        return missing(pathname, search)
    values = {
        "pi": account_admin.label(row.pi) if row.pi_id else "",
        "semester": row.semester,
        "soar_id": row.soar_id,
        "title": row.title,
        "abstract": row.abstract,
    }
    waits = html.P(
        "It came with frames and waits for its PI: until then only staff sees the data.",
        className="warning",
    )
    return sheet(
        row.soar_id,
        addresses.PROPOSALS,
        *([waits] if row.is_placeholder else []),
        html.Section(_form("amend", values, "Apply changes"), className="panel"),
    )


PAGES = (
    page("Add Proposal", lambda path: path == addresses.NEW_PROPOSAL, adding),
    page(
        "Proposals",
        lambda path: path in (addresses.PROPOSALS, addresses.WAITING),
        listing,
    ),
    page(
        "Proposal",
        lambda path: addresses.row_of(path, addresses.PROPOSALS) is not None,
        one,
    ),
)
