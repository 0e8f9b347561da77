"""Add Proposal, Manage Proposals, and one proposal, for staff."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from dash import dcc, html

from callbacks import management
from callbacks.guard import person
from pages import forms, lists
from pages.management import list_of, page, sheet
from pages.missing import layout as missing
from services import people, registrar, semesters
from services.errors import AccessDenied, NotFound

WARNING = (
    "Make sure the SOAR ID is correct or PI or collaborators will not be able to see their data."
)


def adding(_pathname: str, search: str) -> html.Main:
    """Return the form of a new proposal, for the PI in the address if there is one."""
    now = semesters.current()
    free = registrar.offered_id(person(), now)
    values = {"pi": _asked_for(search), "semester": now, "soar_id": free}
    return sheet(
        "Add new proposal",
        management.NEW_PROPOSAL,
        dcc.Store(id="register-offered", data=free),
        html.Section(_form("register", values, "Create proposal"), className="panel"),
    )


def _asked_for(search: str) -> str:
    number = parse_qs(search.lstrip("?")).get("pi", [""])[0]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return ""
    try:
        return people.label(people.get(person(), int(number)))
    except NotFound:
        return ""


def _form(form: str, values: dict[str, str], submit: str) -> Any:
    offered = semesters.offered()
    if values["semester"] and values["semester"] not in offered:
        offered.append(values["semester"])
    new_people = [
        "Type a part of the name or the address. ",
        management.go("Add User", management.NEW_USER),
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
        forms.text(form, "title", "Title", title, maxLength=registrar.LONGEST_TITLE),
        forms.area(form, "abstract", "Abstract", abstract, rows=7),
        forms.buttons(form, submit),
    )


def listing(pathname: str, search: str) -> html.Main:
    """Return the fixed parts of the list; `callbacks.registrar` fills them from the address."""
    user = person()
    waiting = "/" + pathname.strip("/") == management.WAITING
    n_waiting, n_all = registrar.n_waiting(user), registrar.page(user, page_size=1).count
    kinds = (
        (management.PROPOSALS, f"All ({n_all:,})", not waiting),
        (management.WAITING, f"Waiting for a PI ({n_waiting:,})", waiting),
    )
    tabs = [
        management.go(label, path, **({"aria-current": "true"} if here else {}))
        for path, label, here in kinds
    ]
    field = lists.search(pathname, search, "SOAR ID, PI or title", n_all)
    return sheet(
        "Manage Proposals",
        management.PROPOSALS,
        *list_of("registrar", field, management.NEW_PROPOSAL, html.Div(tabs, className="tabs")),
        wide=True,
    )


def one(pathname: str, search: str) -> html.Main:
    """Return the form of a proposal."""
    number = management.row_of(pathname, management.PROPOSALS)
    try:
        row = registrar.get(person(), number or 0)
    except (NotFound, AccessDenied):
        return missing(pathname, search)
    values = {
        "pi": people.label(row.pi) if row.pi_id else "",
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
        management.PROPOSALS,
        *([waits] if row.is_placeholder else []),
        html.Section(_form("amend", values, "Apply changes"), className="panel"),
    )


PAGES = (
    page("Add Proposal", lambda path: path == management.NEW_PROPOSAL, adding),
    page(
        "Proposals",
        lambda path: path in (management.PROPOSALS, management.WAITING),
        listing,
    ),
    page(
        "Proposal",
        lambda path: management.row_of(path, management.PROPOSALS) is not None,
        one,
    ),
)
