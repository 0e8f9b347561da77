"""Data reduction settings of a proposal: the manual's form, generated from the settings model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from dash import dcc, html

from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.proposals import ROOT, proposal_of
from callbacks.reduction_settings.form import FORM, control, key, shown, state_of
from callbacks.reduction_settings.form import PAGE as NAME
from pages.core import forms
from reduction.settings import form_fields
from reduction.settings.form_fields import SettingField
from services import access
from services.access import Action
from services.errors import NotFound
from services.proposals import proposals, reduction_settings

NOT_YOURS = (
    "You see the settings as a collaborator; the PI and the observatory's staff change them."
)


def layout(pathname: str, _search: str) -> html.Main:
    """Return the form with the settings in force."""
    user, number = person(), proposal_of(pathname, NAME) or 0
    try:
        proposal, state = proposals.get(user, number), reduction_settings.current(user, number)
    except NotFound as error:
        back = html.A("Observing Proposals", href=ROOT, **{"data-go": ""})
        return html.Main([html.H1(str(error)), html.P(back)], className="sheet")
    may = Action.CONFIGURE in access.allowed(user, proposal)
    name = html.Span(proposal.soar_id, className="soar-id")
    return html.Main(
        [
            dcc.Store(id="settings-state", data=state_of(number, state)),
            html.H1(["Data reduction settings - ", name]),
            html.P(
                "They are used in all reduction steps of this proposal, for every new file."
                if may
                else NOT_YOURS,
                className="quiet lead-in",
            ),
            _form(form_fields.values(state.settings), may=may),
            html.Section(
                [html.H2("Done before"), html.Div(id="settings-again")], className="panel"
            ),
            html.Section(
                [
                    html.H2("History"),
                    html.Div(id="settings-history"),
                    html.Nav(
                        id="settings-pager",
                        className="pager",
                        **{"aria-label": "Pages of the history"},
                    ),
                ],
                className="panel",
            ),
        ],
        className="sheet settings-page",
    )


def _form(values: dict[str, Any], *, may: bool) -> Any:
    groups = [
        html.Section(
            [
                html.H2(f"{title}:"),
                *(
                    html.Div([_setting(f, values[f.name], may=may) for f in line], className="grid")
                    for line in _lines(fields)
                ),
            ],
            className="panel",
        )
        for title, fields in form_fields.groups()
    ]
    conflict = html.Div(id="settings-conflict", className="conflict", role="alert")
    more = [
        html.Button("Discard changes", id="settings-discard", type="button", className="button"),
        html.Button(
            "Reset all to the defaults", id="settings-reset", type="button", className="button"
        ),
    ]
    foot = html.Div(
        [
            html.Div(id="settings-summary", role="status"),
            forms.buttons(FORM, "Save settings", *more),
        ],
        className="settings-foot",
        hidden=not may,
    )
    return forms.form(FORM, *groups, conflict, foot)


def _lines(fields: Sequence[SettingField]) -> list[list[SettingField]]:
    """Split a group where switches end: they stand in a line of their own."""
    return [list(line) for _, line in groupby(fields, lambda field: field.kind == "switch")]


def _setting(field: SettingField, value: Any, *, may: bool) -> html.Div:
    name, more = key(field.name), {"disabled": not may}
    if field.kind == "switch":
        made: Any = forms.switch(FORM, name, field.title, bool(value), help=field.help, **more)
    elif field.kind == "choice":
        options = [{"value": one, "label": word} for one, word in field.choices]
        made = forms.select(FORM, name, field.title, options, str(value), help=field.help, **more)
    else:
        # As text: what is no number is said so, and not thrown away by the browser.
        mode = {"inputMode": "decimal"} if field.kind in ("whole", "number") else {}
        made = forms.text(
            FORM, name, field.title, shown(field, value), help=field.help, **mode, **more
        )
    reset = html.Button(
        "reset",
        type="button",
        className="plain",
        hidden=not may,
        **{
            "data-command": "fill",
            "data-target": control(field.name),
            "data-value": json.dumps(shown(field, field.default)),
            "aria-label": f"Reset {field.title}",
        },
    )
    default = html.Span(f"Changed; the default is {field.said(field.default)}")
    return html.Div(
        [made, html.Div([default, reset], className="default")],
        id=f"{control(field.name)}-box",
        className="setting changed" if value != field.default else "setting",
    )


PAGE = Page(
    "settings",
    "Data reduction settings · GSP Live",
    lambda path: proposal_of(path, NAME) is not None,
    layout,
)
