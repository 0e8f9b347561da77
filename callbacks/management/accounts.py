"""Add User and Manage Users: lists, forms and buttons."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping

from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions, forms, lists
from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.guard import guarded, person
from callbacks.management.addresses import NEW_PROPOSAL, OUT_OF_DATE, USERS, row_of
from callbacks.management.tables import found, link, table
from callbacks.proposals import pager
from db.models import User
from services.accounts import account_admin, account_list
from services.accounts.account_list import AccountDetails, AccountLine, SentMail
from services.errors import InvalidRequest

NEW_FIELDS = ("first_name", "last_name", "username", "email", "partner", "staff")
EDIT_FIELDS = ("first_name", "last_name", "email", "partner", "staff")
HEADS = ("Name", "Username", "Email", "Partner", "Role", "Last login", "State")
MAIL_STATES = {"queued": "queued", "sent": "sent", "failed": "could not be sent"}


def register(app: Dash) -> None:
    """Connect the list of accounts, and the forms and buttons of one."""
    app.callback(
        Output("accounts-count", "children"),
        Output("accounts-list", "children"),
        Output("accounts-pager", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
    )(guarded(3)(show_list))
    app.callback(
        Output("account-state", "children"), Input("url", "pathname"), Input("done", "data")
    )(guarded(1)(show_state))
    forms.connect(app, "newuser", NEW_FIELDS, create)
    forms.connect(app, "account", EDIT_FIELDS, save, State("url", "pathname"))
    button_actions.ACTIONS["set-account-active"] = set_active
    button_actions.ACTIONS["resend-invitation"] = resend


def show_list(pathname: str | None, search: str | None) -> tuple[str, Component, list[Component]]:
    """Return the count, the lines and the pager of the accounts."""
    query = lists.parse(pathname, search)
    if query.path != USERS:
        raise PreventUpdate
    page = account_list.page(person(), query.text, query.page)
    rows = [_row(line) for line in page.rows]
    return (
        found(page.count, "user", query.text),
        table(HEADS, rows, "No account matches."),
        pager(query, page.pages),
    )


def _row(line: AccountLine) -> html.Tr:
    return html.Tr(
        [
            html.Td(link(line.full_name, f"{USERS}/{line.id}")),
            html.Td(line.username, className="wrap"),
            html.Td(line.email, className="wrap"),
            html.Td(line.partner),
            html.Td(_role(line)),
            html.Td(_minute(line.last_login)),
            html.Td(_state(line), className="" if line.is_active else "text-body-secondary"),
        ]
    )


def _role(line: AccountLine) -> str:
    if line.is_superuser:
        return "Superuser"
    return "Staff" if line.is_staff else ""


def _state(line: AccountLine) -> str:
    if not line.is_active:
        return "Deactivated"
    return "Active" if line.has_password else "No password yet"


def _minute(instant: dt.datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "never"


def show_state(pathname: str | None, _done: CallbackValue) -> list[Component]:
    """Return the state of an account and the buttons that change it."""
    number = row_of(pathname, USERS)
    if number is None:
        raise PreventUpdate
    return draw_state(account_list.get(person(), number))


def draw_state(account: AccountDetails) -> list[Component]:
    """Return the state of an account and the buttons that change it."""
    line = account.line
    facts = (
        ("State", _state(line)),
        ("Role", _role(line) or "User"),
        ("Last login (UTC)", _minute(line.last_login)),
        ("Account since (UTC)", _minute(account.created)),
        ("Last message", _mail(account.last_mail) if account.last_mail else "none"),
    )
    listed = [part for key, value in facts for part in (html.Dt(key), html.Dd(value))]
    return [html.Dl(listed, className="facts-list"), html.Div(_buttons(line), className="buttons")]


def _mail(mail: SentMail) -> str:
    problem = f" ({mail.problem})" if mail.problem else ""
    return f"“{mail.subject}”, {_minute(mail.created)}: {MAIL_STATES[mail.state]}{problem}"


def _buttons(line: AccountLine) -> list[html.Button]:
    account = {"data-account": str(line.id)}
    if not line.is_active:
        on = {"data-command": "set-account-active", "data-active": "on", **account}
        return [html.Button("Reactivate", type="button", className="btn btn-secondary", **on)]
    question = (
        f"Deactivate the account of {line.full_name}? The person is signed out everywhere and the "
        "API token stops working. The account can be reactivated."
    )
    off = {
        "data-command": "ask",
        "data-then": "set-account-active",
        "data-active": "off",
        "data-question": question,
        "data-yes": "Deactivate",
        **account,
    }
    invite = {"data-command": "resend-invitation", **account}
    return [
        html.Button(
            "Resend invitation",
            type="button",
            className="btn btn-secondary",
            title="E-mail with a new link",
            **invite,
        ),
        html.Button("Deactivate", type="button", className="btn btn-outline-danger", **off),
    ]


def create(typed: Mapping[str, CallbackValue]) -> forms.FormResult:
    """Create an account, and continue with a proposal of its owner."""
    texts = {name: str(typed[name] or "") for name in NEW_FIELDS if name != "staff"}
    account = account_admin.create(person(), **texts, staff=bool(typed["staff"]))
    return forms.FormResult(
        f"Account {account.username} created. An invitation is sent to {account.email}.",
        href=f"{NEW_PROPOSAL}?pi={account.id}",
    )


def save(typed: Mapping[str, CallbackValue], pathname: str) -> forms.FormResult:
    """Save the changes of an account."""
    number = row_of(pathname, USERS)
    if number is None:
        raise InvalidRequest(OUT_OF_DATE)
    texts = {name: str(typed[name] or "") for name in EDIT_FIELDS if name != "staff"}
    staff = None if typed["staff"] is None else bool(typed["staff"])
    account = account_admin.edit(person(), number, **texts, staff=staff)
    return forms.FormResult(
        f"Account of {account.full_name} saved.",
        props={"done": {"data": secrets.token_hex(4)}},
    )


def set_active(user: User, data: Mapping[str, str]) -> str:
    """Deactivate or reactivate an account."""
    active = data.get("active") == "on"
    account = account_admin.set_active(user, button_actions.row_id(data, "account"), active=active)
    return f"Account of {account.full_name} {'reactivated' if active else 'deactivated'}."


def resend(user: User, data: Mapping[str, str]) -> str:
    """Send the invitation again."""
    account = account_admin.resend(user, button_actions.row_id(data, "account"))
    return f"A new invitation is sent to {account.email}."
