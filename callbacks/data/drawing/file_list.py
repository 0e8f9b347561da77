"""The file index: counts, entries by night, pager, choice of a proposal."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Child, Component
from callbacks.data.address import CALIBRATIONS, OBSERVED, Address
from reduction.frames import DataType
from services.data_page.file_index import FileIndex, IndexEntry

SUFFIXES = (".fits.gz", ".fits.fz", ".fits")
STAGES = {
    DataType.REDUCED: "2D",
    DataType.EXTRACTED: "1D",
    DataType.WAVELENGTH: "λ",
    DataType.FLUX: "F",
}
"""The badge of a frame: the stage of its furthest product."""

RUN_MARKS = {
    "running": ("◐", "running"),
    "queued": ("◌", "queued"),
    "waiting": ("◌", "waiting"),
    "failed": ("!", "failed"),
}

EMPTY = {
    OBSERVED: "Nothing observed yet. A frame is listed here within a second of being complete in a "
    "watched folder.",
    CALIBRATIONS: "No calibrations yet. Masters are made as soon as there are enough bias or flat "
    "frames of one configuration, sensitivities of spectra of standard stars.",
}


def entries(address: Address, index: FileIndex) -> list[Component]:
    """Return the entries of the page under their nights, or why there are none."""
    if not index.entries:
        text = EMPTY[address.section]
        if address.name:
            text = f"No file name contains “{address.name}”."
        return [html.Li(text, className="empty")]
    items: list[Component] = []
    night = None
    for entry in index.entries:
        if entry.night != night:
            night = entry.night
            heading = f"Night of {night:%Y-%m-%d}"
            items.append(html.Li(heading, className="night", key=heading))
        items.append(_entry(address, entry, is_selected=entry.id == index.selected))
    return items


def _entry(address: Address, entry: IndexEntry, *, is_selected: bool) -> Component:
    tooltip = [entry.file_name, f"{entry.obstype} {entry.object}".strip()]
    name = without_suffix(entry.file_name)
    # The name of a sensitivity is long, and the star at its end.
    shown = f"{entry.star} · {name}" if entry.star else name
    parts: list[Component] = [html.Span(shown, className="name")]
    if entry.run_state in RUN_MARKS:
        glyph, state = RUN_MARKS[entry.run_state]
        tooltip.append(state)
        parts.append(html.Span(glyph, className=f"run-mark {state}"))
    if entry.stage in STAGES:
        tooltip.append(entry.stage.label)
        parts.append(html.Span(STAGES[entry.stage], className=f"stage s{entry.stage}"))
    parts.append(html.Time(f"{entry.date_obs:%H:%M}", dateTime=entry.date_obs.isoformat()))
    attributes = {"data-go": ""} | ({"aria-current": "true"} if is_selected else {})
    link = html.A(
        parts,
        href=address.href(file=str(entry.opens)),
        title="\n".join(line for line in tooltip if line),
        **attributes,
    )
    return html.Li(link, key=str(entry.id))


def without_suffix(name: str) -> str:
    """Return the name of a frame without the suffix of FITS files."""
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def sections(address: Address, index: FileIndex) -> list[Component]:
    """Return the links to the raw frames and to the calibrations, with their numbers."""
    links = []
    for section, label, count in (
        (OBSERVED, "Observed", index.n_observed),
        (CALIBRATIONS, "Calibrations", index.n_calibrations),
    ):
        current = {"aria-current": "true"} if section == address.section else {}
        links.append(
            html.A(
                [label, html.Span(f"{count:,}".replace(",", "\u202f"), className="count")],
                href=address.href(section=section, page=1, name=""),
                **{"data-go": "", **current},
            )
        )
    return links


def proposal_choice(address: Address, soar_ids: Sequence[str]) -> Child:
    """Return the choice of one proposal or of all; nothing when there is only one."""
    if len(soar_ids) < 2 and not address.proposal:
        return None
    links = []
    for soar_id in ("", *soar_ids):
        current = {"aria-current": "true"} if soar_id == address.proposal else {}
        href = address.href(file=None, proposal=soar_id, page=1, name="")
        label = soar_id or "All proposals"
        links.append(html.Li(html.A(label, href=href, **{"data-go": "", **current})))
    summary = html.Summary(address.proposal or "All proposals")
    return html.Details([summary, html.Ul(links)], className="one-proposal", key=address.proposal)


def pager(address: Address, page: int, n_pages: int) -> list[Component]:
    """Return the links to the neighbouring, the first and the last pages; none for one page."""
    if n_pages <= 1:
        return []

    def link(number: int, text: str, label: str, **attributes: str) -> Component:
        if not 1 <= number <= n_pages:
            return html.Span(text, className="off", **{"aria-hidden": "true"})
        attributes |= {"data-go": "", "aria-label": label}
        if number == page and text.isdigit():
            attributes["aria-current"] = "page"
        return html.A(text, href=address.href(page=number), **attributes)

    near = sorted({1, n_pages, *range(max(1, page - 1), min(n_pages, page + 1) + 1)})
    links: list[Component] = [link(page - 1, "‹", "Previous page", rel="prev")]
    for before, number in zip([0, *near], near, strict=False):
        if number - before > 1:
            links.append(html.Span("…", className="off"))
        links.append(link(number, str(number), f"Page {number}"))
    links.append(link(page + 1, "›", "Next page", rel="next"))
    return links
