"""The address of the Search page.

It contains everything that the page shows: the filters under their names in the API, ``ordering``,
``page``, and ``proposal`` as on the Data page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

from services.search.columns import FACETS
from services.search.filters import ORDERINGS, FileFilters

ROOT = "/search"
DOWNLOAD = "/api/files/download/"
NEWEST_FIRST = "-date"
MAX_VALUE_LENGTH = 1000

_FREE = ("file_name", "object_name", "ra", "dec", "radius", "date_from", "date_to")
_NAMES = {"proposal": "proposal_id"} | {
    name: name for name in (*FACETS, *_FREE, "data_type", "original_file_id")
}


@dataclass(frozen=True, slots=True)
class Query:
    """The contents of an address.

    Attributes
    ----------
    values : dict
        The filters as text, by their names in the address.
    ordering : str
        A column, with a leading minus for descending order.
    page : int
        From 1.
    """

    values: dict[str, str] = field(default_factory=dict)
    ordering: str = NEWEST_FIRST
    page: int = 1

    @property
    def filters(self) -> FileFilters:
        """The filters in the form of the services."""
        return FileFilters.model_validate(self._of_api())

    def _of_api(self) -> dict[str, str]:
        return {_NAMES[name]: value for name, value in self.values.items()}

    def href(self, changes: Mapping[str, str | None] | None = None, page: int = 1) -> str:
        """Return the address with other filters (None removes one), on the first page."""
        values = {**self.values, **(changes or {})}
        query = {name: value for name, value in values.items() if value is not None}
        if self.ordering != NEWEST_FIRST:
            query["ordering"] = self.ordering
        if page != 1:
            query["page"] = str(page)
        return f"{ROOT}?{urlencode(query)}" if query else ROOT

    def download(self) -> str:
        """Return the address of one archive of all files that match."""
        return f"{DOWNLOAD}?{urlencode(self._of_api())}"


def download_of(ids: Sequence[int]) -> str:
    """Return the address of one archive of some files."""
    return f"{DOWNLOAD}?ids={quote(','.join(map(str, ids)), safe=',')}"


def parse(text: str | None) -> Query:
    """Return the contents of an address's query; unknown names are ignored."""
    values: dict[str, str] = {}
    ordering, page = NEWEST_FIRST, 1
    for name, whole in parse_qsl((text or "").lstrip("?"), keep_blank_values=True):
        value = whole[:MAX_VALUE_LENGTH]
        if name in _NAMES and (value.strip() or name in FACETS):
            values[name] = value
        elif name == "ordering" and value.removeprefix("-") in ORDERINGS:
            ordering = value
        elif name == "page" and value.isascii() and value.isdigit() and len(value) < 8:
            page = max(1, int(value))
    return Query(values, ordering, page)
