"""Add Proposal and Manage Proposals: what their forms do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.core import forms, lists
from callbacks.core.guard import guarded, person
from callbacks.management.addresses import NO_SUCH, PROPOSALS, WAITING, go, one_page, row_of, table
from callbacks.proposals import NO_TITLE, pager
from services.accounts import account_admin
from services.errors import InvalidRequest, Unacceptable
from services.proposals import proposal_admin

FIELDS = ("pi", "semester", "soar_id", "title", "abstract")
HEADS = ("SOAR ID", "Semester", "PI", "Title", "Frames")


def register(app: Dash) -> None:
    """Connect the list of proposals and both forms."""
    app.callback(
        Output("registrar-count", "children"),
        Output("registrar-list", "children"),
        Output("registrar-pager", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
    )(guarded(3)(show_list))
    forms.connect(app, "register", FIELDS, create)
    forms.connect(app, "amend", FIELDS, save, State("url", "pathname"))
    app.callback(
        Output("register-soar_id", "value"),
        Output("register-offered", "data"),
        Input("register-semester", "value"),
        State("register-soar_id", "value"),
        State("register-offered", "data"),
        prevent_initial_call=True,
    )(guarded(2)(offer))
    for form in ("register", "amend"):
        app.callback(Output(f"{form}-people", "children"), Input(f"{form}-pi", "value"))(
            guarded(1)(suggest)
        )


def show_list(pathname: str | None, search: str | None) -> tuple[Any, Any, Any]:
    """Draw a page of the proposals, or of those that wait for staff."""
    query = lists.parse(pathname, search)
    if query.path not in (PROPOSALS, WAITING):
        raise PreventUpdate
    waiting = query.path == WAITING
    found = proposal_admin.page(person(), query.text, waiting=waiting, page=query.page)
    count = one_page(query.text, found.count, "proposal")
    empty = (
        "No proposal waits: every frame that arrived belongs to one that is registered."
        if waiting and not query.text
        else "No such proposal."
    )
    return count, table(HEADS, [_row(one) for one in found.rows], empty), pager(query, found)


def _row(one: proposal_admin.Registered) -> html.Tr:
    pi: Any = one.pi or html.Span(
        "waits for staff" if one.is_placeholder else "none", className="quiet"
    )
    return html.Tr(
        [
            html.Td(go(one.soar_id, f"{PROPOSALS}/{one.id}"), className="code"),
            html.Td(one.semester),
            html.Td(pi),
            html.Td(one.title or html.Span(NO_TITLE, className="quiet")),
            html.Td(f"{one.n_frames:,}", className="number"),
        ]
    )


def offer(semester: str | None, soar_id: str | None, offered: str | None) -> tuple[Any, Any]:
    """Offer the next SOAR ID of another semester, unless somebody typed one."""
    if (soar_id or "").strip() not in ("", offered):
        return no_update, no_update
    try:
        free = proposal_admin.offered_id(person(), semester or "")
    except Unacceptable:
        return no_update, no_update
    return free, free


def suggest(typed: str | None) -> list[html.Option]:
    """Offer the people that a few typed characters may mean."""
    return [
        html.Option(value=account_admin.label(one))
        for one in account_admin.suggest(person(), typed or "")
    ]


def _given(typed: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(typed[name] or "") for name in FIELDS}


def create(typed: Mapping[str, Any]) -> forms.Done:
    """Register a proposal."""
    made = proposal_admin.register(person(), **_given(typed))
    return forms.Done(f"{made.soar_id} was registered.", href=PROPOSALS)


def save(typed: Mapping[str, Any], pathname: str) -> forms.Done:
    """Correct a proposal."""
    number = row_of(pathname, PROPOSALS)
    if number is None:
        raise InvalidRequest(NO_SUCH)
    saved = proposal_admin.amend(person(), number, **_given(typed))
    return forms.Done(f"{saved.soar_id} was saved.", href=PROPOSALS)
