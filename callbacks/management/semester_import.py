"""Import a semester: what a table would do, then doing it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.core import forms
from callbacks.core.guard import guarded, person
from callbacks.management.addresses import PROPOSALS, table
from services.errors import InvalidRequest, ServiceError
from services.proposals import semester_import

SHOWN = 200
"""Rows without an error that are listed at most."""
HEADS = ("Line", "SOAR ID", "PI", "Effect")


def register(app: Dash) -> None:
    """Connect the dry run and the import."""
    app.callback(
        Output("import-plan", "children"),
        Output("import-submit", "disabled"),
        Input("import-table", "contents"),
        State("import-table", "filename"),
        prevent_initial_call=True,
    )(guarded(2)(try_out))
    forms.connect(app, "import", (), apply, State("import-table", "contents"))


def _bytes(contents: str | None) -> bytes:
    try:
        return base64.b64decode(str(contents).partition(",")[2], validate=True)
    except binascii.Error:
        raise InvalidRequest("The table could not be read; choose it again.") from None


def try_out(contents: str | None, name: str | None) -> tuple[Any, bool]:
    """Tell what each row of a table would do."""
    if not contents:
        raise PreventUpdate
    try:
        planned = semester_import.plan(person(), _bytes(contents))
    except ServiceError as error:
        return html.P(f"{name}: {error.message}", className="wrong", role="alert"), True
    return _drawn(planned, str(name)), bool(planned.errors) or not planned.n_proposals


def _drawn(planned: semester_import.Plan, name: str) -> list[Any]:
    wrong = planned.errors
    fine = [row for row in planned.rows if not row.error]
    said = (
        f"{name}: {_number(planned.n_proposals, 'new proposal')}, "
        f"{_number(planned.n_people, 'new account')}, "
        f"{_number(len(wrong), 'row')} with an error. Nothing has been changed yet."
    )
    parts: list[Any] = [html.P(said, role="status")]
    if wrong:
        parts.append(html.P("Mend the table and choose it again.", className="wrong"))
    parts.append(table(HEADS, [_row(row) for row in (*wrong, *fine[:SHOWN])], ""))
    if len(fine) > SHOWN:
        parts.append(html.P(f"… and {len(fine) - SHOWN:,} more rows without an error."))
    return parts


def _number(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _row(row: semester_import.Row) -> html.Tr:
    wrong = {"className": "wrong"} if row.error else {}
    cells = (row.line, row.given["soar_id"], row.given["pi_email"])
    return html.Tr([*map(html.Td, map(str, cells)), html.Td(row.effect or row.error, **wrong)])


def apply(_typed: Mapping[str, Any], contents: str | None) -> forms.Done:
    """Do what was shown."""
    if not contents:
        raise InvalidRequest("Choose a table first.")
    done = semester_import.apply(person(), _bytes(contents))
    made = f"{_number(done.n_proposals, 'proposal')} and {_number(done.n_people, 'account')}"
    return forms.Done(f"{made} were made.", href=PROPOSALS)
