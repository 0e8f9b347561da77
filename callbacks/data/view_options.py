"""The options of the viewer: applied in the browser, some of them kept with the account."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, no_update

from callbacks.core.dash_types import CallbackValue
from callbacks.core.guard import guarded, person
from services.accounts import visual_options

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
"""The ids of the controls."""
KEPT = ("colormap", "show-saturated", "show-title")
"""Those that the account keeps; the browser keeps the others."""


def register(app: Dash) -> None:
    """Connect the options."""
    app.clientside_callback(
        ClientsideFunction("viewer", "options"),
        Output("colormap", "className"),
        *(Input(option, "value") for option in OPTIONS),
    )
    app.callback(
        Output("show-title", "className"),
        *(Input(option, "value") for option in KEPT),
        prevent_initial_call=True,
    )(guarded(1)(save))


def save(colormap: str, saturated: list[str] | None, title: list[str] | None) -> CallbackValue:
    """Keep the options with the account."""
    visual_options.save(
        person(), colormap=colormap, show_saturated=bool(saturated), show_title=bool(title)
    )
    return no_update
