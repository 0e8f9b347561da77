"""The theme, dark or light: switched in the browser, kept with the account."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, no_update

from callbacks.core.dash_types import CallbackValue
from callbacks.core.guard import guarded, person
from services.accounts import visual_options


def register(app: Dash) -> None:
    """Connect the switch in the top bar."""
    app.callback(Output("theme", "id"), Input("theme", "data"), prevent_initial_call=True)(
        guarded(1)(save)
    )
    app.clientside_callback(
        ClientsideFunction("page", "theme"),
        Output("theme-toggle", "className"),
        Input("theme", "data"),
    )


def save(theme: str | None) -> CallbackValue:
    """Keep the theme with the account, for the next page and the next device."""
    if theme:
        visual_options.save(person(), theme=theme)
    return no_update
