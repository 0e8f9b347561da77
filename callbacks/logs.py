"""Logs: important messages, updated live."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from dash import ClientsideFunction, Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core import button_actions
from callbacks.core.button_actions import ButtonData, row_id
from callbacks.core.dash_types import CallbackValue, Child, Component
from callbacks.core.guard import guarded, person
from callbacks.core.numbers import thousands
from callbacks.core.pager import newer_older
from callbacks.data.address import Address
from db.models import User
from reduction.notice_text import text
from services import log_list, logs
from services.errors import Conflict, InvalidRequest
from services.files.arrivals import remedies
from services.files.arrivals.remedies import Remedy
from services.log_list import LogFilters, LogLine, LogPage
from services.proposals import proposal_index

ROOT = "/logs"
ALL = "all"
"""The value of the menu for all proposals; an empty value would leave the menu blank."""

LABELS = {"": "All", "info": "Info", "warning": "Warnings", "error": "Errors"}
REMEDY_LABELS = {
    Remedy.ACCEPT: "Accept the change",
    Remedy.RETRY: "Try again",
    Remedy.RED: "Red camera",
    Remedy.BLUE: "Blue camera",
    Remedy.WITHDRAW: "Withdraw",
    Remedy.AS_BIAS: "Accept as bias",
    Remedy.AS_FLAT: "Accept as flat",
    Remedy.AS_ARC: "Accept as arc",
    Remedy.AS_SPECTRUM: "Accept as spectrum",
    Remedy.AS_IMAGE: "Accept as image",
}
DONE = {
    Remedy.RED: "of the Red camera now",
    Remedy.BLUE: "of the Blue camera now",
    Remedy.WITHDRAW: "waiting for a decision again",
}
"""What the files of a remedy are afterwards; of all others they are indexed."""
NO_MATCH = "No message matches these filters."
NO_MESSAGES = (
    "No messages yet. Failed reductions, and decisions of the pipeline that you should know of, "
    "are listed here."
)


@dataclass(frozen=True, slots=True)
class Query:
    """The contents of an address of the page; `date` is a UTC day, "" for all."""

    level: str = ""
    proposal: str = ""
    date: str = ""
    text: str = ""
    page: int = 1

    def href(self, *, level: str | None = None, proposal: str | None = None, page: int = 1) -> str:
        """Return the address of another level, proposal or page."""
        query = replace(
            self,
            level=self.level if level is None else level,
            proposal=self.proposal if proposal is None else proposal,
            page=page,
        )
        values = {
            "level": query.level,
            "proposal": query.proposal,
            "date": query.date,
            "text": query.text,
            "page": str(page) if page != 1 else "",
        }
        given = {name: value for name, value in values.items() if value}
        return f"{ROOT}?{urlencode(given)}" if given else ROOT

    @property
    def filters(self) -> LogFilters:
        """All filters but the level, in the form of the service."""
        since = dt.datetime.fromisoformat(self.date).replace(tzinfo=dt.UTC) if self.date else None
        return {
            "soar_id": self.proposal or None,
            "since": since,
            "until": since + dt.timedelta(days=1) if since else None,
            "text": self.text or None,
        }


def parse(text: str | None) -> Query:
    """Return the contents of an address's query; values that are not valid are ignored."""
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
    button_actions.ACTIONS["remedy"] = remedy
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


def show(
    pathname: str | None, text: str, _live: CallbackValue
) -> tuple[list[Component], list[Component], list[Component], list[dict[str, str]]]:
    """Return the levels with their counts, the entries, the pager and the proposals."""
    if "/" + (pathname or "").strip("/") != ROOT:
        raise PreventUpdate
    user, query = person(), parse(text)
    page = log_list.page(user, query.level, query.filters, query.page)
    query = replace(query, page=page.page)
    options = [{"value": ALL, "label": "All proposals"}]
    options += [{"value": name, "label": name} for name in proposal_index.soar_ids(user)]
    return (
        [_level(query, level, page.counts) for level in LABELS],
        draw_rows(query, page),
        newer_older(query, page.pages, "messages"),
        options,
    )


def _level(query: Query, level: str, counts: Mapping[str, int]) -> html.A:
    current = {"aria-current": "true"} if query.level == level else {}
    number = counts[level] if level else sum(counts.values())
    return html.A(
        [LABELS[level], html.Span(thousands(number), className="count")],
        href=query.href(level=level),
        **{"data-go": "", **current},
    )


def draw_rows(query: Query, page: LogPage) -> list[Component]:
    """Return the rows of the table, or one that says why there are none."""
    if page.lines:
        return [_row(query, line) for line in page.lines]
    sentence = NO_MESSAGES if query == Query() else NO_MATCH
    return [html.Tr(html.Td(sentence, colSpan=5, className="empty"))]


def _row(query: Query, line: LogLine) -> html.Tr:
    time = html.Time(f"{line.created:%Y-%m-%d %H:%M:%S}", dateTime=line.created.isoformat())
    return html.Tr(
        [
            html.Td(time, className="code"),
            html.Td(html.Span(line.level, className=f"level {line.level}")),
            html.Td(_proposal(query, line), className="code"),
            html.Td(_file(line), className="file"),
            html.Td(
                [text(line.notice), *_remedies(line)],
                className="sentence",
                **{"data-code": str(line.notice.code)},
            ),
        ]
    )


def _remedies(line: LogLine) -> list[Child]:
    """Return the buttons of staff for the files of an entry."""
    data = {"data-command": "remedy", "data-entry": str(line.id)}
    look = "btn btn-sm btn-secondary ms-2"
    return [
        html.Button(
            REMEDY_LABELS[remedy],
            type="button",
            className=look,
            **data,
            **{"data-remedy": str(remedy)},
        )
        for remedy in line.remedies
    ]


def remedy(user: User, data: ButtonData) -> str:
    """Do for the files of an entry what was chosen.

    Raises
    ------
    Conflict
        None of the files can be indexed.
    """
    chosen = data.get("remedy", "")
    if chosen not in set(Remedy):
        raise InvalidRequest(button_actions.OUT_OF_DATE)
    number = remedies.of_entry(user, row_id(data, "entry"), Remedy(chosen))
    if not number:
        raise Conflict("No file of this message can be indexed.")
    done = DONE.get(Remedy(chosen), "indexed")
    return f"One file is {done}." if number == 1 else f"{number} files are {done}."


def _proposal(query: Query, line: LogLine) -> Component:
    if not line.soar_id:
        return html.Span("site", className="quiet", title="Visible to staff only")
    return html.A(line.soar_id, href=query.href(proposal=line.soar_id), **{"data-go": ""})


def _file(line: LogLine) -> list[Child]:
    """Return the links to the file of an entry and to its run."""
    if not line.file_name:
        return []
    href = Address(file=str(line.file_id)).href()
    links: list[Child] = [html.A(line.file_name, href=href, **{"data-go": ""})]
    if line.run_id is not None:
        title = f"Run {line.run_id}: settings, inputs, messages"
        run = {"href": f"{href}?run={line.run_id}", "className": "run-link", "title": title}
        links += [" ", html.A("run", **run, **{"data-go": ""})]
    return links
