"""Callbacks of the calibrations of the file on show, and of the run that ``?run=`` opens."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from callbacks.core.dash_types import CallbackValue, Children
from callbacks.core.guard import guarded, person
from callbacks.core.markup import html_of, paint_from
from callbacks.data import ids
from callbacks.data.address import parse, run_id
from callbacks.data.drawing import calibration_panel, run_detail
from db.models import User
from services import request_coalescing
from services.data_page import calibrations, runs
from services.errors import NotFound
from services.request_coalescing import Moment


def register(app: Dash) -> None:
    """Connect the panel below the file on show, and the run's."""
    app.callback(
        Output(ids.CALIBRATION_PARTS, "data"),
        Input(ids.SHOWN, "data"),
    )(guarded(1)(show))
    paint_from(app, ids.CALIBRATION_PARTS)
    app.callback(
        Output(ids.RUN_DETAIL, "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-run", "data"),
        Input("done", "data"),
    )(guarded(1)(show_run))


def show(shown: Mapping[str, CallbackValue] | None) -> CallbackValue:
    """Return the panel of the file on show."""
    now = request_coalescing.moment()
    html = {ids.CALIBRATIONS: ""}
    if shown:
        with suppress(NotFound):  # the file was deleted; the view says so
            html = region(person(), int(shown["id"]))
    return {"at": now.newest, "html": html}


def region(user: User, file_id: int, when: Moment | None = None) -> dict[str, str]:
    """Return the panel of a file as HTML, by its id.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    panel = calibrations.read(user, file_id, when)
    key = (ids.CALIBRATIONS, file_id, panel.may_process)
    html = request_coalescing.read(when, key, lambda: html_of(calibration_panel.draw(panel)))
    return {ids.CALIBRATIONS: html}


def show_run(
    pathname: str | None, search: str | None, _live: CallbackValue, _done: CallbackValue
) -> Children:
    """Return the run that the address names; nothing without one."""
    address = parse(pathname, search)
    if address is None:
        raise PreventUpdate
    number = run_id(search)
    if number is None:
        return []
    try:
        run = runs.read(person(), number)
    except NotFound:
        return run_detail.no_such_run(address)
    return run_detail.draw(address, run)
