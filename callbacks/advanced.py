"""Advanced Visualization: the frame around an image, and what its page is headed by."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person
from callbacks.data.address import Address, advanced_file, file_key
from reduction.frames import DataType
from services.errors import NotFound, ServiceError
from services.files import lookup
from services.files.visualization import display


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("advanced-head", "children"),
        Output("advanced-image", "data"),
        Input("url", "pathname"),
    )(guarded(2)(show))
    app.clientside_callback(
        ClientsideFunction("viewer", "show"),
        Output("advanced-image", "id"),
        Input("advanced-image", "data"),
    )


def show(pathname: str) -> tuple[Any, Any]:
    """Draw the frame of the image that the address names."""
    key = advanced_file(pathname or "")
    if key is None:
        raise PreventUpdate
    user = person()
    try:
        file = lookup.get(user, file_key(key))
        if DataType(str(file.data_type)) in display.SPECTRA:
            return _head(file, "Spectra are looked at on their own page."), None
        facts = display.facts(file)
    except NotFound as error:
        return html.H1(str(error)), None
    except ServiceError as error:
        return _head(file, f"This file can't be shown: {error}"), None
    facts |= {
        "file_name": file.file_name,
        "reduced": DataType(str(file.data_type)) is DataType.REDUCED,
    }
    return _head(file, ""), facts


def _head(file: Any, trouble: str) -> list[Any]:
    back = Address(file=str(file.id)).href()
    said = [html.P(trouble, className="warning bad")] if trouble else []
    return [
        html.A("‹ Data", href=back, className="button", **{"data-go": ""}),
        html.H1(file.file_name, title=file.file_name),
        *said,
    ]
