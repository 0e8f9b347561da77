"""The lists of proposals: the table of the first page, and the list of the page Proposals."""

from __future__ import annotations

import re
from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core import lists
from callbacks.core import pager as pagers
from callbacks.core.dash_types import CallbackValue, Child, Component
from callbacks.core.guard import guarded, person
from callbacks.core.lists import ListQuery
from callbacks.data.address import Address
from callbacks.search.address import Query
from services.access import Action
from services.proposals import proposal_index
from services.proposals.proposal_index import ProposalLine

HOME = "/"
ROOT = "/proposals"
ABSTRACT_LENGTH = 140
NO_TITLE = "Title not provided"
NO_ABSTRACT = "No abstract available"

EMPTY = (
    "No proposals yet. A proposal is listed here when you are its PI or a collaborator; "
    "the PI or the observatory's staff can add you."
)

_OF_PROPOSAL = re.compile(r"/proposals/(\d{1,10})/(settings|collaborators)")


def address_of(proposal_id: int, page: str) -> str:
    """Return the address of a proposal's ``settings`` or ``collaborators``."""
    return f"{ROOT}/{proposal_id}/{page}"


def proposal_of(pathname: str | None, page: str) -> int | None:
    """Return the proposal in the address of its ``settings`` or ``collaborators``, else None."""
    match = _OF_PROPOSAL.fullmatch("/" + (pathname or "").strip("/"))
    if match is None or match[2] != page or int(match[1]) >= 2**31:
        return None
    return int(match[1])


def register(app: Dash) -> None:
    """Connect both lists; they are updated at once when the person is added or removed."""
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


def show_table(
    pathname: str | None, search: str | None, *_: CallbackValue
) -> tuple[Component, list[Component]]:
    """Return a page of the table All Observing Proposals, and its pager."""
    query = lists.parse(pathname, search)
    if query.path != HOME:
        raise PreventUpdate
    page = proposal_index.page(person(), query.text, query.page)
    if not page.rows:
        return nothing(query), []
    return draw_table(page.rows), pager(query, page.pages)


def show_list(
    pathname: str | None, search: str | None, *_: CallbackValue
) -> tuple[Component, list[Component]]:
    """Return a page of the list that opens to people and abstract, and its pager."""
    query = lists.parse(pathname, search)
    if query.path != ROOT:
        raise PreventUpdate
    user = person()
    page = proposal_index.page(user, query.text, query.page)
    if not page.rows:
        return nothing(query), []
    names = proposal_index.collaborator_names(user, [line.id for line in page.rows])
    items = [_item(line, names.get(line.id, ())) for line in page.rows]
    return html.Ul(items, className="proposals"), pager(query, page.pages)


def pager(query: ListQuery, n_pages: int) -> list[Component]:
    """Return the links to the pages of a list; none when there is only one."""
    return pagers.numbered(query, n_pages) if n_pages > 1 else []


def nothing(query: ListQuery) -> html.P:
    """Return the sentence in place of an empty list."""
    if not query.text:
        return html.P(EMPTY, className="empty")
    all_of_them = html.A("Show all", href=query.href(text=""), **{"data-go": ""})
    return html.P([f"No proposal matches “{query.text}”. ", all_of_them], className="empty")


def draw_table(lines: Sequence[ProposalLine]) -> Component:
    """Return the table of proposals with links to their data."""
    heads = [html.Th(name, scope="col") for name in ("PI", "SOAR ID", "Title", "Abstract")]
    heads.append(html.Th(html.Span("Data", className="visually-hidden"), scope="col"))
    body = [html.Thead(html.Tr(heads)), html.Tbody([_row(line) for line in lines])]
    return dbc.Table(body, hover=True, responsive=True, class_name="home-table")


def _row(line: ProposalLine) -> html.Tr:
    abstract = " ".join(line.abstract.split())
    if len(abstract) > ABSTRACT_LENGTH:
        shortened = abstract[:ABSTRACT_LENGTH].rstrip() + "…"
    else:
        shortened = abstract
    links = (
        ("as Details", Address(proposal=line.soar_id).href()),
        ("as Table", Query({"proposal": line.soar_id}).href()),
    )
    return html.Tr(
        [
            html.Td(_pi(line)),
            html.Td(line.soar_id, className="code"),
            html.Td(_title(line)),
            html.Td(shortened or html.Span(NO_ABSTRACT, className="quiet"), title=abstract),
            html.Td([_data_link(line, text, href) for text, href in links], className="links"),
        ]
    )


def _data_link(line: ProposalLine, text: str, href: str) -> html.A:
    return html.A(text, href=href, **{"data-go": "", "aria-label": f"{line.soar_id} {text}"})


def _pi(line: ProposalLine) -> Child:
    return line.pi or html.Span("not known yet", className="quiet")


def _title(line: ProposalLine) -> Child:
    return line.title or html.Span(NO_TITLE, className="quiet")


def _item(line: ProposalLine, names: Sequence[str]) -> html.Li:
    opened = html.Div(_opened(line, names), className="opened")
    return html.Li(
        [
            html.Details([html.Summary(_summary(line)), opened]),
            html.Div(_icons(line), className="icons"),
        ]
    )


def _summary(line: ProposalLine) -> list[Component]:
    return [
        html.Span(className="brand-mark", **{"aria-hidden": "true"}),
        html.Span(
            [
                html.Span(line.soar_id, className="soar-id"),
                " ",
                html.Span(_pi(line), className="pi"),
                html.Span(_title(line), className="title"),
            ]
        ),
    ]


def _opened(line: ProposalLine, names: Sequence[str]) -> list[Component]:
    people = html.Ul([html.Li(name) for name in names])
    return [
        html.H2(line.title or NO_TITLE),
        html.P(_pi(line), className="pi"),
        html.H3("Collaborators:"),
        people if names else html.P("None yet", className="quiet"),
        html.H3("Abstract:"),
        html.P(line.abstract or NO_ABSTRACT, className="abstract"),
    ]


def _icons(line: ProposalLine) -> list[html.A]:
    links = [("data", "Data", Address(proposal=line.soar_id).href(), Action.VIEW)]
    for page, label, action in (
        ("collaborators", "Collaborators", Action.COLLABORATORS),
        ("settings", "Data reduction settings", Action.CONFIGURE),
    ):
        links.append((page, label, address_of(line.id, page), action))
    return [
        html.A(
            className=f"icon icon-{name}",
            href=href,
            title=label,
            **{"data-go": "", "aria-label": f"{label} of {line.soar_id}"},
        )
        for name, label, href, action in links
        if action in line.may
    ]
