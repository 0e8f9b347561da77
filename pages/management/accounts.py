"""Add User, Manage Users, and one user, for staff."""

from __future__ import annotations

from typing import Any

from dash import html

from callbacks.core.guard import person
from callbacks.management import addresses
from pages.core import forms, lists
from pages.core.missing import layout as missing
from pages.management.overview import list_of, page, sheet
from services import access
from services.access import Action
from services.accounts import account_admin, partners
from services.errors import AccessDenied, NotFound


def adding(_pathname: str, _search: str) -> html.Main:
    """Return the form of a new account."""
    form = "newuser"
    return sheet(
        "Add new user",
        addresses.NEW_USER,
        html.Section(
            forms.form(
                form,
                forms.row(
                    forms.text(form, "first_name", "First Name", maxLength=150, autoFocus=True),
                    forms.text(form, "last_name", "Last Name", maxLength=150),
                ),
                forms.row(
                    forms.text(form, "username", "Username", maxLength=150),
                    forms.text(form, "email", "Email", maxLength=254, inputMode="email"),
                ),
                forms.row(_partner(form, ""), _staff(form, value=False)),
                forms.buttons(form, "Create user"),
            ),
            className="panel",
        ),
        html.P(
            "A link to set a password goes to the address; then the proposal form opens.",
            className="quiet",
        ),
    )


def _partner(form: str, value: str) -> Any:
    return forms.select(
        form, "partner", "Partner", partners.names(), value, placeholder="Please choose a Partner"
    )


def _staff(form: str, *, value: bool) -> Any:
    superuser = access.may(person(), Action.MAKE_STAFF)
    # The name says it to everybody: a staff account sees and changes all proposals.
    help_text = "Sees and manages everything." if superuser else account_admin.STAFF_BY_SUPERUSER
    return forms.switch(form, "staff", "Staff", value, help=help_text, disabled=not superuser)


def listing(pathname: str, search: str) -> html.Main:
    """Return the fixed parts of the list; its callbacks fill them from the address."""
    n_people = account_admin.page(person(), page_size=1).count
    field = lists.search(pathname, search, "Name, username or address", n_people)
    return sheet(
        "Manage Users",
        addresses.USERS,
        *list_of("people", field, addresses.NEW_USER),
        wide=True,
    )


def one(pathname: str, search: str) -> html.Main:
    """Return the form of an account, and how it is."""
    number = addresses.row_of(pathname, addresses.USERS)
    try:
        row = account_admin.get(person(), number or 0)
    except (NotFound, AccessDenied):
        return missing(pathname, search)
    form = "person"
    return sheet(
        row.full_name,
        addresses.USERS,
        html.Div(
            [
                html.Section(
                    [
                        html.H2(f"User {row.username}"),
                        forms.form(
                            form,
                            forms.row(
                                forms.text(form, "first_name", "First Name", row.first_name),
                                forms.text(form, "last_name", "Last Name", row.last_name),
                            ),
                            forms.text(form, "email", "Email", row.email, inputMode="email"),
                            _partner(form, row.partner or partners.OTHER),
                            _staff(form, value=row.is_staff),
                            forms.buttons(form, "Apply changes"),
                        ),
                    ]
                ),
                html.Section([html.H2("Account"), html.Div(id="person-state")]),
            ],
            className="panels",
        ),
    )


PAGES = (
    page("Add User", lambda path: path == addresses.NEW_USER, adding),
    page("Users", lambda path: path == addresses.USERS, listing),
    page(
        "User",
        lambda path: addresses.row_of(path, addresses.USERS) is not None,
        one,
    ),
)
