"""Collaborators: whose proposal it is, who is in it, and adding or removing somebody by e-mail."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions, forms, lists
from callbacks.core.guard import guarded, person
from callbacks.proposals import address_of, nothing, pager, proposal_of
from services import access
from services.access import Action
from services.errors import InvalidRequest, NotFound
from services.proposals import proposal_index, proposals

PAGE = "collaborators"
NOT_YOURS = "Only the PI and the observatory's staff add or remove collaborators."


def register(app: Dash) -> None:
    """Connect the list of proposals, the people of the chosen one, and the form."""
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


def show(pathname: str | None, search: str | None, *_: Any) -> tuple[Any, ...]:
    """Draw the proposals with their counts, and the people of the one in the address."""
    chosen = proposal_of(pathname, PAGE)
    if chosen is None:
        raise PreventUpdate
    user, query = person(), lists.parse(pathname, search)
    found = proposal_index.page(user, query.text, query.page)
    listed = [_link(query, one, chosen) for one in found.rows] or html.Li(nothing(query))
    pages = pager(query, found)
    try:
        proposal = proposals.get(user, chosen)
    except NotFound as error:
        return listed, pages, "Collaborators", True, html.P(str(error), className="empty")
    may = Action.COLLABORATORS in access.allowed(user, proposal)
    head = ["Collaborators - ", html.Span(proposal.soar_id, className="soar-id")]
    return listed, pages, head, not may, _people(proposal, may=may)


def add(typed: Mapping[str, Any], pathname: str) -> forms.Done:
    """Add the person of an e-mail address."""
    proposal = proposal_of(pathname, PAGE)
    if proposal is None:
        raise InvalidRequest("This page is out of date: reload it.")
    email = str(typed["email"] or "").strip()
    proposals.add_collaborator(person(), proposal, email)
    return forms.Done(
        said=f"{email} is a collaborator.",
        props={"collab-email": {"value": ""}, "done": {"data": secrets.token_hex(4)}},
    )


def remove(user: Any, data: Mapping[str, str]) -> str:
    """Remove a collaborator; the address can be added again."""
    email = str(data.get("email", ""))
    proposals.remove_collaborator(user, button_actions.row_id(data, "proposal"), email)
    return f"{email} is no longer a collaborator."


def _link(query: lists.ListQuery, one: proposal_index.Listed, chosen: int) -> html.Li:
    number = one.n_collaborators
    words = f"{one.soar_id} {one.pi}: {number} collaborator{'' if number == 1 else 's'}"
    current = {"aria-current": "true"} if one.id == chosen else {}
    href = query.href(path=address_of(one.id, PAGE), page=query.page)
    return html.Li(
        html.A(
            [
                html.Span(one.soar_id, className="soar-id"),
                html.Span(one.pi, className="pi"),
                html.Span(str(number), className="count"),
            ],
            href=href,
            **{"data-go": "", "aria-label": words, **current},
        )
    )


def _people(proposal: Any, *, may: bool) -> list[Any]:
    people = proposals.collaborators(proposal)
    pi = proposal.pi.full_name if proposal.pi else "not known yet"
    drawn: list[Any] = [html.P([html.Span("PI: ", className="quiet"), pi])]
    if not may:
        drawn.append(html.P(NOT_YOURS, className="quiet lead-in"))
    if not people:
        words = "No collaborators yet. Whoever is added sees the data of this proposal, live."
        return [*drawn, html.P(words, className="quiet")]
    heads = [html.Th(name, scope="col") for name in ("Name", "Email")]
    heads.append(html.Th(html.Span("Remove", className="visually-hidden"), scope="col"))
    rows = [_person(proposal, one, may=may) for one in people]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(rows)], className="table-quiet people-table"
    )
    return [*drawn, html.Div(table, className="scroll-x")]


def _person(proposal: Any, one: Any, *, may: bool) -> html.Tr:
    button: Any = html.Button(
        "Remove",
        type="button",
        className="plain danger",
        **{
            "data-command": "ask",
            "data-then": "remove-collaborator",
            "data-yes": "Remove",
            "data-proposal": str(proposal.id),
            "data-email": one.email,
            "data-question": f"Take {one.full_name} ({one.email}) out of {proposal.soar_id}? "
            "Its data are closed to this person at once. The address can be added again.",
            "aria-label": f"Remove {one.full_name}",
        },
    )
    name: Any = one.full_name
    if name == one.email:  # an account that nobody has given a name yet
        name = html.Span("no name yet", className="quiet")
    cells = [html.Td(name), html.Td(one.email, className="email")]
    return html.Tr([*cells, html.Td(button if may else "", className="links")])
