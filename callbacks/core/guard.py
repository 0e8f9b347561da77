"""The wrapper of every callback: a failure becomes a message on the page."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import wraps

from dash import no_update, set_props
from dash.exceptions import PreventUpdate
from flask_login import current_user

from callbacks.core.dash_types import CallbackFunction, CallbackValue, Properties
from db.models import User
from reduction.errors import ReductionError
from services.errors import DATABASE_UNAVAILABLE, ServiceError

log = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong here; it has been logged."
BUSY = "The database is busy or not available. Try again shortly."


def person() -> User:
    """Return the account that is signed in, to be passed to services.

    Request security refuses callbacks of requests that are not signed in.
    """
    user: User = current_user.row
    return user


def toast(text: str, kind: str = "info", href: str | None = None) -> Properties:
    """Return the data of the ``toast`` store; a nonce lets the same message be shown again."""
    return {"text": text, "kind": kind, "href": href, "n": secrets.token_hex(4)}


def guarded(n_outputs: int) -> Callable[[CallbackFunction], CallbackFunction]:
    """Show what failed in a callback of `n_outputs` outputs, and leave the page as it was."""

    def wrap(callback: CallbackFunction) -> CallbackFunction:
        @wraps(callback)
        def inner(*values: CallbackValue) -> CallbackValue:
            try:
                return callback(*values)
            except PreventUpdate:
                raise
            except (ServiceError, ReductionError) as error:
                set_props("toast", {"data": toast(str(error), "danger")})
            except DATABASE_UNAVAILABLE as error:
                log.warning("database: %s", error)
                set_props("toast", {"data": toast(BUSY, "danger")})
            except Exception:  # a defect: its traceback is in the log
                log.exception("a callback failed")
                set_props("toast", {"data": toast(UNEXPECTED, "danger")})
            return no_update if n_outputs == 1 else [no_update] * n_outputs

        return inner

    return wrap
