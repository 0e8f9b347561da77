"""Add User, Manage Users, and one user."""

from __future__ import annotations

from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.management import addresses
from pages.core import forms, lists
from pages.core.missing import layout as missing
from pages.management.sheet import list_of, page, sheet
from services import access
from services.access import Action
from services.accounts import account_admin, account_list, partners
from services.accounts.account_list import AccountDetails
from services.errors import AccessDenied, NotFound


def new(_pathname: str, _search: str) -> html.Main:
    """Return the form of a new account."""
    form = "newuser"
    return sheet(
        "Add new user",
        addresses.NEW_USER,
        html.Section(
            forms.form(
                form,
                forms.row(
                    forms.text(form, "first_name", "First Name", maxlength=150, autofocus=True),
                    forms.text(form, "last_name", "Last Name", maxlength=150),
                ),
                forms.row(
                    forms.text(form, "username", "Username", maxlength=150),
                    forms.text(form, "email", "Email", maxlength=254, inputmode="email"),
                ),
                forms.row(_partner(form, "", partners.names()), _staff(form, False, _superuser())),
                forms.buttons(form, "Create user"),
            ),
            className="panel",
        ),
        html.P(
            "The user gets an invitation by e-mail. The form of a new proposal follows.",
            className="quiet",
        ),
    )


def _superuser() -> bool:
    """Return whether the signed-in person may create staff accounts."""
    return access.may(person(), Action.MAKE_STAFF)


def _partner(form: str, value: str, names: list[str]) -> Component:
    return forms.select(
        form, "partner", "Partner", names, value, placeholder="Please choose a Partner"
    )


def _staff(form: str, value: bool, may_change: bool) -> Component:
    # Stated to everybody: a staff account sees and changes all proposals.
    help_text = (
        "Sees and changes all proposals." if may_change else account_admin.STAFF_BY_SUPERUSER
    )
    return forms.switch(form, "staff", "Staff", value, help=help_text, disabled=not may_change)


def listing(pathname: str, search: str) -> html.Main:
    """Return the fixed parts of the list; `callbacks.management.accounts` fills it."""
    n_accounts = account_list.page(person(), page_size=1).count
    field = lists.search(pathname, search, "Name, username or address", n_accounts)
    return sheet(
        "Manage Users",
        addresses.USERS,
        *list_of("accounts", field, addresses.NEW_USER),
        wide=True,
    )


def details(pathname: str, search: str) -> html.Main:
    """Return the form of an account, and its state."""
    number = addresses.row_of(pathname, addresses.USERS)
    try:
        account = account_list.get(person(), number or 0)
    except (NotFound, AccessDenied):
        return missing(pathname, search)
    return draw(account, partners.names(), may_make_staff=_superuser())


def draw(account: AccountDetails, partner_names: list[str], *, may_make_staff: bool) -> html.Main:
    """Return the page of an account."""
    form, line = "account", account.line
    return sheet(
        line.full_name,
        addresses.USERS,
        html.Div(
            [
                html.Section(
                    [
                        html.H2(f"User {line.username}"),
                        forms.form(
                            form,
                            forms.row(
                                forms.text(form, "first_name", "First Name", account.first_name),
                                forms.text(form, "last_name", "Last Name", account.last_name),
                            ),
                            forms.text(form, "email", "Email", line.email, inputmode="email"),
                            _partner(form, line.partner, partner_names),
                            _staff(form, line.is_staff, may_make_staff),
                            forms.buttons(form, "Apply changes"),
                        ),
                    ]
                ),
                html.Section([html.H2("Account"), html.Div(id="account-state")]),
            ],
            className="panels",
        ),
    )


PAGES = (
    page("Add User", lambda path: path == addresses.NEW_USER, new),
    page("Users", lambda path: path == addresses.USERS, listing),
    page("User", lambda path: addresses.row_of(path, addresses.USERS) is not None, details),
)
