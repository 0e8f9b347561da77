"""Logs: important messages of the proposals that a person sees."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import dcc, html

from callbacks.core.router import Page
from callbacks.logs import ALL, ROOT, parse


def layout(_pathname: str, search: str) -> html.Main:
    """Return the page's fixed parts; `callbacks.logs` fills them from the address."""
    query = parse(search)
    # The one of the address; the callback fills in the others.
    proposal = query.proposal or ALL
    options = [{"value": proposal, "label": query.proposal or "All proposals"}]
    head = html.Tr([html.Th(n) for n in ("Time (UTC)", "Level", "Proposal", "File", "Message")])
    return html.Main(
        [
            html.H1("Logs"),
            html.Div(
                [
                    html.Nav(id="log-levels", **{"aria-label": "Level"}),
                    html.Label(
                        [
                            html.Span("Proposal", className="visually-hidden"),
                            dbc.Select(
                                id="log-proposal", options=options, value=proposal, size="sm"
                            ),
                        ]
                    ),
                    _field("log-date", "Day (UTC)", "YYYY-MM-DD", query.date),
                    _field("log-text", "Words in the message or file name", "Search", query.text),
                ],
                className="log-filters",
            ),
            html.Div(
                html.Table(
                    [html.Thead(head), html.Tbody(id="log-rows", **{"aria-live": "polite"})],
                    className="table-quiet log-table",
                ),
                className="scroll-x",
            ),
            html.Nav(id="log-pager", className="pager", **{"aria-label": "Pages of the log"}),
        ],
        className="sheet logs",
    )


def _field(name: str, label: str, example: str, value: str) -> html.Label:
    field = dcc.Input(
        id=name, type="text", value=value, placeholder=example, maxLength=200, autoComplete="off"
    )
    return html.Label(
        [html.Span(label, className="visually-hidden"), field], htmlFor=name, title=label
    )


PAGE = Page("logs", "Logs · GSP Live", lambda path: path == ROOT, layout, keeps=True)
