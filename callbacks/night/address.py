"""The address of the page Tonight."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from services.night import overview
from services.night.quantities import AXES

ROOT = "/night"
TIME = "time"


@dataclass(frozen=True, slots=True)
class Query:
    """The contents of an address of the page; without a date it is the newest night."""

    date: dt.date | None = None
    kind: str = ""
    against: str = TIME
    page: int = 1

    def href(
        self,
        *,
        date: dt.date | None = None,
        kind: str | None = None,
        against: str | None = None,
        page: int = 1,
    ) -> str:
        """Return the address with another night, kind, axis or page."""
        date = date or self.date
        values = {
            "kind": self.kind if kind is None else kind,
            "against": against or self.against,
            "page": str(page),
        }
        usual = {"kind": "", "against": TIME, "page": "1"}
        query = {name: value for name, value in values.items() if value != usual[name]}
        path = ROOT if date is None else f"{ROOT}/{date.isoformat()}"
        return f"{path}?{urlencode(query)}" if query else path


def parse(pathname: str | None, text: str | None) -> Query | None:
    """Return the contents of an address; None when it is not one of this page."""
    parts = (pathname or "").strip("/").split("/")
    if parts[0] != ROOT.strip("/") or len(parts) > 2:
        return None
    date = None
    if len(parts) == 2:
        try:
            date = dt.date.fromisoformat(parts[1])
        except ValueError:
            return None
    given = dict(parse_qsl((text or "").lstrip("?")))
    page = given.get("page", "")
    return Query(
        date,
        given.get("kind", "") if given.get("kind") in overview.KINDS else "",
        given.get("against", TIME) if given.get("against") in AXES else TIME,
        max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )
