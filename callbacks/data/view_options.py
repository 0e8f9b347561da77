"""The options of the viewer: applied in the browser, which keeps some of them with the account."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output

OPTIONS = (
    "colormap",
    "stretch",
    "limits",
    "limit-low",
    "limit-high",
    "show-saturated",
    "show-title",
    "show-cosmic",
    "show-apertures",
    "show-wavelengths",
)
"""The ids of the controls; `assets/viewer/viewer.js` says which of them the account keeps."""


def register(app: Dash) -> None:
    """Connect the options."""
    app.clientside_callback(
        ClientsideFunction("viewer", "options"),
        Output("colormap", "className"),
        *(Input(option, "value") for option in OPTIONS),
    )
