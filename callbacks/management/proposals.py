"""Add Proposal and Manage Proposals: lists and forms."""

from __future__ import annotations

from collections.abc import Mapping

from dash import Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.core import forms, lists
from callbacks.core.dash_types import CallbackValue, Component
from callbacks.core.guard import guarded, person
from callbacks.management.addresses import OUT_OF_DATE, PROPOSALS, WAITING, row_of
from callbacks.management.tables import found, link, table
from callbacks.proposals import NO_TITLE, pager
from services.accounts import account_list
from services.errors import InvalidRequest, Unacceptable
from services.proposals import proposal_admin
from services.proposals.proposal_admin import ProposalAdminLine

FIELDS = ("pi", "semester", "soar_id", "title", "abstract")
HEADS = ("SOAR ID", "Semester", "PI", "Title", "Frames")
NONE_WAITING = "No proposal is waiting: all frames belong to registered proposals."
NO_MATCH = "No proposal matches."


def register(app: Dash) -> None:
    """Connect the list of proposals and both forms."""
    app.callback(
        Output("proposal-admin-count", "children"),
        Output("proposal-admin-list", "children"),
        Output("proposal-admin-pager", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
    )(guarded(3)(show_list))
    forms.connect(app, "newproposal", FIELDS, create)
    forms.connect(app, "proposal", FIELDS, save, State("url", "pathname"))
    app.callback(
        Output("newproposal-soar_id", "value"),
        Output("newproposal-offered", "data"),
        Input("newproposal-semester", "value"),
        State("newproposal-soar_id", "value"),
        State("newproposal-offered", "data"),
        prevent_initial_call=True,
    )(guarded(2)(offer))
    for form in ("newproposal", "proposal"):
        app.callback(Output(f"{form}-people", "children"), Input(f"{form}-pi", "value"))(
            guarded(1)(suggest)
        )


def show_list(pathname: str | None, search: str | None) -> tuple[str, Component, list[Component]]:
    """Return the count, the lines and the pager of all proposals, or of those without a PI."""
    query = lists.parse(pathname, search)
    if query.path not in (PROPOSALS, WAITING):
        raise PreventUpdate
    waiting = query.path == WAITING
    page = proposal_admin.page(person(), query.text, waiting=waiting, page=query.page)
    return (
        found(page.count, "proposal", query.text),
        table(
            HEADS,
            [_row(line) for line in page.rows],
            NONE_WAITING if waiting and not query.text else NO_MATCH,
        ),
        pager(query, page.pages),
    )


def _row(line: ProposalAdminLine) -> html.Tr:
    unknown = "not registered" if line.is_placeholder else "none"
    return html.Tr(
        [
            html.Td(link(line.soar_id, f"{PROPOSALS}/{line.id}"), className="code"),
            html.Td(line.semester),
            html.Td(line.pi or html.Span(unknown, className="quiet")),
            html.Td(line.title or html.Span(NO_TITLE, className="quiet")),
            html.Td(f"{line.n_frames:,}", className="number"),
        ]
    )


def offer(
    semester: str | None, soar_id: str | None, offered: str | None
) -> tuple[CallbackValue, CallbackValue]:
    """Suggest the next SOAR ID of the chosen semester, unless another was typed."""
    if (soar_id or "").strip() not in ("", offered):
        return no_update, no_update
    try:
        free = proposal_admin.offered_id(person(), semester or "")
    except Unacceptable:
        return no_update, no_update
    return free, free


def suggest(typed: str | None) -> list[html.Option]:
    """Suggest the accounts that match the typed characters."""
    return [html.Option(value=label) for label in account_list.suggest(person(), typed or "")]


def _texts(typed: Mapping[str, CallbackValue]) -> dict[str, str]:
    return {name: str(typed[name] or "") for name in FIELDS}


def create(typed: Mapping[str, CallbackValue]) -> forms.FormResult:
    """Register a proposal."""
    proposal = proposal_admin.register(person(), **_texts(typed))
    return forms.FormResult(f"Proposal {proposal.soar_id} registered.", href=PROPOSALS)


def save(typed: Mapping[str, CallbackValue], pathname: str) -> forms.FormResult:
    """Save the changes of a proposal."""
    number = row_of(pathname, PROPOSALS)
    if number is None:
        raise InvalidRequest(OUT_OF_DATE)
    proposal = proposal_admin.edit(person(), number, **_texts(typed))
    return forms.FormResult(f"Proposal {proposal.soar_id} saved.", href=PROPOSALS)
