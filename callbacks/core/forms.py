"""Submitted forms: one service call each; errors are shown at the field that they concern."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, State, set_props
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.guard import guarded, toast
from services.errors import ServiceError


@dataclass(frozen=True, slots=True)
class FormResult:
    """The result of an accepted form: a message, an address to go to, new properties.

    `props` maps a component's id to the properties it gets.
    """

    message: str = ""
    href: str = ""
    props: Mapping[str, Mapping[str, CallbackValue]] = field(default_factory=dict)


Act = Callable[..., FormResult]
"""Called with the values of the fields by name, then the values of the further states."""


def register(app: Dash) -> None:
    """Connect the focus, which goes to the first field with an error."""
    app.clientside_callback(
        ClientsideFunction("page", "focus"), Output("focus", "id"), Input("focus", "data")
    )


def connect(app: Dash, form: str, fields: Sequence[str], act: Act, *further: State) -> None:
    """Let `act` answer the submission of a form.

    A `ServiceError` that names a field (or several: a mapping of field to sentences as `detail`)
    is shown at it, any other at the form; what was typed stays.
    """
    names = [f"{form}-{name}" for name in fields]

    def submit(clicks: int | None, *values: CallbackValue) -> list[CallbackValue]:
        if not clicks:
            raise PreventUpdate
        typed = dict(zip(fields, values, strict=False))
        try:
            result = act(typed, *values[len(fields) :])
        except ServiceError as error:
            return _refused(form, fields, error)
        for identity, props in result.props.items():
            set_props(identity, dict(props))
        if result.message:
            set_props("toast", {"data": toast(result.message, "success")})
        if result.href:
            set_props("go", {"data": {"href": result.href}})
        return [None] * (len(fields) + 1)

    app.callback(
        # No output outside of the form: Dash calls a callback with such an output as soon as the
        # form appears, and the form would be busy when it is submitted.
        [Output(f"{place}-error", "children") for place in (*names, form)],
        Input(form, "n_submit"),
        *(State(name, "value") for name in names),
        *further,
        # A second click while the first is being answered is ignored (assets/core/forms.js).
        running=[(Output(form, "className"), "form busy", "form")],
        prevent_initial_call=True,
    )(guarded(len(fields) + 1)(submit))


def _refused(form: str, fields: Sequence[str], error: ServiceError) -> list[CallbackValue]:
    """Move the focus to the first field with an error; return the messages of all fields."""
    messages = {name: texts for name, texts in _by_field(error).items() if name in fields}
    at_fields = [feedback(messages[name]) if name in messages else None for name in fields]
    at_form = None if messages else feedback([error.message])
    first = next((name for name in fields if name in messages), None)
    target = f"{form}-{first}" if first else f"{form}-submit"
    set_props("focus", {"data": {"id": target, "n": secrets.token_hex(4)}})
    return [*at_fields, at_form]


def _by_field(error: ServiceError) -> dict[str, list[str]]:
    if isinstance(error.detail, Mapping):
        return {
            str(name): [text] if isinstance(text, str) else list(text)
            for name, text in error.detail.items()
        }
    if error.field is None:
        return {}
    sentences = error.detail if isinstance(error.detail, list) else [error.message]
    return {error.field: [str(sentence) for sentence in sentences]}


def feedback(sentences: Sequence[str]) -> list[Component]:
    """Return messages about an input that is not accepted."""
    return [dbc.FormFeedback(text, type="invalid", class_name="d-block") for text in sentences]
