"""The lists of proposals: the table of the first page, and the list that opens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core import lists
from callbacks.core.guard import guarded, person
from callbacks.core.lists import ListQuery
from callbacks.data.address import Address
from callbacks.search import choices
from callbacks.search.page import Query
from services.access import Action
from services.proposals import proposal_index

HOME = "/"
ROOT = "/proposals"
ABSTRACT_LENGTH = 140
NO_TITLE = "Title not provided"
NO_ABSTRACT = "No abstract available"

EMPTY = (
    "No proposals yet. A proposal is listed here when you are its PI or a collaborator; "
    "the observatory's staff, or the proposal's PI, can add you."
)

_OF_ONE = re.compile(r"/proposals/(\d{1,10})/(settings|collaborators)")


def address_of(proposal_id: int, page: str) -> str:
    """Return the address of a proposal's ``settings`` or ``collaborators``."""
    return f"{ROOT}/{proposal_id}/{page}"


def proposal_of(pathname: str | None, page: str) -> int | None:
    """Return the proposal in the address of its ``settings`` or ``collaborators``, else None."""
    match = _OF_ONE.fullmatch("/" + (pathname or "").strip("/"))
    if match is None or match[2] != page or int(match[1]) >= 2**31:
        return None
    return int(match[1])


def register(app: Dash) -> None:
    """Connect both lists; who was added or removed sees it at once."""
    changes = (
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-access", "data"),
    )
    app.callback(Output("home-list", "children"), Output("home-pager", "children"), *changes)(
        guarded(2)(show_table)
    )
    app.callback(
        Output("proposals-list", "children"), Output("proposals-pager", "children"), *changes
    )(guarded(2)(show_list))


def show_table(pathname: str | None, search: str | None, *_: Any) -> tuple[Any, Any]:
    """Draw a page of the table All Observing Proposals."""
    query = lists.parse(pathname, search)
    if query.path != HOME:
        raise PreventUpdate
    found = proposal_index.page(person(), query.text, query.page)
    if not found.rows:
        return nothing(query), []
    heads = [html.Th(name, scope="col") for name in ("PI", "SOAR ID", "Title", "Abstract")]
    heads.append(html.Th(html.Span("Data", className="visually-hidden"), scope="col"))
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody([_row(one) for one in found.rows])],
        className="table-quiet home-table",
    )
    return html.Div(table, className="scroll-x"), pager(query, found)


def show_list(pathname: str | None, search: str | None, *_: Any) -> tuple[Any, Any]:
    """Draw a page of the list that opens to title, PI, collaborators and abstract."""
    query = lists.parse(pathname, search)
    if query.path != ROOT:
        raise PreventUpdate
    user = person()
    found = proposal_index.page(user, query.text, query.page)
    if not found.rows:
        return nothing(query), []
    names = proposal_index.collaborators(user, [one.id for one in found.rows])
    items = [_item(one, names.get(one.id, ())) for one in found.rows]
    return html.Ul(items, className="proposals"), pager(query, found)


def pager(query: ListQuery, found: Any) -> list[Any]:
    """Return the links to the pages of a list; none while there is only one."""
    return choices.pager(query, found.pages) if found.pages > 1 else []


def nothing(query: ListQuery) -> html.P:
    """Say why a list is empty."""
    if not query.text:
        return html.P(EMPTY, className="empty")
    every = html.A("Show all", href=query.href(text=""), **{"data-go": ""})
    return html.P([f"No proposal holds “{query.text}”. ", every], className="empty")


def _row(one: proposal_index.Listed) -> html.Tr:
    abstract = " ".join(one.abstract.split())
    shortened = abstract[:ABSTRACT_LENGTH].rstrip() + "…"
    return html.Tr(
        [
            html.Td(_pi(one)),
            html.Td(one.soar_id, className="code"),
            html.Td(_title(one)),
            html.Td(
                (shortened if len(abstract) > ABSTRACT_LENGTH else abstract)
                or html.Span(NO_ABSTRACT, className="quiet"),
                title=abstract,
            ),
            html.Td(
                [
                    html.A(
                        text, href=href, **{"data-go": "", "aria-label": f"{one.soar_id} {text}"}
                    )
                    for text, href in (
                        ("as Details", Address(proposal=one.soar_id).href()),
                        ("as Table", Query({"proposal": one.soar_id}).href()),
                    )
                ],
                className="links",
            ),
        ]
    )


def _pi(one: proposal_index.Listed) -> Any:
    return one.pi or html.Span("not known yet", className="quiet")


def _title(one: proposal_index.Listed) -> Any:
    return one.title or html.Span(NO_TITLE, className="quiet")


def _item(one: proposal_index.Listed, names: Sequence[str]) -> html.Li:
    people: Any = html.Ul([html.Li(name) for name in names])
    opened = [
        html.H2(one.title or NO_TITLE),
        html.P(_pi(one), className="pi"),
        html.H3("Collaborators:"),
        people if names else html.P("None yet", className="quiet"),
        html.H3("Abstract:"),
        html.P(one.abstract or NO_ABSTRACT, className="abstract"),
    ]
    return html.Li(
        [
            html.Details(
                [
                    html.Summary(
                        [
                            html.Span(className="brand-mark", **{"aria-hidden": "true"}),
                            html.Span(
                                [
                                    html.Span(one.soar_id, className="soar-id"),
                                    " ",
                                    html.Span(_pi(one), className="pi"),
                                    html.Span(_title(one), className="title"),
                                ]
                            ),
                        ]
                    ),
                    html.Div(opened, className="opened"),
                ]
            ),
            html.Div(_icons(one), className="icons"),
        ]
    )


def _icons(one: proposal_index.Listed) -> list[html.A]:
    offered = [("data", "Data", Address(proposal=one.soar_id).href(), Action.VIEW)]
    for page, label, action in (
        ("collaborators", "Collaborators", Action.COLLABORATORS),
        ("settings", "Data reduction settings", Action.CONFIGURE),
    ):
        offered.append((page, label, address_of(one.id, page), action))
    return [
        html.A(
            className=f"icon icon-{name}",
            href=href,
            title=label,
            **{"data-go": "", "aria-label": f"{label} of {one.soar_id}"},
        )
        for name, label, href, action in offered
        if action in one.may
    ]
