"""The form of the data reduction settings: validated while typing, saved, reset, merged."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, ctx, html, no_update, set_props
from dash.exceptions import PreventUpdate

from callbacks.core import forms
from callbacks.core.dash_types import CallbackValue, Component, Properties
from callbacks.core.guard import guarded, person
from callbacks.core.numbers import counted
from callbacks.reduction_settings.ids import FORM, control, key
from reduction.settings import form_fields
from reduction.settings.form_fields import SettingField
from services.calibration import affected
from services.calibration.affected import Affected
from services.errors import Conflict, InvalidRequest, Unacceptable
from services.proposals import reduction_settings
from services.proposals.settings_history import SettingValue, value_text

OUT_OF_DATE = "This page is out of date. Reload it."
OF_MASTERS = (
    "Masters are shared by all proposals. Existing masters are kept; new masters from frames of "
    "this proposal are made with the new values."
)
STILL_IN_FORM = "Your changes are still in the form. Save again to apply them."

PageState = Mapping[str, CallbackValue]
"""What the page stores of the settings it shows: ``proposal``, ``version`` and ``stored``."""

Values = Mapping[str, SettingValue]
"""Values by the names of the settings."""


def shown(field: SettingField, value: SettingValue) -> SettingValue:
    """Return a value as its control holds it; numbers are text, so that typos are not lost."""
    if field.kind not in ("whole", "number"):
        return value
    return f"{value:g}" if isinstance(value, float) else str(value)


def register(app: Dash) -> None:
    """Connect the form."""
    fields = form_fields.all_fields()
    typed = [(control(name), "value") for name in fields]
    app.callback(
        *(Output(f"{control(name)}-box", "className") for name in fields),
        *(Output(f"{control(name)}-error", "children", allow_duplicate=True) for name in fields),
        Output("settings-summary", "children"),
        *(Input(*value) for value in typed),
        Input("settings-state", "data"),
        prevent_initial_call="initial_duplicate",
    )(guarded(2 * len(fields) + 1)(validate))
    forms.connect(app, FORM, [key(name) for name in fields], save, State("settings-state", "data"))
    app.callback(
        *(Output(*value, allow_duplicate=True) for value in typed),
        Input("settings-reset", "n_clicks"),
        Input("settings-discard", "n_clicks"),
        State("settings-state", "data"),
        prevent_initial_call=True,
    )(guarded(len(fields))(reset))
    app.callback(
        Output("settings-conflict", "children", allow_duplicate=True),
        Input("done", "data"),
        State("settings-state", "data"),
        *(State(*value) for value in typed),
        prevent_initial_call=True,
    )(guarded(1)(refresh))


def page_state(proposal_id: int, version: int, stored: Values) -> Properties:
    """Return what the page stores of the settings it shows."""
    return {"proposal": proposal_id, "version": version, "stored": dict(stored)}


def _page_state(proposal_id: int, state: reduction_settings.State) -> Properties:
    return page_state(proposal_id, state.version, form_fields.values(state.settings))


def validate(*given: CallbackValue) -> tuple[CallbackValue, ...]:
    """Return the class and the error of each field, and a summary of the changes."""
    fields = list(form_fields.all_fields().values())
    *typed, state = given
    if not state:
        raise PreventUpdate
    values, errors = _read(fields, typed)
    classes = [
        "setting changed" if values.get(field.name, field.default) != field.default else "setting"
        for field in fields
    ]
    return (
        *classes,
        *(_feedback(errors.get(f.name)) for f in fields),
        _summary(state, values, errors),
    )


def _feedback(error: str | None) -> list[Component] | None:
    return forms.feedback([error]) if error else None


def _read(
    fields: Sequence[SettingField], typed: Sequence[SettingValue]
) -> tuple[dict[str, SettingValue], dict[str, str]]:
    """Return the valid values, and messages about the others, by name."""
    values: dict[str, SettingValue] = {}
    errors: dict[str, str] = {}
    for field, text in zip(fields, typed, strict=True):
        try:
            values[field.name] = field.read(text)
        except ValueError as error:
            errors[field.name] = str(error)
    return values, errors


def _summary(state: PageState, values: Values, errors: Mapping[str, str]) -> list[Component]:
    """Return the unsaved changes and what they affect."""
    stored, fields = state["stored"], form_fields.all_fields()
    if errors:
        titles = ", ".join(fields[name].title for name in errors)
        return [html.P(f"Correct these values: {titles}.")]
    changed = [name for name, value in values.items() if value != stored.get(name)]
    if not changed:
        return []
    lines = [_change(name, stored.get(name), values[name]) for name in changed]
    concerned = affected.of(person(), int(state["proposal"]), form_fields.compose(values))
    notes = [html.P(_effect(concerned))]
    if any(form_fields.concerns_masters(name) for name in changed):
        notes.append(html.P(OF_MASTERS))
    return [html.Strong("Not saved yet"), html.Ul(lines), *notes]


def _change(name: str, before: SettingValue, after: SettingValue, note: str = "") -> html.Li:
    title = form_fields.all_fields()[name].title
    return html.Li(f"{title}: {value_text(name, before)} → {value_text(name, after)}{note}")


def _effect(concerned: Affected) -> str:
    sentence = f"Applies to {counted(concerned.waiting, 'waiting step')} and all new frames."
    if concerned.frames:
        verb = "was" if concerned.frames == 1 else "were"
        sentence += (
            f" {counted(concerned.frames, 'frame')} {verb} reduced with other values and can be "
            "reduced again after saving."
        )
    return sentence


def save(typed: Mapping[str, CallbackValue], state: PageState | None) -> forms.FormResult:
    """Save the form; after a concurrent change show both and save nothing."""
    if not state:
        raise InvalidRequest(OUT_OF_DATE)
    fields = list(form_fields.all_fields().values())
    given = [typed[key(field.name)] for field in fields]
    values, errors = _read(fields, given)
    if errors:
        detail = {key(name): sentence for name, sentence in errors.items()}
        raise Unacceptable("Some values are not valid.", detail=detail)
    proposal, settings = int(state["proposal"]), form_fields.compose(values)
    try:
        saved = reduction_settings.configure(
            person(), proposal, settings, version=int(state["version"])
        )
    except Conflict as error:
        mine = {field.name: text for field, text in zip(fields, given, strict=True)}
        return forms.FormResult(props=_merged(state, error.detail, mine, error.message))
    unchanged = saved.version == state["version"]
    return forms.FormResult(
        "Nothing was changed." if unchanged else "The settings were saved.",
        props={
            "settings-state": {"data": _page_state(proposal, saved)},
            "settings-conflict": {"children": None},
            "done": {"data": secrets.token_hex(4)},
        },
    )


def _merged(
    state: PageState, current: reduction_settings.State, mine: Values, sentence: str
) -> dict[str, Properties]:
    """Return the form after a concurrent change: own edits are kept, the rest is updated."""
    theirs = form_fields.values(current.settings)
    started: Values = state["stored"]
    both = reduction_settings.merged(started, theirs, mine)
    lines = [
        _change(
            name,
            started.get(name),
            theirs[name],
            " (your value is kept in the form)" if both[name] != theirs[name] else "",
        )
        for name in theirs
        if theirs[name] != started.get(name)
    ]
    parts = [html.Strong(sentence), html.Ul(lines), html.P(STILL_IN_FORM)]
    conflict = dbc.Alert(parts, color="danger", fade=False)
    return {
        "settings-conflict": {"children": conflict},
        "settings-state": {"data": _page_state(int(state["proposal"]), current)},
        **{control(name): {"value": value} for name, value in _controls(both).items()},
    }


def _controls(values: Values) -> dict[str, SettingValue]:
    """Return the contents of the controls by the names of the settings."""
    fields = form_fields.all_fields()
    return {name: shown(fields[name], value) for name, value in values.items()}


def reset(
    reset_clicks: int | None, discard_clicks: int | None, state: PageState | None
) -> list[SettingValue]:
    """Return the defaults, or the saved values, for all fields; nothing is saved."""
    if not (reset_clicks or discard_clicks) or not state:
        raise PreventUpdate
    fields = form_fields.all_fields()
    if ctx.triggered_id == "settings-discard":
        stored: Values = state["stored"]
        return [shown(field, stored.get(name, field.default)) for name, field in fields.items()]
    return [shown(field, field.default) for field in fields.values()]


def refresh(_done: CallbackValue, state: PageState | None, *typed: SettingValue) -> CallbackValue:
    """Update the form after earlier settings were restored; unsaved edits are kept."""
    if not state:
        raise PreventUpdate
    proposal = int(state["proposal"])
    current = reduction_settings.current(person(), proposal)
    if current.version == state["version"]:
        raise PreventUpdate
    mine = dict(zip(form_fields.all_fields(), typed, strict=True))
    theirs = form_fields.values(current.settings)
    both = reduction_settings.merged(state["stored"], theirs, mine)
    for name, value in _controls(both).items():
        set_props(control(name), {"value": value})
    set_props("settings-state", {"data": _page_state(proposal, current)})
    return no_update
