"""Addresses of the Data page: read from the URL, and written into links.

``/data/<file>?proposal=&list=calibrations&page=&name=`` restores a view wherever it is opened, and
``run=`` opens a run in it. Without a file the page shows the newest one and follows it. The zoom is
``view=`` and belongs to the viewer in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypedDict, Unpack
from urllib.parse import parse_qs, quote, unquote, urlencode

from dash import html

from callbacks.core.dash_types import Component

ROOT = "/data"
OBSERVED = "observed"
CALIBRATIONS = "calibrations"

_LARGEST = 2**31 - 1


class Changes(TypedDict, total=False):
    """Fields of an `Address` to be replaced."""

    file: str | None
    proposal: str
    section: str
    page: int
    name: str


@dataclass(frozen=True, slots=True)
class Address:
    """What the Data page shows.

    `file` is an id or a file name; None follows the newest. `proposal` is a SOAR ID, "" for all
    that the person sees. `name` restricts the file index to names that contain it.
    """

    file: str | None = None
    proposal: str = ""
    section: str = OBSERVED
    page: int = 1
    name: str = ""

    def href(self, **changes: Unpack[Changes]) -> str:
        """Return the URL of this address with `changes`."""
        address = replace(self, **changes)
        path = ROOT if address.file is None else f"{ROOT}/{quote(address.file, safe='')}"
        query: dict[str, str] = {}
        if address.proposal:
            query["proposal"] = address.proposal
        if address.section != OBSERVED:
            query["list"] = address.section
        if address.page != 1:
            query["page"] = str(address.page)
        if address.name:
            query["name"] = address.name
        return f"{path}?{urlencode(query)}" if query else path


def parse(pathname: str | None, search: str | None) -> Address | None:
    """Return the address in a URL, None when it is not the Data page's.

    Values of the query that are not valid (a page of "x") are ignored, so that a mistyped link
    still opens.
    """
    parts = (pathname or "").strip("/").split("/")
    if parts[0] != ROOT.strip("/") or len(parts) > 2:
        return None
    query = parse_qs((search or "").lstrip("?"))

    def first(name: str) -> str:
        return query.get(name, [""])[0].replace("\x00", "")

    file = unquote(parts[1]).replace("\x00", "") if len(parts) == 2 else ""
    return Address(
        file=file or None,
        proposal=first("proposal")[:80],
        section=CALIBRATIONS if first("list") == CALIBRATIONS else OBSERVED,
        page=_number(first("page")) or 1,
        name=first("name")[:200],
    )


def run_id(search: str | None) -> int | None:
    """Return the run that the query of an address opens, None without one."""
    text = parse_qs((search or "").lstrip("?")).get("run", [""])[0]
    return _number(text)


def advanced_href(image_id: int, spectrum_id: int | None = None) -> str:
    """Return the URL of an image's Advanced Visualization, with the windows of a spectrum."""
    query = f"?spectrum={spectrum_id}" if spectrum_id is not None else ""
    return f"{ROOT}/{image_id}/advanced{query}"


def file_link(text: str, file_id: int) -> Component:
    """Return a link to a file."""
    return html.A(text, href=Address(file=str(file_id)).href(), **{"data-go": ""})


def name_link(file_name: str) -> Component:
    """Return a link to a file of which only the name is known."""
    return html.A(file_name, href=Address(file=file_name).href(), **{"data-go": ""})


def advanced_file(pathname: str) -> str | None:
    """Return the file whose Advanced Visualization an address names, None for other addresses."""
    parts = pathname.strip("/").split("/")
    if len(parts) != 3 or parts[0] != ROOT.strip("/") or parts[2] != "advanced":
        return None
    return unquote(parts[1]).replace("\x00", "") or None


def file_key(text: str) -> int | str:
    """Return the id when the text is one, else the file name (`services.files.lookup.get`)."""
    return _number(text) or text


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        return None
    number = int(text)
    return number if 1 <= number <= _LARGEST else None
