"""The address of a view of the Data page: read from the URL, and written into every link.

``/data/<file>?proposal=&list=calibrations&page=&name=`` restores the view wherever it is opened.
Without a file the page shows the newest one, and keeps to it: that is "Follow newest". (The zoom is
``view=`` and belongs to the viewer in the browser.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

ROOT = "/data"
OBSERVED = "observed"
CALIBRATIONS = "calibrations"

_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Address:
    """What the Data page shows.

    `file` is an id or a file name; None follows the newest. `proposal` is a SOAR ID, "" for all the
    person sees. `name` narrows the file index to names
    that contain it.
    """

    file: str | None = None
    proposal: str = ""
    section: str = OBSERVED
    page: int = 1
    name: str = ""

    def href(self, **changes: Any) -> str:
        """Return the URL of this address with `changes`."""
        wanted = replace(self, **changes)
        path = ROOT if wanted.file is None else f"{ROOT}/{quote(str(wanted.file), safe='')}"
        query: dict[str, str] = {}
        if wanted.proposal:
            query["proposal"] = wanted.proposal
        if wanted.section != OBSERVED:
            query["list"] = wanted.section
        if wanted.page != 1:
            query["page"] = str(wanted.page)
        if wanted.name:
            query["name"] = wanted.name
        return f"{path}?{urlencode(query)}" if query else path


def parse(pathname: str | None, search: str | None) -> Address | None:
    """Return the address in a URL, None when it is not the Data page's.

    What makes no sense in the query (a page of "x") is read as absent: a mistyped link still opens.
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


def advanced_file(pathname: str) -> str | None:
    """Return the file whose Advanced Visualization an address names, None for other addresses."""
    parts = pathname.strip("/").split("/")
    if len(parts) != 3 or parts[0] != ROOT.strip("/") or parts[2] != "advanced":
        return None
    return unquote(parts[1]).replace("\x00", "") or None


def file_key(text: str) -> int | str:
    """Return the id when the text is one, else the file name (see `services.files.lookup.get`)."""
    return _number(text) or text


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        return None
    number = int(text)
    return number if 1 <= number <= _LARGEST else None
