"""Pieces of a form: labelled fields with their help and a place for what is wrong with them.

The control of a field has the id ``<form>-<field>``; its help and its error stand beside it under
``…-help`` and ``…-error``, and ``assets/forms.js`` ties the three for those who can't see them.
``<form>-error`` is for what concerns no single field. `callbacks.core.forms` fills them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

LONGEST = 1000


def form(name: str, *parts: Any, **more: Any) -> dbc.Form:
    """Return a form whose submission (button or Enter) `callbacks.core.forms.connect` answers."""
    said = html.Div(id=f"{name}-error", className="wrong", role="alert")
    return dbc.Form(
        [*parts[:-1], said, *parts[-1:]],
        id=name,
        className="form",
        prevent_default_on_submit=True,
        **more,
    )


def text(
    form: str, name: str, label: str, value: str = "", *, help: Any = None, **more: Any
) -> Any:
    """Return a field of one line; `more` goes to the input (`type`, `autoComplete`, …)."""
    asked = {"type": "text", "autoComplete": "off", "maxLength": LONGEST, **more}
    control = dcc.Input(id=f"{form}-{name}", value=value, className="input", **asked)
    return _field(control, label, help)


def area(
    form: str, name: str, label: str, value: str = "", *, help: Any = None, **more: Any
) -> Any:
    """Return a field of several lines."""
    asked = {"rows": 4, "maxLength": 20_000, **more}
    control = dcc.Textarea(id=f"{form}-{name}", value=value, className="input", **asked)
    return _field(control, label, help)


def select(
    form: str,
    name: str,
    label: str,
    options: Sequence[Any],
    value: str = "",
    *,
    help: Any = None,
    **more: Any,
) -> Any:
    """Return a choice of one of some options: texts, or ``{"value": …, "label": …}``."""
    listed = [one if isinstance(one, dict) else {"value": one, "label": one} for one in options]
    control = dbc.Select(id=f"{form}-{name}", options=listed, value=value, size="sm", **more)
    return _field(control, label, help)


def switch(
    form: str, name: str, label: str, value: bool = False, *, help: Any = None, **more: Any
) -> html.Div:
    """Return a switch; its value is a bool."""
    control = dbc.Switch(id=f"{form}-{name}", label=label, value=value, **more)
    return html.Div([control, *_beside(control.id, help)], className="field")


def row(*fields: Any) -> html.Div:
    """Put fields side by side where there is room."""
    return html.Div(list(fields), className="field-row")


def buttons(form: str, label: str, *others: Any) -> html.Div:
    """Return the last part of a form: the button that submits it, and what else stands there."""
    main = html.Button(label, id=f"{form}-submit", type="submit", className="button main")
    return html.Div([main, *others], className="buttons")


def _field(control: Any, label: str, help: Any) -> html.Div:
    named = html.Label(label, htmlFor=control.id)
    return html.Div([named, control, *_beside(control.id, help)], className="field")


def _beside(identity: str, help: Any) -> list[Any]:
    said = html.Div(id=f"{identity}-error", className="wrong", role="alert")
    if help is None:
        return [said]
    return [html.Div(help, id=f"{identity}-help", className="help"), said]
