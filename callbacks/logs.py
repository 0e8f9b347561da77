"""Logs: the important messages, one sentence each, as they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dash import ClientsideFunction, Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person
from callbacks.data.address import Address
from callbacks.search.choices import thousands
from services import logs
from services.paging import n_pages
from services.proposals import proposals

ROOT = "/logs"
PAGE_SIZE = 50
ALL = "all"
"""No proposal has this SOAR ID; an empty value would leave the menu blank."""

LABELS = {"": "All", "info": "Info", "warning": "Warnings", "error": "Errors"}


@dataclass(frozen=True, slots=True)
class Query:
    """What an address of the page asks for; `date` is a UTC day, "" for all."""

    level: str = ""
    proposal: str = ""
    date: str = ""
    text: str = ""
    page: int = 1

    def href(self, **changes: Any) -> str:
        """Return the address with `changes`, on the first page."""
        wanted = replace(self, **{"page": 1, **changes})
        query = {
            name: str(value)
            for name in ("level", "proposal", "date", "text", "page")
            if (value := getattr(wanted, name)) and (name, value) != ("page", 1)
        }
        return f"{ROOT}?{urlencode(query)}" if query else ROOT

    @property
    def filters(self) -> dict[str, Any]:
        """All filters but the level, as the service takes them."""
        since = dt.datetime.fromisoformat(self.date).replace(tzinfo=dt.UTC) if self.date else None
        return {
            "soar_id": self.proposal or None,
            "since": since,
            "until": since + dt.timedelta(days=1) if since else None,
            "text": self.text or None,
        }


def parse(text: str | None) -> Query:
    """Return what an address's query asks for; what makes no sense is read as absent."""
    given = dict(parse_qsl((text or "").lstrip("?")))
    page = given.get("page", "")
    try:
        day = dt.date.fromisoformat(given.get("date", "")).isoformat()
    except ValueError:
        day = ""
    return Query(
        level=given.get("level", "") if given.get("level") in logs.LEVELS else "",
        proposal=given.get("proposal", "")[:80].replace("\x00", ""),
        date=day if day < "9999" else "",
        text=given.get("text", "")[:200].replace("\x00", ""),
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
    )


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("log-levels", "children"),
        Output("log-rows", "children"),
        Output("log-pager", "children"),
        Output("log-proposal", "options"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-logs", "data"),
    )(guarded(4)(show))
    app.clientside_callback(
        ClientsideFunction("logs", "follow"),
        Output("log-rows", "className"),
        Input("url", "search"),
    )
    app.clientside_callback(
        ClientsideFunction("logs", "choose"),
        Output("log-proposal", "className"),
        Input("log-proposal", "value"),
        prevent_initial_call=True,
    )


def show(pathname: str | None, text: str, _live: Any) -> tuple[Any, ...]:
    """Draw the levels with their counts, the entries of the page, the pager, the proposals."""
    if "/" + (pathname or "").strip("/") != ROOT:
        raise PreventUpdate
    user, query = person(), parse(text)
    counts = logs.counts(user, **query.filters)
    number = counts[query.level] if query.level else sum(counts.values())
    pages = n_pages(number, PAGE_SIZE)
    query = replace(query, page=min(query.page, pages))
    _, entries = logs.page(
        user, level=query.level or None, page=query.page, page_size=PAGE_SIZE, **query.filters
    )
    return (
        [_level(query, level, counts) for level in LABELS],
        _rows(user, query, entries),
        _pager(query, pages),
        [{"value": ALL, "label": "All proposals"}]
        + [{"value": p.soar_id, "label": p.soar_id} for p in proposals.visible(user)],
    )


def _level(query: Query, level: str, counts: dict[str, int]) -> html.A:
    current = {"aria-current": "true"} if query.level == level else {}
    number = counts[level] if level else sum(counts.values())
    return html.A(
        [LABELS[level], html.Span(thousands(number), className="count")],
        href=query.href(level=level),
        **{"data-go": "", **current},
    )


def _rows(user: Any, query: Query, entries: Sequence[Any]) -> list[Any]:
    if not entries:
        words = (
            "No message fits these filters."
            if query != Query()
            else "No messages yet. What goes wrong in a reduction, and what the pipeline decides "
            "that you should know of, is told here in one sentence each."
        )
        return [html.Tr(html.Td(words, colSpan=5, className="empty"))]
    soar_ids, names = logs.links(user, entries)
    return [_row(query, entry, soar_ids, names) for entry in entries]


def _row(query: Query, entry: Any, soar_ids: dict[int, str], names: dict[int, str]) -> html.Tr:
    when = entry.created.astimezone(dt.UTC)
    soar_id, name = soar_ids.get(entry.proposal_id, ""), names.get(entry.file_id, "")
    proposal: Any = html.Span("site", className="quiet", title="Only staff read this")
    if soar_id:
        proposal = html.A(soar_id, href=query.href(proposal=soar_id), **{"data-go": ""})
    file = html.A(name, href=Address(file=str(entry.file_id)).href(), **{"data-go": ""})
    return html.Tr(
        [
            html.Td(
                html.Time(f"{when:%Y-%m-%d %H:%M:%S}", dateTime=when.isoformat()), className="code"
            ),
            html.Td(html.Span(entry.level, className=f"level {entry.level}")),
            html.Td(proposal, className="code"),
            html.Td([file, *_run_link(entry)] if name else "", className="file"),
            html.Td(entry.sentence, className="sentence"),
        ]
    )


def _run_link(entry: Any) -> list[Any]:
    """Return the link to the run that an entry tells of."""
    if entry.run_id is None:
        return []
    href = f"{Address(file=str(entry.file_id)).href()}?run={entry.run_id}"
    title = f"Run {entry.run_id}: settings, inputs, messages"
    return [" ", html.A("run", href=href, className="run-link", title=title, **{"data-go": ""})]


def _pager(query: Query, pages: int) -> list[Any]:
    if pages <= 1:
        return []
    drawn: list[Any] = []
    for page, text, label in (
        (query.page - 1, "‹ newer", "Newer messages"),
        (query.page + 1, "older ›", "Older messages"),
    ):
        if 1 <= page <= pages:
            link = {"data-go": "", "aria-label": label}
            drawn.append(html.A(text, href=query.href(page=page), **link))
        else:
            drawn.append(html.Span(text, className="off", **{"aria-hidden": "true"}))
    drawn.insert(1, html.Span(f"page {query.page} of {thousands(pages)}", className="off"))
    return drawn
