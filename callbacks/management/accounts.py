"""Add User and Manage Users: what their forms and buttons do."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions, forms, lists
from callbacks.core.guard import guarded, person
from callbacks.management.addresses import NEW_PROPOSAL, NO_SUCH, USERS, go, one_page, row_of, table
from callbacks.proposals import pager
from services.accounts import account_admin
from services.accounts.partners import OTHER
from services.errors import InvalidRequest

NEW_FIELDS = ("first_name", "last_name", "username", "email", "partner", "staff")
EDIT_FIELDS = ("first_name", "last_name", "email", "partner", "staff")
HEADS = ("Name", "Username", "Email", "Partner", "Role", "Last login", "State")


def register(app: Dash) -> None:
    """Connect the list of users, and the forms and buttons of one."""
    app.callback(
        Output("people-count", "children"),
        Output("people-list", "children"),
        Output("people-pager", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
    )(guarded(3)(show_list))
    app.callback(
        Output("person-state", "children"), Input("url", "pathname"), Input("done", "data")
    )(guarded(1)(show_state))
    forms.connect(app, "newuser", NEW_FIELDS, create)
    forms.connect(app, "person", EDIT_FIELDS, save, State("url", "pathname"))
    button_actions.ACTIONS["switch-person"] = switch
    button_actions.ACTIONS["resend-link"] = resend


def show_list(pathname: str | None, search: str | None) -> tuple[Any, Any, Any]:
    """Draw a page of the users."""
    query = lists.parse(pathname, search)
    if query.path != USERS:
        raise PreventUpdate
    found = account_admin.page(person(), query.text, query.page)
    rows = [_row(one) for one in found.rows]
    count = one_page(query.text, found.count, "user")
    return count, table(HEADS, rows, "Nobody of this name."), pager(query, found)


def _row(one: Any) -> html.Tr:
    return html.Tr(
        [
            html.Td(go(one.full_name, f"{USERS}/{one.id}")),
            html.Td(one.username, className="wrap"),
            html.Td(one.email, className="wrap"),
            html.Td(one.partner or OTHER),
            html.Td(role(one)),
            html.Td(_minute(one.last_login)),
            html.Td(_state(one), className="" if one.is_active else "quiet"),
        ]
    )


def role(one: Any) -> str:
    """Return what a person is on the whole site, in a word."""
    if one.is_superuser:
        return "Superuser"
    return "Staff" if one.is_staff else ""


def _state(one: Any) -> str:
    if not one.is_active:
        return "Switched off"
    return "Active" if one.password_hash else "No password yet"


def _minute(instant: dt.datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "never"


def show_state(pathname: str | None, _done: Any) -> list[Any]:
    """Draw how an account is, and what can be done with it."""
    number = row_of(pathname, USERS)
    if number is None:
        raise PreventUpdate
    one, mail = account_admin.get(person(), number), account_admin.last_mail(person(), number)
    facts = [
        ("State", _state(one)),
        ("Role", role(one) or "User"),
        ("Last login (UTC)", _minute(one.last_login)),
        ("Account since (UTC)", _minute(one.date_joined)),
        ("Last message", _told(mail) if mail else "none"),
    ]
    listed = [part for key, value in facts for part in (html.Dt(key), html.Dd(value))]
    return [html.Dl(listed, className="facts-list"), html.Div(_buttons(one), className="buttons")]


def _told(mail: Any) -> str:
    sent = {"queued": "waits to be sent", "sent": "was sent", "failed": "could not be sent"}
    problem = f" ({mail.problem})" if mail.problem else ""
    return f"“{mail.subject}”, {_minute(mail.created)}: {sent[mail.state]}{problem}"


def _buttons(one: Any) -> list[html.Button]:
    number = {"data-person": str(one.id)}
    if not one.is_active:
        on = {"data-command": "switch-person", "data-active": "on", **number}
        return [html.Button("Switch on", type="button", **on)]
    question = (
        f"Switch off the account of {one.full_name}? The person is signed out everywhere at once, "
        "and its API token stops working. It can be switched on again."
    )
    off = {
        "data-command": "ask",
        "data-then": "switch-person",
        "data-active": "off",
        "data-question": question,
        "data-yes": "Switch off",
        **number,
    }
    link = {"data-command": "resend-link", **number}
    return [
        html.Button("Resend the link", type="button", title="To set a password, by mail", **link),
        html.Button("Switch off", type="button", className="danger", **off),
    ]


def create(typed: Mapping[str, Any]) -> forms.Done:
    """Make an account, and go on to the proposal of its owner."""
    given = {name: str(typed[name] or "") for name in NEW_FIELDS if name != "staff"}
    made = account_admin.create(person(), **given, staff=bool(typed["staff"]))
    said = f"The account {made.username} was made; a link to set its password goes to {made.email}."
    return forms.Done(said, href=f"{NEW_PROPOSAL}?pi={made.id}")


def save(typed: Mapping[str, Any], pathname: str) -> forms.Done:
    """Change an account."""
    number = row_of(pathname, USERS)
    if number is None:
        raise InvalidRequest(NO_SUCH)
    given = {name: str(typed[name] or "") for name in EDIT_FIELDS if name != "staff"}
    staff = None if typed["staff"] is None else bool(typed["staff"])
    one = account_admin.edit(person(), number, **given, staff=staff)
    return forms.Done(
        f"The account of {one.full_name} was saved.",
        props={"done": {"data": secrets.token_hex(4)}},
    )


def switch(user: Any, data: Mapping[str, str]) -> str:
    """Switch an account off or on."""
    active = data.get("active") == "on"
    one = account_admin.switch(user, button_actions.row_id(data, "person"), active=active)
    return f"The account of {one.full_name} was switched {'on' if active else 'off'}."


def resend(user: Any, data: Mapping[str, str]) -> str:
    """Mail the link to set a password again."""
    account = account_admin.resend(user, button_actions.row_id(data, "person"))
    return f"A new link goes to {account.email}."
