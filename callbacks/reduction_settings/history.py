"""What has become of a proposal's settings: their history with a way back, and what to do again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions, lists
from callbacks.core.guard import guarded, person
from callbacks.proposals import proposal_of
from callbacks.reduction_settings.form import PAGE
from callbacks.search import choices
from callbacks.search.choices import counted
from reduction.settings import form_fields
from services import access
from services.access import Action
from services.calibration import affected, out_of_date
from services.errors import ServiceError
from services.proposals import proposals, reduction_settings


def register(app: Dash) -> None:
    """Connect the history, and what can be done again."""
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
        "reduce-stale": reduce_stale,
    }


# --- the history ------------------------------------------------------------------------------


def show_history(pathname: str | None, search: str | None, _done: Any) -> tuple[Any, Any]:
    """Draw who changed what when, the newest first, each with a way back to it."""
    proposal = proposal_of(pathname, PAGE)
    if proposal is None:
        raise PreventUpdate
    user, query = person(), lists.parse(pathname, search)
    try:
        found = reduction_settings.history(user, proposal, query.page)
        may = Action.CONFIGURE in access.allowed(user, proposals.get(user, proposal))
    except ServiceError:
        return [], []  # the page says why
    if not found.count:
        return html.P("Nobody has changed them yet.", className="quiet"), []
    items = [
        _entry(change, proposal, in_force=query.page == 1 and place == 0, may=may)
        for place, change in enumerate(found.rows)
    ]
    if query.page >= found.pages and found.rows:
        back = (
            _restore(proposal, reduction_settings.FIRST, "the settings of the beginning")
            if may
            else ""
        )
        items.append(html.Li(html.Div([html.Span("As they were at the beginning"), back])))
    pages = choices.pager(query, found.pages) if found.pages > 1 else []
    return html.Ol(items, className="changes"), pages


def _entry(change: Any, proposal: int, *, in_force: bool, may: bool) -> html.Li:
    when = change.created.astimezone(dt.UTC)
    who = change.user.full_name if change.user else "somebody whose account is gone"
    act = ""
    if change.restored:
        act = f"restored the state of {change.restored.astimezone(dt.UTC):%Y-%m-%d %H:%M}"
    stamp = html.Time(f"{when:%Y-%m-%d %H:%M} UTC", dateTime=when.isoformat())
    words = f"the settings of {when:%Y-%m-%d %H:%M} UTC"
    end: Any = html.Span("in force", className="count")
    if not in_force:
        end = _restore(proposal, change.id, words) if may else ""
    fields = form_fields.all_fields()
    lines = [
        html.Li(
            [
                html.Span(fields[one.name].title if one.name in fields else one.name),
                ": ",
                reduction_settings.said(one.name, one.before),
                " → ",
                html.Strong(reduction_settings.said(one.name, one.after)),
            ]
        )
        for one in reduction_settings.differences(change.before, change.after)
    ]
    head = html.Div([stamp, html.Strong(who), html.Span(act, className="quiet"), end])
    return html.Li([head, html.Ul(lines)])


def _restore(proposal: int, change: int, words: str) -> html.Button:
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
            "data-question": f"Bring back {words}? This is a change like any other: it stays in "
            "the history and can be undone.",
            "aria-label": f"Restore {words}",
        },
    )


def restore(user: Any, data: Mapping[str, str]) -> str:
    """Bring back an older state of the settings."""
    number = button_actions.row_id
    reduction_settings.restore(user, number(data, "proposal"), number(data, "change"))
    return "The older settings are in force."


# --- doing again ------------------------------------------------------------------------------


def show_again(pathname: str | None, *_: Any) -> Any:
    """Offer to do again what was done with other settings, or with older masters."""
    proposal = proposal_of(pathname, PAGE)
    if proposal is None:
        raise PreventUpdate
    user = person()
    try:
        found, n_stale = affected.of(user, proposal), out_of_date.count(user, proposal)
    except ServiceError:
        return []
    if not found.frames and not n_stale:
        words = "Every frame that is done was done with these settings and the newest masters."
        return html.P(words, className="quiet")
    drawn: list[Any] = []
    if found.frames:
        steps = ", ".join(f"{label} {number}" for label, number in found.steps)
        were = "was" if found.frames == 1 else "were"
        said = f"{counted(found.frames, 'frame')} {were} done with other settings than these"
        drawn.append(_offer(f"{said} ({steps}).", found.frames, "reduce-affected", proposal))
    if n_stale:
        were = "was" if n_stale == 1 else "were"
        said = f"{counted(n_stale, 'frame')} {were} reduced with older masters."
        drawn.append(_offer(said, n_stale, "reduce-stale", proposal))
    return drawn


def _offer(said: str, number: int, then: str, proposal: int) -> html.Div:
    button = html.Button(
        f"Reduce again ({choices.thousands(number)})",
        type="button",
        className="button",
        **{
            "data-command": "ask",
            "data-then": then,
            "data-yes": "Reduce again",
            "data-proposal": str(proposal),
            "data-question": f"Do {counted(number, 'frame')} again? It is done in the background, "
            "after whatever is new. What exists is kept as older versions.",
        },
    )
    return html.Div([html.Span(said), button], className="again")


def reduce_affected(user: Any, data: Mapping[str, str]) -> str:
    """Do again what was done with other settings."""
    begun = affected.reduce_again(user, button_actions.row_id(data, "proposal"))
    return f"{counted(len(begun), 'step')} will be done again in the background."


def reduce_stale(user: Any, data: Mapping[str, str]) -> str:
    """Reduce again what was made with older masters."""
    begun = out_of_date.request_all(user, button_actions.row_id(data, "proposal"))
    return f"{counted(len(begun), 'frame')} will be reduced again in the background."
