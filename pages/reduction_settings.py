"""Data reduction settings of a proposal: the manual's form, generated from the settings model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.core.router import Page
from callbacks.proposals import ROOT, proposal_of
from callbacks.reduction_settings.form import page_state, shown
from callbacks.reduction_settings.ids import FORM, control, key
from callbacks.reduction_settings.ids import PAGE as NAME
from pages.core import forms
from reduction.settings import form_fields
from reduction.settings.form_fields import SettingField
from services.errors import NotFound
from services.proposals import reduction_settings
from services.proposals.reduction_settings import ProposalSettings
from services.proposals.settings_history import SettingValue

YOURS = "These settings apply to all reduction steps of this proposal, for every new file."
NOT_YOURS = "Only the PI and the observatory's staff can change the settings."


def layout(pathname: str, _search: str) -> html.Main:
    """Return the form with the current settings."""
    try:
        settings = reduction_settings.view(person(), proposal_of(pathname, NAME) or 0)
    except NotFound as error:
        back = html.A("Observing Proposals", href=ROOT, **{"data-go": ""})
        return html.Main([html.H1(str(error)), html.P(back)], className="sheet")
    return draw(settings)


def draw(settings: ProposalSettings) -> html.Main:
    """Return the page of a proposal's settings; callbacks fill the sections below the form."""
    may = settings.may_change
    name = html.Span(settings.soar_id, className="soar-id")
    state = page_state(settings.proposal_id, settings.version, settings.values)
    return html.Main(
        [
            dcc.Store(id="settings-state", data=state),
            html.H1(["Data reduction settings - ", name]),
            html.P(YOURS if may else NOT_YOURS, className="quiet lead-in"),
            _form(settings.values, may=may),
            html.Section(
                [html.H2("Existing products"), html.Div(id="settings-again")], className="panel"
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


def _form(values: Mapping[str, SettingValue], *, may: bool) -> Component:
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
    conflict = html.Div(id="settings-conflict")
    more = [
        dbc.Button("Discard changes", id="settings-discard", type="button", color="secondary"),
        dbc.Button(
            "Reset all to the defaults", id="settings-reset", type="button", color="secondary"
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
    """Split a group into lines, so that switches have a line of their own."""
    return [list(line) for _, line in groupby(fields, lambda field: field.kind == "switch")]


def _setting(field: SettingField, value: SettingValue, *, may: bool) -> html.Div:
    default = html.Span(f"Changed; the default is {field.text_of(field.default)}")
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
    return html.Div(
        [_control(field, value, may=may), html.Div([default, reset], className="default")],
        id=f"{control(field.name)}-box",
        className="setting changed" if value != field.default else "setting",
    )


def _control(field: SettingField, value: SettingValue, *, may: bool) -> Component:
    name, more = key(field.name), {"help": field.help, "disabled": not may}
    if field.kind == "switch":
        return forms.switch(FORM, name, field.title, bool(value), **more)
    if field.kind == "choice":
        options = [{"value": choice, "label": label} for choice, label in field.choices]
        return forms.select(FORM, name, field.title, options, str(value), **more)
    # A text field also for numbers: a browser would discard what is not a number. HTML has the
    # input mode "decimal", although the documentation of dbc.Input does not list it.
    mode = {"inputmode": "decimal"} if field.kind in ("whole", "number") else {}
    return forms.text(FORM, name, field.title, str(shown(field, value)), **mode, **more)


PAGE = Page(
    "settings",
    "Data reduction settings · GSP Live",
    lambda path: proposal_of(path, NAME) is not None,
    layout,
)
