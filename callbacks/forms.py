"""What happens to a submitted form: one service call; its refusal is shown where it belongs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update, set_props
from dash.exceptions import PreventUpdate

from callbacks.guard import guarded, toast
from services.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Done:
    """What follows an accepted form: a sentence, an address to go to, components set anew.

    `props` maps a component's id to the properties it gets.
    """

    said: str = ""
    href: str = ""
    props: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


Act = Callable[..., Done]
"""Called with the values of the fields by name, then the values of the further states."""


def register(app: Dash) -> None:
    """Connect what every form needs: the focus goes to the first field that was refused."""
    app.clientside_callback(
        ClientsideFunction("forms", "focus"), Output("focus", "id"), Input("focus", "data")
    )


def connect(app: Dash, form: str, fields: Sequence[str], act: Act, *further: State) -> None:
    """Let `act` answer the submission of a form.

    A `ServiceError` that names a field (or several: a mapping of field to sentences as `detail`)
    is shown at it, any other at the form; nothing that was typed is lost.
    """

    def submit(clicks: int | None, *values: Any) -> tuple[Any, ...]:
        if not clicks:
            raise PreventUpdate
        typed = dict(zip(fields, values, strict=False))
        try:
            done = act(typed, *values[len(fields) :])
        except ServiceError as error:
            return (*_refused(form, fields, error), no_update, no_update)
        for identity, props in done.props.items():
            set_props(identity, dict(props))
        said = toast(done.said, "success") if done.said else no_update
        nothing_wrong = [None] * (len(fields) + 1)
        return (*nothing_wrong, no_update, said, {"href": done.href} if done.href else no_update)

    app.callback(
        *(Output(f"{form}-{name}-error", "children") for name in fields),
        Output(f"{form}-error", "children"),
        Output("focus", "data", allow_duplicate=True),
        Output("toast", "data", allow_duplicate=True),
        Output("go", "data", allow_duplicate=True),
        Input(form, "n_submit"),
        *(State(f"{form}-{name}", "value") for name in fields),
        *further,
        # A second click while the first is being answered is let pass (assets/forms.js).
        running=[(Output(form, "className"), "form busy", "form")],
        prevent_initial_call=True,
    )(guarded(len(fields) + 4)(submit))


def _refused(form: str, fields: Sequence[str], error: ServiceError) -> tuple[Any, ...]:
    """Return the sentences at each field and at the form, and where the focus goes."""
    wrong = _by_field(error)
    told = {name: sentences for name, sentences in wrong.items() if name in fields}
    at_fields = [_lines(told[name]) if name in told else None for name in fields]
    at_form = None if told else _lines([error.message])
    first = next((name for name in fields if name in told), None)
    target = f"{form}-{first}" if first else f"{form}-submit"
    return (*at_fields, at_form, {"id": target, "n": secrets.token_hex(4)})


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


def _lines(sentences: Sequence[str]) -> list[html.Div]:
    return [html.Div(sentence) for sentence in sentences]
