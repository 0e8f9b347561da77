"""Queries of lists of files: which files match, how many, and a page of them in some order.

A large archive is answered from `services.search.catalogue`, a small one, or an order that is not
held there, by the database. Both give the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peewee import ModelSelect

from db import database
from db.models import File, Proposal, User
from reduction.frames import SHARED_TYPES
from services import access, paging
from services.search import catalogue, sky
from services.search.catalogue import Catalogue
from services.search.columns import COMBINED, FACETS
from services.search.filters import FileFilters, chosen_values, conditions, order, values

DAYS = ("date_from", "date_to")
_COMBINED_ORDERS = {name: name for name in COMBINED if name != "date"} | {"type": "data_type"}
HELD = frozenset({"id", "date", "object", "file_name", *_COMBINED_ORDERS})
"""Orderings that the catalogue supports."""

_OF_A_FILE = ("object", "object_name", "ra", "file_name")
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wish:
    """A parsed request with the visibility scope of the person.

    `calibrations`: whether the shared ones are visible. `columns`: the texts that a column of
    `COMBINED` may have. `family`: ids of the files that were made from certain ones, None when that
    was not asked.
    """

    filters: FileFilters
    columns: Mapping[str, frozenset[str]]
    proposals: frozenset[int] | None
    calibrations: bool
    family: Ids | None

    @classmethod
    def of(cls, user: User, filters: FileFilters) -> Wish:
        """Parse a request.

        Raises
        ------
        Unacceptable
            A filter makes no sense; names it.
        """
        list(conditions(filters))
        asked = [name for name in COMBINED if _given(filters, name)]
        columns = {name: _wanted(filters, name) for name in asked}
        return cls(filters, columns, *access.visibility_scope(user), _family(filters))

    def seen(self, files: Catalogue) -> NDArray[np.bool_]:
        """Return for each combination whether its proposal is requested and visible."""
        seen = self.passes(files, "proposal_id")
        if seen is None:
            seen = np.ones(files.totals.size, dtype=bool)
        if self.proposals is None:
            return seen
        owners, kinds = files.of_column("proposal_id"), files.of_column("data_type")
        own = files.spread("proposal_id", [owner in self.proposals for owner in owners])
        shared = files.spread("data_type", [kind in SHARED_TYPES for kind in kinds])
        shared &= files.spread("proposal_id", [owner is None for owner in owners])
        return seen & (own | (shared & self.calibrations))

    def passes(self, files: Catalogue, name: str) -> NDArray[np.bool_] | None:
        """Return for each combination whether it matches a filter; None when that is not set."""
        wanted = self.columns.get(name)
        if wanted is None:
            return None
        return files.spread(name, [str(value) in wanted for value in files.of_column(name)])

    def within(self, files: Catalogue) -> NDArray[np.bool_] | None:
        """Return for each combination whether its date is in the requested range."""
        first, last = (_isoformat(getattr(self.filters, day)) for day in DAYS)
        if not first and not last:
            return None
        days = [str(value) for value in files.of_column("date")]
        return files.spread("date", [first <= day <= (last or day) for day in days])

    def fits(self, files: Catalogue) -> dict[str, NDArray[np.bool_]]:
        """Return for each filter that is set which combinations match it."""
        found = {name: self.passes(files, name) for name in (*FACETS, "data_type")}
        found["days"] = self.within(files)
        return {name: fit for name, fit in found.items() if fit is not None}

    def ids(self, files: Catalogue) -> Ids:
        """Return the ids of all files that match, ascending."""
        passes = np.logical_and.reduce([self.seen(files), *self.fits(files).values()])
        ids = self.narrowed(files, passes)
        return files.of(passes) if ids is None else ids

    def narrowed(self, files: Catalogue, passes: NDArray[np.bool_]) -> Ids | None:
        """Return the ids of the files in these combinations that match the rest, ascending.

        None: there are no further filters, so that the combinations alone give the number.
        """
        given = self.filters
        if self.family is None and not any(_given(given, name) for name in _OF_A_FILE):
            return None
        ids = files.of(passes)
        if self.family is not None:
            ids = ids[np.isin(ids, self.family)]
        if given.object is not None:
            ids = ids[files.object_is(ids, values(given.object))]
        if given.object_name is not None:
            ids = ids[files.object_has(ids, values(given.object_name))]
        if given.ra is not None and given.dec is not None:
            cone = sky.Cone.of(given.ra, given.dec, given.radius)
            ids = ids[cone.holds(files.ra[ids], files.dec[ids])]
        if given.file_name is not None:
            ids = ids[files.name_has(ids, values(given.file_name))]
        return ids


def _given(filters: FileFilters, name: str) -> bool:
    return getattr(filters, name) is not None


def _wanted(filters: FileFilters, name: str) -> frozenset[str]:
    """Return the accepted values of a column as text; proposals by their ids."""
    chosen = chosen_values(filters, name) or set()
    if name == "proposal_id":
        named = Proposal.select(Proposal.id).where(Proposal.soar_id.in_(chosen))
        return frozenset(str(number) for (number,) in named.tuples())
    return frozenset(chosen)


def _family(filters: FileFilters) -> Ids | None:
    """Return the ids of the files made from a frame or product, which an index provides."""
    names = [name for name in ("original_file_id", "parent_file_id") if _given(filters, name)]
    if not names:
        return None
    query = File.select(File.id)
    for condition in conditions(FileFilters(**{name: getattr(filters, name) for name in names})):
        query = query.where(condition)
    cursor = database.execute(query)
    return np.fromiter((row[0] for row in cursor), dtype=np.int64)


def _isoformat(day: str | None) -> str:
    return dt.date.fromisoformat(day.strip()).isoformat() if day else ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of files of each combination that a person sees.

    `texts` are the values of each of `COMBINED`; `places` is (combinations, columns), the place of
    the combination's value among the column's; `counts` is (combinations,); `fits` is which
    combinations meet each filter that is set: by the name of its column, and ``days``.
    """

    texts: list[list[str]]
    places: NDArray[np.int32]
    counts: NDArray[np.int64]
    fits: dict[str, NDArray[np.bool_]]


def matching(user: User, filters: FileFilters) -> ModelSelect:
    """Return the query of the ids of the current files that match and that a person sees.

    Only ids: they come from an index alone (``file_list``), and few of the rows are shown.
    """
    query = access.visible_files(user, File.id).where(File.state == "current")
    for condition in conditions(filters):
        query = query.where(condition)
    return query


def counts(user: User, filters: FileFilters) -> Counts:
    """Return the number of files of each combination of settings, before the filters on them.

    Raises
    ------
    Unacceptable
        A filter makes no sense; names it.
    """
    wish = Wish.of(user, filters)
    with catalogue.current() as files:
        seen = wish.seen(files)
        ids = wish.narrowed(files, seen)
        many = files.totals * seen if ids is None else files.counted(ids)
        some = np.flatnonzero(many)
        fits = {name: fit[some] for name, fit in wish.fits(files).items()}
        texts = [[str(value) for value in files.of_column(name)] for name in COMBINED]
        places = (
            files.places.take(some, axis=0) if some.size < many.size else files.places.copy("F")
        )
        return Counts(texts, places, many[some], fits)


def find(
    user: User, filters: FileFilters, ordering: str, start: int, n_rows: int
) -> tuple[int, list[int]]:
    """Return the number of files that match, and the ids of some of them in their order.

    Parameters
    ----------
    start, n_rows : int
        The first, from 0, and how many.

    Raises
    ------
    Unacceptable
        A filter or the ordering makes no sense; names it.
    """
    columns = order(ordering)
    name = ordering.removeprefix("-")
    if name not in HELD or not catalogue.serves():
        query = matching(user, filters).order_by(*columns)
        return paging.read_ids(query, start, n_rows)
    wish = Wish.of(user, filters)
    backwards = ordering.startswith("-")
    ranks = _proposal_ranks(last=not backwards) if name == "proposal_id" else None
    with catalogue.current() as files:
        ids = wish.ids(files)
        end = min(start + n_rows, ids.size)
        if start >= end:
            return ids.size, []
        part = slice(ids.size - end, ids.size - start) if backwards else slice(start, end)
        found = _part(files, ids, name, part, ranks)
        return ids.size, (found[::-1] if backwards else found).tolist()


def _proposal_ranks(*, last: bool) -> dict[int | None, int]:
    """Return the rank of each proposal by SOAR ID; files without one are last or first."""
    ordered = Proposal.select(Proposal.id).order_by(Proposal.soar_id)
    ranks: dict[int | None, int] = {number: i for i, (number,) in enumerate(ordered.tuples())}
    return {**ranks, None: len(ranks) if last else -1}


def _part(
    files: Catalogue, ids: Ids, name: str, part: slice, ranks: Mapping[Any, int] | None
) -> NDArray[Any]:
    """Return the ids of some rows in the ascending order of a column, then of the id."""
    if name == "id":
        return ids[part]
    if name == "file_name":
        chosen = np.zeros(files.combination.size, dtype=bool)
        chosen[ids] = True
        named = files.by_name()
        return named[np.flatnonzero(chosen[named])[part]]
    if name == "date":
        keys = files.date_obs[ids]
    elif name == "object":
        keys = files.objects.ranks()[files.object[ids]]
    else:
        column = _COMBINED_ORDERS[name]
        known = files.of_column(column)
        of_values = known.ranks() if ranks is None else [ranks.get(one, -1) for one in known]
        keys = files.spread(column, of_values)[files.combination[ids]]
    return ids[_places(keys, part.start, part.stop)]


def _places(keys: NDArray[Any], start: int, end: int) -> NDArray[np.int64]:
    """Return the indices of the elements from `start` to `end` of the stably sorted keys.

    Only those are sorted that lie between the first and the last of them.
    """
    low, high = np.partition(keys, (start, end - 1))[[start, end - 1]]
    n_before = int(np.count_nonzero(keys < low))
    first = np.flatnonzero(keys == low)[start - n_before :]
    if low == high:
        return first[: end - start]
    between = np.flatnonzero((keys > low) & (keys < high))
    between = between[np.argsort(keys[between], kind="stable")]
    missing = end - start - first.size - between.size
    return np.concatenate([first, between, np.flatnonzero(keys == high)[:missing]])
