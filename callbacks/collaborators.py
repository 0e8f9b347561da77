"""Collaborators: the proposals, the people of one of them, and adding and removing people."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions, forms, lists
from callbacks.core.dash_types import CallbackValue, Child, Children, Component
from callbacks.core.guard import guarded, person
from callbacks.proposals import address_of, nothing, pager, proposal_of
from db.models import User
from services.access import Action
from services.errors import InvalidRequest, NotFound
from services.proposals import proposal_index, proposals
from services.proposals.proposal_index import Collaborator, ProposalLine, ProposalMembers

PAGE = "collaborators"
NOT_YOURS = "Only the PI and the observatory's staff can add and remove collaborators."
NO_COLLABORATORS = "No collaborators yet. A collaborator sees the data of this proposal live."


def register(app: Dash) -> None:
    """Connect the list of proposals, the people of the selected one, and the form."""
    app.callback(
        Output("collab-list", "children"),
        Output("collab-pager", "children"),
        Output("collab-head", "children"),
        Output("collab-new", "hidden"),
        Output("collab-people", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("done", "data"),
        Input("live-access", "data"),
    )(guarded(5)(show))
    forms.connect(app, "collab", ["email"], add, State("url", "pathname"))
    button_actions.ACTIONS["remove-collaborator"] = remove


def show(
    pathname: str | None, search: str | None, *_: CallbackValue
) -> tuple[Children, list[Component], Children, bool, Children]:
    """Return the proposals with their counts, and the people of the one in the address."""
    selected = proposal_of(pathname, PAGE)
    if selected is None:
        raise PreventUpdate
    user, query = person(), lists.parse(pathname, search)
    page = proposal_index.page(user, query.text, query.page)
    links = [_link(query, line, selected) for line in page.rows] or html.Li(nothing(query))
    pages = pager(query, page.pages)
    try:
        members = proposal_index.members(user, selected)
    except NotFound as error:
        return links, pages, "Collaborators", True, html.P(str(error), className="empty")
    soar_id = html.Span(members.proposal.soar_id, className="soar-id")
    may = Action.COLLABORATORS in members.proposal.may
    return links, pages, ["Collaborators - ", soar_id], not may, draw_members(members)


def add(typed: Mapping[str, CallbackValue], pathname: str) -> forms.FormResult:
    """Add the person of an e-mail address."""
    proposal = proposal_of(pathname, PAGE)
    if proposal is None:
        raise InvalidRequest("This page is out of date. Reload it.")
    email = str(typed["email"] or "").strip()
    proposals.add_collaborator(person(), proposal, email)
    return forms.FormResult(
        f"{email} added as a collaborator.",
        props={"collab-email": {"value": ""}, "done": {"data": secrets.token_hex(4)}},
    )


def remove(user: User, data: Mapping[str, str]) -> str:
    """Remove a collaborator."""
    email = str(data.get("email", ""))
    proposals.remove_collaborator(user, button_actions.row_id(data, "proposal"), email)
    return f"{email} removed from the collaborators."


def _link(query: lists.ListQuery, line: ProposalLine, selected: int) -> html.Li:
    number = line.n_collaborators
    label = f"{line.soar_id} {line.pi}: {number} collaborator{'' if number == 1 else 's'}"
    current = {"aria-current": "true"} if line.id == selected else {}
    return html.Li(
        html.A(
            [
                html.Span(line.soar_id, className="soar-id"),
                html.Span(line.pi, className="pi"),
                dbc.Badge(number, pill=True, color="secondary"),
            ],
            href=query.href(path=address_of(line.id, PAGE), page=query.page),
            **{"data-go": "", "aria-label": label, **current},
        )
    )


def draw_members(members: ProposalMembers) -> list[Component]:
    """Return the PI and the collaborators of a proposal, with what the person may do."""
    proposal = members.proposal
    may = Action.COLLABORATORS in proposal.may
    pi = html.P([html.Span("PI: ", className="quiet"), proposal.pi or "not known yet"])
    note = [] if may else [html.P(NOT_YOURS, className="quiet lead-in")]
    if not members.collaborators:
        return [pi, *note, html.P(NO_COLLABORATORS, className="quiet")]
    heads = [html.Th(name, scope="col") for name in ("Name", "Email")]
    heads.append(html.Th(html.Span("Remove", className="visually-hidden"), scope="col"))
    rows = [_row(proposal, collaborator, may=may) for collaborator in members.collaborators]
    body = [html.Thead(html.Tr(heads)), html.Tbody(rows)]
    return [pi, *note, dbc.Table(body, hover=True, responsive=True, class_name="people-table")]


def _row(proposal: ProposalLine, collaborator: Collaborator, *, may: bool) -> html.Tr:
    name: Child = collaborator.full_name
    if name == collaborator.email:  # the username of an account whose owner has not signed in yet
        name = html.Span("no name yet", className="quiet")
    cells = [html.Td(name), html.Td(collaborator.email, className="email")]
    button = _remove_button(proposal, collaborator) if may else ""
    return html.Tr([*cells, html.Td(button, className="links")])


def _remove_button(proposal: ProposalLine, collaborator: Collaborator) -> html.Button:
    return html.Button(
        "Remove",
        type="button",
        className="plain danger",
        **{
            "data-command": "ask",
            "data-then": "remove-collaborator",
            "data-yes": "Remove",
            "data-proposal": str(proposal.id),
            "data-email": collaborator.email,
            "data-question": f"Remove {collaborator.full_name} ({collaborator.email}) from "
            f"{proposal.soar_id}? They lose access immediately. They can be added again.",
            "aria-label": f"Remove {collaborator.full_name}",
        },
    )
