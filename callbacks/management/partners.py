"""Partners: the list, a new one, another name, and taking one out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, html

from callbacks.core import button_actions, forms
from callbacks.core.guard import guarded, person
from callbacks.management.addresses import table
from services.accounts import partners


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


def show(_shown: Any, _done: Any) -> tuple[Any, list[dict[str, str]]]:
    """Draw the list."""
    listed = partners.listing(person())
    rows = [_row(name, n) for name, n in listed]
    options = [{"value": name, "label": name} for name, _ in listed if name != partners.OTHER]
    return table(("Partner", "People", ""), rows, ""), options


def _row(name: str, n: int) -> html.Tr:
    people = f"{n:,} {'person' if n == 1 else 'people'}"
    button = html.Button(
        "Remove",
        type="button",
        className="plain danger",
        **{
            "data-command": "ask",
            "data-then": "remove-partner",
            "data-partner": name,
            "data-yes": "Remove",
            "data-question": f"Take {name} from the list? Its {people} become {partners.OTHER}.",
            "aria-label": f"Remove {name}",
        },
    )
    fixed = name == partners.OTHER
    cells = [html.Td(name), html.Td(f"{n:,}", className="number")]
    return html.Tr([*cells, html.Td("" if fixed else button, className="links")])


def _done(said: str, *fields: str) -> forms.Done:
    empty = {field: {"value": ""} for field in fields}
    return forms.Done(said, props={**empty, "done": {"data": secrets.token_hex(4)}})


def add(typed: Mapping[str, Any]) -> forms.Done:
    """Add a partner."""
    name = partners.add(person(), str(typed["name"] or ""))
    return _done(f"{name} was added.", "partner-name")


def rename(typed: Mapping[str, Any]) -> forms.Done:
    """Give a partner another name."""
    old = str(typed["old"] or "")
    name = partners.rename(person(), old, str(typed["name"] or ""))
    return _done(f"{old} is now {name}.", "rename-old", "rename-name")


def remove(user: Any, data: Mapping[str, str]) -> str:
    """Take a partner from the list."""
    name = str(data.get("partner", ""))
    partners.remove(user, name)
    return f"{name} was removed."
