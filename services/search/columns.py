"""Columns in memory by which lists of files are filtered and ordered, indexed by id.

Of what has few distinct values (setup, date, type, proposal) the *combinations* are numbered and
each file has a number: all files of a setup in a night share one, so that a filter asks thousands
of combinations and not millions of files. Deletions leave holes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FACETS = (
    "obstype",
    "filter",
    "filter_2",
    "grating",
    "wavmode",
    "slit",
    "roi",
    "technique",
    "date",
)
"""The filters of the Search page that have a list of choices."""

COMBINED = (*FACETS, "data_type", "proposal_id")
SINGLE = ("id", "file_name", "object", "date_obs", "ra_deg", "dec_deg")

ABSENT = -1
SHORT = 64
"""Bytes of a file name that fits into the array; longer names are stored separately."""
SPARE = 1.1
"""Factor by which arrays are allocated larger than needed."""


class Numbers(dict[Any, int]):
    """The distinct values of a column, numbered in the order of their appearance."""

    _ranks: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def __missing__(self, value: Any) -> int:
        """Assign a number to a new value."""
        number = self[value] = len(self)
        return number

    def ranks(self) -> NDArray[np.int64]:
        """Return the rank of the value of each number; texts are ordered by code points."""
        if len(self._ranks) != len(self):
            values = list(self)
            ranks = np.empty(len(values), dtype=np.int64)
            ranks[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
            self._ranks = ranks
        return self._ranks


def folded(text: str) -> bytes:
    """Return a text as LIKE compares it, with ASCII letters in lower case."""
    return text.encode(errors="surrogatepass").lower()


class Columns:
    """The columns of all files that were added; arrays are indexed by the id of the file.

    `combination` is a place in `totals` (files of each combination) and in `places` (of each of
    `COMBINED`, the number of the combination's value in `values`); `ABSENT` where there is no file.
    `date_obs` counts microseconds since 1970.
    """

    def __init__(self) -> None:
        self.values = [Numbers() for _ in COMBINED]
        self.objects = Numbers()
        self._folded: list[bytes] = []
        self.totals = np.zeros(0, dtype=np.int64)
        self.combination = np.full(1, ABSENT, dtype=np.int32)
        self.object = np.zeros(1, dtype=np.int32)
        self.date_obs = np.zeros(1, dtype=np.int64)
        self.ra = np.full(1, np.nan)
        self.dec = np.full(1, np.nan)
        self._name = np.zeros(1, dtype=f"S{SHORT}")
        self._long: dict[int, bytes] = {}
        self._combinations = Numbers()
        self._places = np.zeros((0, len(COMBINED)), dtype=np.int32)

    @property
    def places(self) -> NDArray[np.int32]:
        """The numbers of the values of each combination."""
        return self._places[: len(self._combinations)]

    def make_room(self, newest: int) -> None:
        """Extend the arrays to the id `newest`."""
        if newest < self.combination.size:
            return
        for name in ("combination", "object", "date_obs", "ra", "dec", "_name"):
            old = getattr(self, name)
            new = np.zeros(int(SPARE * newest) + 1, dtype=old.dtype)
            if name == "combination":
                new[old.size :] = ABSENT
            new[: old.size] = old
            setattr(self, name, new)

    def take(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add files: rows of the values of `SINGLE` and `COMBINED` as the database returns them."""
        if not rows:
            return
        ids, names, objects, dates, ras, decs, *combined = zip(*rows, strict=True)
        at = np.array(ids, dtype=np.int64)
        self.make_room(int(at.max()))
        self.leave(at)
        numbers = (
            map(known.__getitem__, column)
            for known, column in zip(self.values, combined, strict=True)
        )
        found = map(self._combinations.__getitem__, zip(*numbers, strict=True))
        codes = np.fromiter(found, dtype=np.int32, count=len(at))
        self._note_combinations()
        self.combination[at] = codes
        self.totals += np.bincount(codes, minlength=self.totals.size)
        self.object[at] = list(map(self.objects.__getitem__, objects))
        self.date_obs[at] = np.array(dates, dtype="M8[us]").view(np.int64)
        self.ra[at] = np.array(ras, dtype=np.float64)
        self.dec[at] = np.array(decs, dtype=np.float64)
        short = [folded(name) for name in names]
        for number, name in zip(ids, short, strict=True):
            if len(name) > SHORT:
                self._long[number] = name
        self._name[at] = [name if len(name) <= SHORT else b"" for name in short]

    def _note_combinations(self) -> None:
        """Store the values of new combinations."""
        known, now = self.totals.size, len(self._combinations)
        if known == now:
            return
        if now > len(self._places):
            room = np.zeros((2 * now, len(COMBINED)), dtype=np.int32, order="F")
            room[:known] = self._places[:known]
            self._places = room
        # The newest are the last: a dictionary keeps the order of its keys.
        newest = reversed(self._combinations)
        for number in range(now - 1, known - 1, -1):
            self._places[number] = next(newest)
        self.totals = np.concatenate([self.totals, np.zeros(now - known, dtype=np.int64)])

    def leave(self, ids: NDArray[np.int64]) -> None:
        """Remove files; unknown ids are ignored."""
        ids = ids[ids < self.combination.size]
        codes = self.combination[ids]
        self.totals -= np.bincount(codes[codes != ABSENT], minlength=self.totals.size)
        self.combination[ids] = ABSENT
        for number in self._long.keys() & set(ids.tolist()) if self._long else ():
            del self._long[number]

    def of_column(self, name: str) -> Numbers:
        """Return the distinct values of one of `COMBINED`."""
        return self.values[COMBINED.index(name)]

    def spread(self, name: str, of_values: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
        """Return for each combination the entry of `of_values` for its value of a column."""
        values = np.asarray(of_values, dtype=None if len(of_values) else np.int64)
        return values[self.places[:, COMBINED.index(name)]]

    def of(self, passes: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the ids of the files of the accepted combinations, ascending."""
        allowed = np.append(passes, False)  # the last is what `ABSENT` finds
        return np.flatnonzero(allowed[self.combination])

    def counted(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of these files in each combination."""
        return np.bincount(self.combination[ids], minlength=self.totals.size)

    def object_has(self, ids: NDArray[np.int64], parts: Iterable[str]) -> NDArray[np.bool_]:
        """Return for each file whether the object name contains one of the parts, in any case."""
        names = list(self.objects)
        self._folded += map(folded, names[len(self._folded) :])
        fits = np.zeros(len(names), dtype=bool)
        for part in parts:
            needle = folded(part)
            fits |= np.array([needle in name for name in self._folded], dtype=bool)
        return fits[self.object[ids]]

    def object_is(self, ids: NDArray[np.int64], names: Iterable[str]) -> NDArray[np.bool_]:
        """Return for each file whether its object has one of these names."""
        fits = np.zeros(len(self.objects), dtype=bool)
        fits[[self.objects[name] for name in names if name in self.objects]] = True
        return fits[self.object[ids]]

    def name_has(self, ids: NDArray[np.int64], parts: Iterable[str]) -> NDArray[np.bool_]:
        """Return for each file whether its name contains one of the parts, in any case."""
        most = 2 * ids.size > self._name.size  # copying those would take longer than looking
        names = self._name if most else self._name[ids]
        fits = np.zeros(names.size, dtype=bool)
        for part in parts:
            needle = folded(part)
            fits |= np.strings.find(names, needle) >= 0
            long = [number for number, name in self._long.items() if needle in name]
            fits[long if most else np.flatnonzero(np.isin(ids, long))] = True
        return fits[ids] if most else fits
