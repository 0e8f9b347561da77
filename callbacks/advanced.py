"""Callbacks of Advanced Visualization: the frame of an image, and the heading of its page."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue, Children, Component
from callbacks.core.guard import guarded, person
from callbacks.data.address import Address, advanced_file, file_key
from reduction.frames import DataType
from services.data_page import file_view
from services.data_page.file_view import ShownFile
from services.errors import ServiceError
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


def show(pathname: str) -> tuple[Children, CallbackValue]:
    """Return the heading and the frame of the image that the address names."""
    key = advanced_file(pathname or "")
    if key is None:
        raise PreventUpdate
    user = person()
    try:
        file = file_view.shown(user, file_key(key))
    except ServiceError as error:
        return html.H1(str(error)), None
    try:
        if file.data_type in display.SPECTRA:
            return _heading(file, "This file is a spectrum: see the Data page."), None
        image = display.of_file(user, file.id).as_dict()
    except ServiceError as error:
        return _heading(file, f"This file can't be shown: {error}"), None
    image |= {"file_name": file.file_name, "reduced": file.data_type is DataType.REDUCED}
    return _heading(file), image


def _heading(file: ShownFile, trouble: str = "") -> list[Component]:
    back = Address(file=str(file.id)).href()
    warnings = [html.P(trouble, className="warning bad")] if trouble else []
    return [
        html.A("‹ Data", href=back, className="button", **{"data-go": ""}),
        html.H1(file.file_name, title=file.file_name),
        *warnings,
    ]
