"""The history of a proposal's settings, and what can be reduced again with the current ones."""

from __future__ import annotations

from collections.abc import Mapping

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions, lists, pager
from callbacks.core.dash_types import CallbackValue, Child, Children, Component
from callbacks.core.guard import guarded, person
from callbacks.core.numbers import counted, thousands
from callbacks.proposals import proposal_of
from callbacks.reduction_settings.ids import PAGE
from db.models import User
from services.access import Action
from services.calibration import affected, out_of_date
from services.calibration.affected import Affected
from services.errors import ServiceError
from services.paging import Page
from services.proposals import proposal_index, reduction_settings, settings_history
from services.proposals.settings_history import SettingDifference, SettingsChangeLine

FIRST_STATE = "the initial settings"


def register(app: Dash) -> None:
    """Connect the history, and what can be reduced again."""
    app.callback(
        Output("settings-history", "children"),
        Output("settings-pager", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("done", "data"),
    )(guarded(2)(show_history))
    app.callback(
        Output("settings-again", "children"),
        Input("url", "pathname"),
        Input("done", "data"),
        Input("live-index", "data"),
    )(guarded(1)(show_again))
    button_actions.ACTIONS |= {
        "restore-settings": restore,
        "reduce-affected": reduce_affected,
        "reduce-out-of-date": reduce_out_of_date,
    }


# --- the history ------------------------------------------------------------------------------


def show_history(
    pathname: str | None, search: str | None, _done: CallbackValue
) -> tuple[Children, list[Component]]:
    """Return a page of the changes, each with a button that restores it, and the pager."""
    proposal = proposal_of(pathname, PAGE)
    if proposal is None:
        raise PreventUpdate
    user, query = person(), lists.parse(pathname, search)
    try:
        page = settings_history.page(user, proposal, query.page)
        may = Action.CONFIGURE in proposal_index.get(user, proposal).may
    except ServiceError:
        return [], []  # the page shows the error
    pages = pager.numbered(query, page.pages) if page.pages > 1 else []
    return draw_history(page, proposal, may=may), pages


def draw_history(page: Page[SettingsChangeLine], proposal: int, *, may: bool) -> Component:
    """Return a page of the changes of a proposal's settings."""
    if not page.count:
        return html.P("The settings were never changed.", className="quiet")
    items = [
        _entry(change, proposal, current=page.page == 1 and place == 0, may=may)
        for place, change in enumerate(page.rows)
    ]
    if page.page >= page.pages and page.rows:
        first = reduction_settings.FIRST
        back = _restore_button(proposal, first, FIRST_STATE) if may else ""
        items.append(html.Li(html.Div([html.Span(FIRST_STATE.capitalize()), back])))
    return html.Ol(items, className="changes")


def _entry(change: SettingsChangeLine, proposal: int, *, current: bool, may: bool) -> html.Li:
    stamp = f"{change.created:%Y-%m-%d %H:%M} UTC"
    act = f"restored the settings of {change.restored:%Y-%m-%d %H:%M}" if change.restored else ""
    end: Child = ""
    if current:
        end = dbc.Badge("current", pill=True, color="secondary")
    elif may:
        end = _restore_button(proposal, change.id, f"the settings of {stamp}")
    head = html.Div(
        [
            html.Time(stamp, dateTime=change.created.isoformat()),
            html.Strong(change.author or "a deleted account"),
            html.Span(act, className="quiet"),
            end,
        ]
    )
    return html.Li([head, html.Ul([_difference(changed) for changed in change.differences])])


def _difference(changed: SettingDifference) -> html.Li:
    before = f": {changed.before} → "
    return html.Li([html.Span(changed.title), before, html.Strong(changed.after)])


def _restore_button(proposal: int, change: int, name: str) -> html.Button:
    return html.Button(
        "Restore",
        type="button",
        className="plain",
        **{
            "data-command": "ask",
            "data-then": "restore-settings",
            "data-yes": "Restore",
            "data-proposal": str(proposal),
            "data-change": str(change),
            "data-question": f"Restore {name}? The change is recorded in the history and can be "
            "undone.",
            "aria-label": f"Restore {name}",
        },
    )


def restore(user: User, data: Mapping[str, str]) -> str:
    """Restore earlier settings."""
    number = button_actions.row_id
    reduction_settings.restore(user, number(data, "proposal"), number(data, "change"))
    return "The earlier settings were restored."


# --- reducing again ---------------------------------------------------------------------------


def show_again(pathname: str | None, *_: CallbackValue) -> Children:
    """Return the offers to reduce again what has other settings or superseded masters."""
    proposal = proposal_of(pathname, PAGE)
    if proposal is None:
        raise PreventUpdate
    user = person()
    try:
        concerned = affected.of(user, proposal)
        n_out_of_date = out_of_date.count(user, proposal)
    except ServiceError:
        return []
    return draw_again(concerned, n_out_of_date, proposal)


def draw_again(concerned: Affected, n_out_of_date: int, proposal: int) -> Children:
    """Return the offers to reduce again what has other settings or superseded masters."""
    if not concerned.frames and not n_out_of_date:
        sentence = "All frames are up to date with these settings."
        return html.P(sentence, className="quiet")
    drawn = []
    if number := concerned.frames:
        steps = ", ".join(f"{label} {count}" for label, count in concerned.steps)
        verb = "was" if number == 1 else "were"
        sentence = f"{counted(number, 'frame')} {verb} reduced with other settings ({steps})."
        drawn.append(_offer(sentence, number, "reduce-affected", proposal))
    if n_out_of_date:
        verb = "was" if n_out_of_date == 1 else "were"
        sentence = f"{counted(n_out_of_date, 'frame')} {verb} reduced with superseded masters."
        drawn.append(_offer(sentence, n_out_of_date, "reduce-out-of-date", proposal))
    return drawn


def _offer(sentence: str, number: int, command: str, proposal: int) -> html.Div:
    button = html.Button(
        f"Reduce again ({thousands(number)})",
        type="button",
        className="btn btn-secondary",
        **{
            "data-command": "ask",
            "data-then": command,
            "data-yes": "Reduce again",
            "data-proposal": str(proposal),
            "data-question": f"Reduce {counted(number, 'frame')} again? New frames are reduced "
            "first. Existing products are kept as earlier versions.",
        },
    )
    return html.Div([html.Span(sentence), button], className="again")


def reduce_affected(user: User, data: Mapping[str, str]) -> str:
    """Request again what was reduced with other settings."""
    runs = affected.reduce_again(user, button_actions.row_id(data, "proposal"))
    return f"{counted(len(runs), 'step')} queued."


def reduce_out_of_date(user: User, data: Mapping[str, str]) -> str:
    """Request again what was reduced with superseded masters."""
    runs = out_of_date.request_all(user, button_actions.row_id(data, "proposal"))
    return f"{counted(len(runs), 'frame')} queued."
