"""Data reduction settings: what is typed is judged at once; saved, undone, and done again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update, set_props
from dash.exceptions import PreventUpdate

from callbacks.core import forms
from callbacks.core.guard import guarded, person
from callbacks.search import choices
from reduction.settings import form_fields
from reduction.settings.form_fields import SettingField
from services.calibration import affected
from services.errors import Conflict, InvalidRequest, Unacceptable
from services.proposals import reduction_settings

PAGE = "settings"
FORM = "settings"
COMES = "every frame that comes"
OF_MASTERS = (
    "Masters are shared by all proposals: those that exist stay, those made from frames of this "
    "proposal from now on take the new values."
)


def key(name: str) -> str:
    """Return a setting's name as ids of components hold it, which allow no dot."""
    return name.replace(".", "-")


def control(name: str) -> str:
    """Return the id of a setting's control."""
    return f"{FORM}-{key(name)}"


def shown(field: SettingField, value: Any) -> Any:
    """Return a value as its control holds it: numbers as text, so that nothing typed is lost."""
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
        *(Input(*one) for one in typed),
        Input("settings-state", "data"),
        prevent_initial_call="initial_duplicate",
    )(guarded(2 * len(fields) + 1)(judge))
    forms.connect(app, FORM, [key(name) for name in fields], save, State("settings-state", "data"))
    app.callback(
        *(Output(*one, allow_duplicate=True) for one in typed),
        Input("settings-reset", "n_clicks"),
        Input("settings-discard", "n_clicks"),
        State("settings-state", "data"),
        prevent_initial_call=True,
    )(guarded(len(fields))(reset))
    app.callback(
        Output("settings-conflict", "children", allow_duplicate=True),
        Input("done", "data"),
        State("settings-state", "data"),
        *(State(*one) for one in typed),
        prevent_initial_call=True,
    )(guarded(1)(follow))


def state_of(proposal_id: int, state: reduction_settings.State) -> dict[str, Any]:
    """Return what the page remembers of the settings it shows."""
    stored = form_fields.values(state.settings)
    return {"proposal": proposal_id, "version": state.version, "stored": stored}


# --- the form ---------------------------------------------------------------------------------


def judge(*given: Any) -> tuple[Any, ...]:
    """Say at each field what is wrong with it, mark what is not the default, sum up the changes."""
    fields = list(form_fields.all_fields().values())
    *typed, state = given
    if not state:
        raise PreventUpdate
    values, wrong = _read(fields, typed)
    classes = [
        "setting changed" if values.get(field.name, field.default) != field.default else "setting"
        for field in fields
    ]
    return (*classes, *(wrong.get(f.name) for f in fields), _summary(state, values, wrong))


def _read(
    fields: Sequence[SettingField], typed: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that make sense, and sentences about the others, by name."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field, text in zip(fields, typed, strict=True):
        try:
            values[field.name] = field.read(text)
        except ValueError as error:
            wrong[field.name] = str(error)
    return values, wrong


def _summary(
    state: Mapping[str, Any], values: Mapping[str, Any], wrong: Mapping[str, str]
) -> list[Any]:
    """Tell what is not saved yet, and what it would concern."""
    stored, fields = state["stored"], form_fields.all_fields()
    changed = [name for name, value in values.items() if value != stored.get(name)]
    if wrong:
        return [html.P(f"Not possible: {', '.join(fields[name].title for name in wrong)}.")]
    if not changed:
        return []
    parts = [
        html.Li(
            f"{fields[name].title}: {reduction_settings.said(name, stored.get(name))} → "
            f"{fields[name].said(values[name])}"
        )
        for name in changed
    ]
    found = affected.of(person(), int(state["proposal"]), form_fields.compose(values))
    said = [html.P(_concerns(found))]
    if any(name.startswith("master_") for name in changed):
        said.append(html.P(OF_MASTERS))
    return [html.Strong("Not saved yet"), html.Ul(parts), *said]


def _concerns(found: affected.Affected) -> str:
    waiting = f"{choices.counted(found.waiting, 'step')} that wait{'s' * (found.waiting == 1)} now"
    said = f"It concerns {waiting} and {COMES}."
    if found.frames:
        have = "has" if found.frames == 1 else "have"
        said += (
            f" {choices.counted(found.frames, 'frame')} {have} been done with other values; "
            "they can be done again once this is saved."
        )
    return said


def save(typed: Mapping[str, Any], state: Mapping[str, Any] | None) -> forms.Done:
    """Save the form; when somebody else was faster, show both and save nothing."""
    if not state:
        raise InvalidRequest("This page is out of date: reload it.")
    fields = list(form_fields.all_fields().values())
    given = [typed[key(field.name)] for field in fields]
    values, wrong = _read(fields, given)
    if wrong:
        told = {key(name): sentence for name, sentence in wrong.items()}
        raise Unacceptable("Some settings are not possible.", detail=told)
    user, proposal = person(), int(state["proposal"])
    settings = form_fields.compose(values)
    try:
        saved = reduction_settings.configure(
            user, proposal, settings, version=int(state["version"])
        )
    except Conflict as error:
        mine = {field.name: text for field, text in zip(fields, given, strict=True)}
        return forms.Done(props=_merged(state, error.detail, mine, error.message))
    nothing = saved.version == state["version"]
    return forms.Done(
        said="Nothing was changed." if nothing else "The settings are saved.",
        props={
            "settings-state": {"data": state_of(proposal, saved)},
            "settings-conflict": {"children": None},
            "done": {"data": secrets.token_hex(4)},
        },
    )


def _merged(
    state: Mapping[str, Any], now: reduction_settings.State, mine: Mapping[str, Any], sentence: str
) -> dict[str, dict[str, Any]]:
    """Return the form after somebody else's change: what one typed stays, the rest is theirs."""
    theirs = form_fields.values(now.settings)
    started: Mapping[str, Any] = state["stored"]
    both = reduction_settings.merged(started, theirs, mine)
    fields = form_fields.all_fields()
    changed = [name for name in theirs if theirs[name] != started.get(name)]
    lines = [
        html.Li(
            f"{fields[name].title}: {reduction_settings.said(name, started.get(name))} → "
            f"{reduction_settings.said(name, theirs[name])}"
            + (" (yours is kept in the form)" if both[name] != theirs[name] else "")
        )
        for name in changed
    ]
    words = "What you have changed is still in the form; save again to put it in force."
    return {
        "settings-conflict": {"children": [html.Strong(sentence), html.Ul(lines), html.P(words)]},
        "settings-state": {"data": state_of(int(state["proposal"]), now)},
        **{control(name): {"value": shown(fields[name], both[name])} for name in both},
    }


def reset(reset_clicks: Any, discard_clicks: Any, state: Mapping[str, Any] | None) -> list[Any]:
    """Put the defaults, or what is saved, into all fields; nothing is saved by that."""
    if not (reset_clicks or discard_clicks) or not state:
        raise PreventUpdate
    fields = form_fields.all_fields()
    if ctx.triggered_id == "settings-discard":
        stored = state["stored"]
        return [shown(field, stored.get(name, field.default)) for name, field in fields.items()]
    return [shown(field, field.default) for field in fields.values()]


def follow(_done: Any, state: Mapping[str, Any] | None, *typed: Any) -> Any:
    """Bring the form up to date after a restore; what is typed and not saved stays."""
    if not state:
        raise PreventUpdate
    proposal = int(state["proposal"])
    now = reduction_settings.current(person(), proposal)
    if now.version == state["version"]:
        raise PreventUpdate
    mine = dict(zip(form_fields.all_fields(), typed, strict=True))
    both = reduction_settings.merged(state["stored"], form_fields.values(now.settings), mine)
    fields = form_fields.all_fields()
    for name, value in both.items():
        set_props(control(name), {"value": shown(fields[name], value)})
    set_props("settings-state", {"data": state_of(proposal, now)})
    return no_update
