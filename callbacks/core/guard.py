"""What every callback is wrapped in: a failure is a sentence on the screen, never a dead click."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from dash import no_update, set_props
from dash.exceptions import PreventUpdate
from flask_login import current_user

from reduction.errors import ReductionError
from services.errors import ServiceError

log = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong here; it has been logged."
BUSY = "The database is busy or away for the moment; try again shortly."

# By name: the pages know the services, not the library that reaches the database.
_DATABASE_DOWN = frozenset({"OperationalError", "InterfaceError"})


def person() -> Any:
    """Return who is signed in (a row that only services look into).

    The login wall lets nobody else reach a callback.
    """
    return current_user.row


def toast(text: str, kind: str = "info", href: str | None = None) -> dict[str, Any]:
    """Return the data of the ``toast`` store; the nonce lets the same sentence be said again."""
    return {"text": text, "kind": kind, "href": href, "n": secrets.token_hex(4)}


def guarded(n_outputs: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a callback of `n_outputs` outputs say what failed, and leave the page as it was."""

    def wrap(callback: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(callback)
        def inner(*values: Any) -> Any:
            try:
                return callback(*values)
            except PreventUpdate:
                raise
            except (ServiceError, ReductionError) as error:
                set_props("toast", {"data": toast(str(error), "danger")})
            except Exception as error:  # a defect ends as a sentence, its traceback in the log
                down = type(error).__name__ in _DATABASE_DOWN
                if down:
                    log.warning("database: %s", error)
                else:
                    log.exception("a callback failed")
                set_props("toast", {"data": toast(BUSY if down else UNEXPECTED, "danger")})
            return no_update if n_outputs == 1 else [no_update] * n_outputs

        return inner

    return wrap
