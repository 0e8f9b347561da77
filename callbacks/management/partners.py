"""Partners: the list, and adding, renaming and removing one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from dash import Dash, Input, Output, html

from callbacks.core import button_actions, forms
from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.guard import guarded, person
from callbacks.management.tables import counted, table
from db.models import User
from services.accounts import partners
from services.accounts.partners import PartnerLine


def register(app: Dash) -> None:
    """Connect the list and both forms."""
    app.callback(
        Output("partners-list", "children"),
        Output("rename-old", "options"),
        Input("partners-shown", "data"),
        Input("done", "data"),
    )(guarded(2)(show))
    forms.connect(app, "partner", ("name",), add)
    forms.connect(app, "rename", ("old", "name"), rename)
    button_actions.ACTIONS["remove-partner"] = remove


def show(_shown: CallbackValue, _done: CallbackValue) -> tuple[Component, list[dict[str, str]]]:
    """Return the table of partners, and the options of the form that renames one."""
    lines = partners.listing(person())
    return draw(lines), [
        {"value": line.name, "label": line.name} for line in lines if line.name != partners.OTHER
    ]


def draw(lines: Sequence[PartnerLine]) -> Component:
    """Return the table of partners."""
    return table(("Partner", "People", ""), [_row(line) for line in lines], "")


def _row(line: PartnerLine) -> html.Tr:
    people = "1 account becomes" if line.n_people == 1 else f"{line.n_people:,} accounts become"
    button = html.Button(
        "Remove",
        type="button",
        className="plain danger",
        **{
            "data-command": "ask",
            "data-then": "remove-partner",
            "data-partner": line.name,
            "data-yes": "Remove",
            "data-question": f"Remove {line.name} from the list? {people} {partners.OTHER}.",
            "aria-label": f"Remove {line.name}",
        },
    )
    fixed = line.name == partners.OTHER
    cells = [html.Td(line.name), html.Td(f"{line.n_people:,}", className="number")]
    return html.Tr([*cells, html.Td("" if fixed else button, className="links")])


def _done(sentence: str, *fields: str) -> forms.FormResult:
    empty = {field: {"value": ""} for field in fields}
    return forms.FormResult(sentence, props={**empty, "done": {"data": secrets.token_hex(4)}})


def add(typed: Mapping[str, CallbackValue]) -> forms.FormResult:
    """Add a partner."""
    name = partners.add(person(), str(typed["name"] or ""))
    return _done(f"{name} added.", "partner-name")


def rename(typed: Mapping[str, CallbackValue]) -> forms.FormResult:
    """Rename a partner."""
    old = str(typed["old"] or "")
    name = partners.rename(person(), old, str(typed["name"] or ""))
    return _done(f"{old} renamed to {name}.", "rename-old", "rename-name")


def remove(user: User, data: Mapping[str, str]) -> str:
    """Remove a partner from the list."""
    name = str(data.get("partner", ""))
    n_people = partners.remove(user, name)
    return f"{name} removed; {counted(n_people, 'account')} changed to {partners.OTHER}."
