"""All Observing Proposals."""

from __future__ import annotations

from typing import Any

from dash import html

from callbacks.address import Address
from callbacks.guard import person
from callbacks.router import Page
from callbacks.search import Query
from services import proposals

ABSTRACT_LENGTH = 140


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the table of the proposals that the person sees."""
    rows = [_row(proposals.serialize(proposal)) for proposal in proposals.visible(person())]
    head = html.Thead(
        html.Tr([html.Th(name) for name in ("PI", "SOAR ID", "Title", "Abstract", "")])
    )
    table = html.Div(
        html.Table([head, html.Tbody(rows)], className="table-quiet"), className="scroll-x"
    )
    empty = html.P(
        "No proposals yet. A proposal is listed here when you are its PI or a collaborator; "
        "the observatory's staff, or the proposal's PI, can add you.",
        className="empty",
    )
    return html.Main(
        [html.H1("All Observing Proposals"), table if rows else empty], className="sheet"
    )


def _row(proposal: dict[str, Any]) -> html.Tr:
    abstract = " ".join(proposal["abstract"].split())
    shortened = abstract[:ABSTRACT_LENGTH].rstrip() + "…"
    title: Any = proposal["title"] or html.Span("Title not provided", className="quiet")
    soar_id = proposal["soar_id"]
    return html.Tr(
        [
            html.Td(_name(proposal["user"])),
            html.Td(soar_id, className="code"),
            html.Td(title),
            html.Td(
                (shortened if len(abstract) > ABSTRACT_LENGTH else abstract)
                or html.Span("No abstract available", className="quiet"),
                title=abstract,
            ),
            html.Td(
                [
                    html.A(text, href=href, **{"data-go": "", "aria-label": f"{soar_id} {text}"})
                    for text, href in (
                        ("as Details", Address(proposal=soar_id).href()),
                        ("as Table", Query({"proposal": soar_id}).href()),
                    )
                ],
                className="links",
            ),
        ]
    )


def _name(pi: dict[str, Any] | None) -> Any:
    if pi is None:
        return html.Span("not known yet", className="quiet")
    return f"{pi['first_name']} {pi['last_name']}".strip() or pi["username"]


PAGE = Page("home", "All Observing Proposals · GSP Live", lambda path: path == "/", layout)
