"""The file index: what was observed and what calibrates it, newest first, twenty a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person
from callbacks.core.markup import html_of, paint_from
from callbacks.data.address import CALIBRATIONS, OBSERVED, Address, file_key, parse
from reduction.frames import DataType
from services import access, request_coalescing
from services.errors import ServiceError
from services.files import file_list, lookup, reduction_progress
from services.proposals import proposals
from services.search.filters import FileFilters

PAGE_SIZE = 20
SUFFIXES = (".fits.gz", ".fits.fz", ".fits")
STAGES = {
    DataType.REDUCED: "2D",
    DataType.EXTRACTED: "1D",
    DataType.WAVELENGTH: "λ",
    DataType.FLUX: "F",
}
"""The badge of a file: how far its newest product has come."""

RUN_MARKS = {
    "running": ("◐", "running"),
    "queued": ("◌", "queued"),
    "waiting": ("◌", "waiting"),
    "failed": ("!", "failed"),
}

EMPTY = {
    OBSERVED: "Nothing observed yet. A frame is listed here within a second of being whole in a "
    "watched folder.",
    CALIBRATIONS: "No master calibrations yet. They are made when enough bias or flat frames of "
    "one configuration have come.",
}


def register(app: Dash) -> None:
    """Connect the file index."""
    app.callback(
        Output("index-parts", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
    )(guarded(1)(show))
    paint_from(app, "index-parts")
    app.callback(
        Output("go", "data", allow_duplicate=True),
        Input("index-go", "n_clicks"),
        Input("index-page", "n_submit"),
        State("index-page", "value"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(guarded(1)(turn))
    app.clientside_callback(
        ClientsideFunction("data", "filterByName"),
        Output("index-name", "className"),
        Input("index-name", "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("data", "nameInAddress"),
        Output("index-name", "value"),
        Input("url", "search"),
    )


def show(pathname: str, search: str) -> dict[str, Any]:
    """Draw the index that belongs to an address."""
    address = parse(pathname, search)
    if address is None:
        raise PreventUpdate
    now = request_coalescing.moment()
    return {"at": now.latest, "html": regions(person(), address)}


def regions(
    user: Any, address: Address, when: request_coalescing.Moment | None = None
) -> dict[str, str]:
    """Return the heads with their counts, the page of the open list, its pager, the proposals.

    They are the same for all who see the same proposals.
    """
    key = ("index", address, access.sight(user))
    return request_coalescing.read(when, key, lambda: _drawn(user, address))


def _drawn(user: Any, address: Address) -> dict[str, str]:
    page = file_list.page(user, _filters(address), "-date", address.page, PAGE_SIZE)
    if address.page > max(page.pages, 1):
        address = replace(address, page=page.pages)
        page = file_list.page(user, _filters(address), "-date", address.page, PAGE_SIZE)
    selected = _selected(user, address, page.rows)
    seen = reduction_progress.frames(user, [row.id for row in page.rows])
    listed: Any = []
    night = None
    for row in page.rows:
        if row.night != night:
            night = row.night
            words = f"Night of {night:%Y-%m-%d}"
            listed.append(html.Li(words, className="night", key=words))
        listed.append(_item(address, row, seen.get(row.id, reduction_progress.Glance()), selected))
    if not listed:
        words = EMPTY[address.section]
        if address.name:
            words = f"No file name holds “{address.name}”."
        listed = html.Li(words, className="empty")
    return {
        "index-heads": html_of(_heads(user, address)),
        "file-list": html_of(listed),
        "pager": html_of(_pager(address, page.pages)),
        "index-proposals": html_of(_proposals(user, address)),
    }


def turn(_clicks: Any, _submits: Any, value: Any, pathname: str, search: str) -> Any:
    """Go to the page that was typed."""
    address = parse(pathname, search)
    if address is None or not str(value or "").isdigit():
        raise PreventUpdate
    wanted = max(1, int(value))
    page = file_list.page(person(), _filters(address), "-date", 1, PAGE_SIZE)
    return {"href": address.href(page=min(wanted, max(page.pages, 1)))}


def _filters(address: Address) -> FileFilters:
    wanted: dict[str, str] = {
        "data_type": DataType.MASTER if address.section == CALIBRATIONS else DataType.RAW
    }
    if address.proposal and address.section == OBSERVED:
        wanted["proposal_id"] = address.proposal
    if address.name:
        wanted["file_name"] = address.name
    return FileFilters.model_validate(wanted)


def _selected(user: Any, address: Address, rows: Iterable[Any]) -> int | None:
    """Return the row to mark: the raw frame (or master) of the file on show."""
    if address.file is None:
        newest = next(iter(rows), None) if address.page == 1 else None
        return newest.id if newest is not None and address.section == OBSERVED else None
    try:
        file = lookup.get(user, file_key(address.file))
    except ServiceError:
        return None  # the view says why
    return int(file.original_id or file.id)


def _item(
    address: Address, raw: Any, seen: reduction_progress.Glance, selected: int | None
) -> html.Li:
    name = raw.file_name
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    mark, mark_word = RUN_MARKS.get(seen.state, ("", ""))
    words = [raw.file_name, f"{raw.obstype} {raw.object}".strip()]
    parts: list[Any] = [html.Span(name, className="name")]
    if mark:
        words.append(mark_word)
        parts.append(html.Span(mark, className=f"run-mark {mark_word}"))
    if seen.data_type in STAGES:
        words.append(seen.data_type.label)
        parts.append(html.Span(STAGES[seen.data_type], className=f"stage s{seen.data_type}"))
    parts.append(html.Time(f"{raw.date_obs:%H:%M}", dateTime=raw.date_obs.isoformat()))
    given = {"data-go": ""}
    if raw.id == selected:
        given["aria-current"] = "true"
    return html.Li(
        html.A(
            parts,
            href=address.href(file=str(seen.file_id or raw.id)),
            title="\n".join(word for word in words if word),
            **given,
        ),
        key=str(raw.id),
    )


def _heads(user: Any, address: Address) -> list[Any]:
    own = _proposal_id(user, address.proposal) if address.proposal else None
    observed, calibrations = file_list.counts(user, own)
    heads = []
    for section, label, count in (
        (OBSERVED, "Observed", observed),
        (CALIBRATIONS, "Calibrations", calibrations),
    ):
        current = {"aria-current": "true"} if section == address.section else {}
        heads.append(
            html.A(
                [label, html.Span(f"{count:,}".replace(",", "\u202f"), className="count")],
                href=address.href(section=section, page=1, name=""),
                **{"data-go": "", **current},
            )
        )
    return heads


def _proposals(user: Any, address: Address) -> Any:
    """Return the choice of one proposal, or of all; nothing when there is only one."""
    soar_ids = [proposal.soar_id for proposal in proposals.visible(user)]
    if len(soar_ids) < 2 and not address.proposal:
        return []
    links = []
    for soar_id in ("", *soar_ids):
        current = {"aria-current": "true"} if soar_id == address.proposal else {}
        href = address.href(file=None, proposal=soar_id, page=1, name="")
        label = soar_id or "All proposals"
        links.append(html.Li(html.A(label, href=href, **{"data-go": "", **current})))
    shown = html.Summary(address.proposal or "All proposals")
    return html.Details([shown, html.Ul(links)], className="one-proposal", key=address.proposal)


def _proposal_id(user: Any, soar_id: str) -> int:
    """Return the proposal's id; 0, which no row has, when the person does not see it."""
    return next((p.id for p in proposals.visible(user) if p.soar_id == soar_id), 0)


def _pager(address: Address, n_pages: int) -> list[Any]:
    if n_pages <= 1:
        return []
    page = address.page

    def link(number: int, text: str, label: str, **more: str) -> Any:
        if not 1 <= number <= n_pages:
            return html.Span(text, className="off", **{"aria-hidden": "true"})
        given = {"data-go": "", "aria-label": label, **more}
        if number == page and text.isdigit():
            given["aria-current"] = "page"
        return html.A(text, href=address.href(page=number), **given)

    near = sorted({1, n_pages, *range(max(1, page - 1), min(n_pages, page + 1) + 1)})
    shown: list[Any] = [link(page - 1, "‹", "Previous page", rel="prev")]
    for before, number in zip([0, *near], near, strict=False):
        if number - before > 1:
            shown.append(html.Span("…", className="off"))
        shown.append(link(number, str(number), f"Page {number}"))
    shown.append(link(page + 1, "›", "Next page", rel="next"))
    return shown
