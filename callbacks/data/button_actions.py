"""What the buttons of the Data page do: start, cancel and repeat runs, delete, comment."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions
from callbacks.core.button_actions import ButtonData, Outcome, row_id
from callbacks.core.dash_types import CallbackValue
from callbacks.core.guard import guarded, person
from callbacks.data import ids
from callbacks.data.address import parse
from db.models import User
from services.calibration import acceptance, out_of_date
from services.errors import InvalidRequest
from services.files import comments, deletion
from services.runs import requests

PROCESSES = {
    "reduce": "Reduction",
    "extract": "Extraction",
    "wavelength": "Wavelength calibration",
    "flux": "Flux calibration",
    "sensitivity": "Sensitivity",
    "master_bias": "Master bias",
    "master_flat": "Master flat",
}
"""The noun for the run of a process block; the buttons have the block's label."""


def register(app: Dash) -> None:
    """Connect the buttons, and the field for a new comment."""
    button_actions.ACTIONS |= {
        "run": start,
        "use": use_calibration,
        "again": reduce_again,
        "cancel": cancel,
        "retry": retry,
        "accept": accept,
        "delete": delete,
        "delete-comment": delete_comment,
    }
    app.callback(
        Output("done", "data", allow_duplicate=True),
        Output(ids.COMMENT_TEXT, "value"),
        Input(ids.COMMENT_ADD, "n_clicks"),
        State(ids.COMMENT_TEXT, "value"),
        State(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )(guarded(2)(add_comment))


def add_comment(
    _clicks: int | None, text: str | None, shown: Mapping[str, CallbackValue] | None
) -> tuple[str, str]:
    """Add a comment to the file on show; return a nonce and the emptied field."""
    if not shown:
        raise PreventUpdate
    comments.add(person(), int(shown["id"]), text or "")
    return secrets.token_hex(4), ""


def start(user: User, data: ButtonData) -> str:
    """Start a process on a file; its line on the page is the answer."""
    requests.request(user, str(data.get("block")), row_id(data, "file"), _settings(data))
    return ""


def _settings(data: ButtonData) -> dict[str, Any] | None:
    """Return the settings that a form gives for one run; None of a button without a form."""
    if "settings" not in data:
        return None
    try:
        settings = json.loads(str(data["settings"]))
    except ValueError as error:
        raise InvalidRequest(button_actions.OUT_OF_DATE) from error
    if not isinstance(settings, dict):
        raise InvalidRequest(button_actions.OUT_OF_DATE)
    return settings


def use_calibration(user: User, data: ButtonData) -> str:
    """Start a process with a manual calibration."""
    block = str(data.get("block"))
    manual = {str(data.get("role")): row_id(data, "calibration")}
    requests.request(user, block, row_id(data, "file"), None, manual)
    return f"{_process(block)} with the selected calibration queued."


def reduce_again(user: User, data: ButtonData) -> str:
    """Make a product again that is out of date."""
    run = out_of_date.request_again(user, row_id(data, "file"))
    return f"{_process(run.block)} queued."


def cancel(user: User, data: ButtonData) -> str:
    """Cancel a run; one that is running ends after its current step."""
    run = requests.cancel(user, row_id(data, "run"))
    return "" if run.state == "cancelled" else "It will be cancelled after the current step."


def retry(user: User, data: ButtonData) -> str:
    """Queue a failed run once more."""
    requests.retry(user, row_id(data, "run"))
    return ""


def accept(user: User, data: ButtonData) -> str:
    """Accept a frame for shared calibrations."""
    file = acceptance.accept(user, row_id(data, "file"))
    return f"{file.file_name} is used for shared calibrations."


def delete(user: User, data: ButtonData) -> Outcome:
    """Delete a product; the page of the deleted file goes on to the newest one."""
    names = deletion.delete(user, row_id(data, "file"))
    message = f"Deleted {names[0]}."
    if len(names) > 1:
        message = f"Deleted {names[0]} and {len(names) - 1} made from it."
    address = parse(data["pathname"], data["search"])
    is_shown = address is not None and address.file is not None
    return Outcome(message, address.href(file=None) if address is not None and is_shown else None)


def delete_comment(user: User, data: ButtonData) -> str:
    """Delete a comment."""
    comments.delete(user, row_id(data, "comment"))
    return ""


def _process(block: str) -> str:
    return PROCESSES.get(block, "The process")
