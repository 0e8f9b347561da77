"""The theme, dark or light: switched, and kept with the account, by the browser."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output


def register(app: Dash) -> None:
    """Connect the switch in the top bar."""
    app.clientside_callback(
        ClientsideFunction("page", "theme"),
        Output("theme-toggle", "className"),
        Input("theme", "data"),
    )
