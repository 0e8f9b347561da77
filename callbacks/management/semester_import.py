"""Import a semester: preview the effect of a table, then import it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.core import forms
from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.guard import guarded, person
from callbacks.management.addresses import PROPOSALS
from callbacks.management.tables import counted, table
from services.errors import InvalidRequest, ServiceError
from services.proposals import semester_import
from services.proposals.semester_import import Plan, Row

ROWS_SHOWN = 200
"""Rows without an error that are listed at most."""
HEADS = ("Line", "SOAR ID", "PI", "Effect")


def register(app: Dash) -> None:
    """Connect the preview and the import."""
    app.callback(
        Output("import-plan", "children"),
        Output("import-submit", "disabled"),
        Input("import-table", "contents"),
        State("import-table", "filename"),
        prevent_initial_call=True,
    )(guarded(2)(preview))
    forms.connect(app, "import", (), apply, State("import-table", "contents"))


def _bytes(contents: str | None) -> bytes:
    try:
        return base64.b64decode(str(contents).partition(",")[2], validate=True)
    except binascii.Error:
        raise InvalidRequest("The file could not be read. Upload it again.") from None


def preview(contents: str | None, name: str | None) -> tuple[Component, bool]:
    """Return the effect of each row, and whether the table cannot be imported."""
    if not contents:
        raise PreventUpdate
    try:
        plan = semester_import.plan(person(), _bytes(contents))
    except ServiceError as error:
        return _problem(f"{name}: {error.message}"), True
    return draw(plan, str(name)), bool(plan.errors) or not plan.n_proposals


def _problem(sentence: str) -> Component:
    return dbc.Alert(sentence, color="danger", fade=False)


def draw(plan: Plan, name: str) -> list[Component]:
    """Return the summary of a plan and its rows, those with an error first."""
    valid = [row for row in plan.rows if not row.error]
    summary = (
        f"{name}: {counted(plan.n_proposals, 'new proposal')}, "
        f"{counted(plan.n_people, 'new account')}, "
        f"{counted(len(plan.errors), 'row')} with an error. Nothing has been changed yet."
    )
    parts: list[Component] = [html.P(summary, role="status")]
    if plan.errors:
        parts.append(_problem("Correct the file and upload it again."))
    rows = [_row(row) for row in (*plan.errors, *valid[:ROWS_SHOWN])]
    parts.append(table(HEADS, rows, ""))
    if len(valid) > ROWS_SHOWN:
        parts.append(html.P(f"… and {len(valid) - ROWS_SHOWN:,} more rows without an error."))
    return parts


def _row(row: Row) -> html.Tr:
    wrong = {"className": "text-danger-emphasis"} if row.error else {}
    cells = (str(row.line), row.given["soar_id"], row.given["pi_email"])
    return html.Tr([*map(html.Td, cells), html.Td(row.effect or row.error, **wrong)])


def apply(_typed: Mapping[str, CallbackValue], contents: str | None) -> forms.FormResult:
    """Import the table that was previewed."""
    if not contents:
        raise InvalidRequest("Choose a file first.")
    plan = semester_import.apply(person(), _bytes(contents))
    created = f"{counted(plan.n_proposals, 'proposal')} and {counted(plan.n_people, 'account')}"
    return forms.FormResult(f"{created} created.", href=PROPOSALS)
