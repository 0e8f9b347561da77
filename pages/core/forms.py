"""Forms: labelled fields with their help and a place for error messages.

The control of a field has the id ``<form>-<field>``; its help and its error stand beside it under
``…-help`` and ``…-error``, and ``assets/core/forms.js`` connects the three for screen readers.
``<form>-error`` is for messages that concern no single field. `callbacks.core.forms` fills them.
"""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import html

from callbacks.core.dash_types import CallbackValue, Children, Component

LONGEST = 1000
"""Characters in a field of one line."""


def form(name: str, *parts: Component, **more: CallbackValue) -> Component:
    """Return a form whose submission (button or Enter) `callbacks.core.forms.connect` answers."""
    error = html.Div(id=f"{name}-error", role="alert")
    return dbc.Form(
        [*parts[:-1], error, *parts[-1:]],
        id=name,
        class_name="form",
        prevent_default_on_submit=True,
        **more,
    )


def text(
    form: str,
    name: str,
    label: str,
    value: str = "",
    *,
    help: Children = None,
    **more: CallbackValue,
) -> Component:
    """Return a field of one line; `more` goes to the input (`type`, `autocomplete`, …)."""
    properties = {"type": "text", "autocomplete": "off", "maxlength": LONGEST, **more}
    control = dbc.Input(id=f"{form}-{name}", value=value, size="sm", **properties)
    return _field(control, label, help)


def area(
    form: str,
    name: str,
    label: str,
    value: str = "",
    *,
    help: Children = None,
    **more: CallbackValue,
) -> Component:
    """Return a field of several lines."""
    properties = {"rows": 4, "maxlength": 20_000, "submit_on_enter": False, **more}
    control = dbc.Textarea(id=f"{form}-{name}", value=value, size="sm", **properties)
    return _field(control, label, help)


def select(
    form: str,
    name: str,
    label: str,
    options: Sequence[str | dict[str, str]],
    value: str = "",
    *,
    help: Children = None,
    **more: CallbackValue,
) -> Component:
    """Return a choice of one of some options: texts, or ``{"value": …, "label": …}``."""
    listed = [
        option if isinstance(option, dict) else {"value": option, "label": option}
        for option in options
    ]
    control = dbc.Select(id=f"{form}-{name}", options=listed, value=value, size="sm", **more)
    return _field(control, label, help)


def switch(
    form: str,
    name: str,
    label: str,
    value: bool = False,
    *,
    help: Children = None,
    **more: CallbackValue,
) -> Component:
    """Return a switch; its value is a bool."""
    control = dbc.Switch(id=f"{form}-{name}", label=label, value=value, **more)
    return html.Div([control, *_beside(control.id, help)], className="field")


def row(*fields: Component) -> Component:
    """Put fields side by side where there is room."""
    return html.Div(list(fields), className="field-row")


def buttons(form: str, label: str, *others: Component) -> Component:
    """Return the last part of a form: the button that submits it, and further components."""
    main = dbc.Button(label, id=f"{form}-submit", type="submit")
    return html.Div([main, *others], className="buttons")


def _field(control: Component, label: str, help: Children) -> Component:
    named = dbc.Label(label, html_for=control.id)
    return html.Div([named, control, *_beside(control.id, help)], className="field")


def _beside(identity: str, help: Children) -> list[Component]:
    error = html.Div(id=f"{identity}-error", role="alert")
    if help is None:
        return [error]
    return [dbc.FormText(help, id=f"{identity}-help"), error]
