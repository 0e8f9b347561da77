"""Import a semester: the upload field, the preview and the button that imports."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.management import addresses
from pages.core import forms
from pages.management.sheet import page, sheet
from services.proposals import semester_import


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the fixed parts of the page; `callbacks.management.semester_import` fills it."""
    columns = [part for name in semester_import.COLUMNS for part in (html.Code(name), ", ")][:-1]
    submit = dbc.Button("Import", id="import-submit", type="submit", disabled=True)
    return sheet(
        "Import a semester",
        addresses.IMPORT,
        html.P(
            ["A CSV table in UTF-8 whose first line names the columns ", *columns, "."],
            className="about",
        ),
        html.P(
            "Choosing a file changes nothing: the effect of each row is shown first. PIs without "
            "an account get one and an invitation by e-mail. Registered proposals are not changed.",
            className="about quiet",
        ),
        _upload(),
        forms.form("import", html.Div(id="import-plan"), html.Div(submit, className="buttons")),
        wide=True,
    )


def _upload() -> Component:
    return html.Label(
        dcc.Upload(
            html.Span(["Choose a file", html.Span(" or drop it here", className="quiet")]),
            id="import-table",
            className="upload",
            accept=".csv,.tsv,.txt,text/csv",
            max_size=semester_import.MAX_BYTES,
            style={},
            style_active={},
            style_reject={},
        ),
        className="upload-label",
    )


PAGES = (page("Import a semester", lambda path: path == addresses.IMPORT, layout),)
