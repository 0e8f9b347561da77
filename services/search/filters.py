"""Filters and ordering of lists of files, shared by the API and the Search page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

from peewee import Asc, Desc, Expression
from pydantic import BaseModel, ConfigDict, Field

from db.models import File, Proposal
from reduction.frames import DataType
from services.errors import Unacceptable
from services.search import sky

LIST = "One value, or several separated by commas."


class FileFilters(BaseModel):
    """Filters of a list of files; every one also takes a comma-separated list."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    data_type: str | None = Field(None, description=f"0 to 7. {LIST}")
    proposal_id: str | None = Field(None, description=f"SOAR ID. {LIST}")
    obstype: str | None = Field(None, description=LIST)
    object: str | None = Field(None, description=LIST)
    filter: str | None = Field(None, description=LIST)
    filter_2: str | None = Field(None, description=LIST)
    grating: str | None = Field(None, description=LIST)
    slit: str | None = Field(None, description=LIST)
    roi: str | None = Field(None, description=LIST)
    wavmode: str | None = Field(None, description=LIST)
    technique: str | None = Field(None, description=LIST)
    date: str | None = Field(None, description=f"UTC date, YYYY-MM-DD. {LIST}")
    date_from: str | None = Field(None, description="First UTC date.")
    date_to: str | None = Field(None, description="Last UTC date.")
    file_name: str | None = Field(None, description=f"Part of the name. {LIST}")
    object_name: str | None = Field(None, description=f"Part of the object's name. {LIST}")
    ra: str | None = Field(None, description="Centre of a cone: degrees, or 13:23:35.26 (hours).")
    dec: str | None = Field(None, description="Centre of a cone: degrees, or -54:36:19.5.")
    radius: str | None = Field(None, description='Of the cone: arcminutes (5), 30" or 1d.')
    original_file_id: str | None = Field(None, description=f"Id of the raw frame. {LIST}")
    parent_file_id: str | None = Field(None, description=f"Id of the file it was made from. {LIST}")


ORDERINGS = {
    name: getattr(File, name)
    for name in (
        "id",
        "created",
        "last_modified",
        "file_name",
        "full_path",
        "obstype",
        "object",
        "filter",
        "filter_2",
        "grating",
        "slit",
        "cam_targ",
        "grt_targ",
        "obsra",
        "obsdec",
        "gain",
        "rdnoise",
        "roi",
        "wavmode",
        "data_type",
        "normalized",
        "technique",
        "exptime",
        "ra_deg",
        "dec_deg",
        "size",
        "observation_id",
        "configuration_id",
        "block_id",
        "image_id",
        "saturation_value",
        "state",
    )
} | {
    "stale": File.out_of_date,
    "date": File.date_obs,
    "type": File.data_type,
    # By the displayed text; a join would be needed in every list.
    "proposal_id": Proposal.select(Proposal.soar_id).where(Proposal.id == File.proposal),
    "original_file_id": File.original,
    "parent_file_id": File.parent,
}


def order(ordering: str) -> tuple[Any, ...]:
    """Return the ORDER BY of ``"column"`` or ``"-column"``; equal values are ordered by id."""
    field = ORDERINGS.get(ordering.removeprefix("-"))
    if field is None:
        raise Unacceptable(f"Files cannot be ordered by {ordering[:40]}.", field="ordering")
    # Without NULLS LAST where no value can be null: it would prevent the use of the index.
    nulls = "last" if getattr(field, "null", True) else None
    if ordering.startswith("-"):
        return Desc(field, nulls=nulls), Desc(File.id)
    return Asc(field, nulls=nulls), Asc(File.id)


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Unacceptable(f"{name}: {text[:40]!r} is not an id.", field=name)
    return int(text)


def _day(name: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Unacceptable(
            f"{name}: {text[:40]!r} is not a date (YYYY-MM-DD).", field=name
        ) from error


def _begin_of(day: dt.date) -> dt.datetime:
    """Return the first instant of a UTC date."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _end_of(day: dt.date) -> dt.datetime:
    """Return the first instant after a UTC date."""
    if day == dt.date.max:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    return _begin_of(day + dt.timedelta(days=1))


def _data_type(name: str, text: str) -> int:
    if text not in {str(int(kind)) for kind in DataType}:
        raise Unacceptable(f"{name} is from 0 to 7, not {text[:40]!r}.", field=name)
    return int(text)


def _text(_name: str, text: str) -> str:
    return text


Reader = Callable[[str, str], Any]

_EXACT: dict[str, tuple[Any, Reader]] = {
    "data_type": (File.data_type, _data_type),
    "date": (File.date, _day),
    "original_file_id": (File.original, _number),
    "parent_file_id": (File.parent, _number),
} | {
    name: (getattr(File, name), _text)
    for name in (
        "obstype",
        "object",
        "filter",
        "filter_2",
        "grating",
        "slit",
        "roi",
        "wavmode",
        "technique",
    )
}


_CONTAINS = {"file_name": File.file_name, "object_name": File.object}


def values(text: str) -> list[str]:
    r"""Return the values of a comma-separated list; ``\\,`` is a comma within a value."""
    return [part.strip().replace("\\,", ",") for part in re.split(r"(?<!\\),", text)]


def chosen_values(filters: FileFilters, name: str) -> set[str] | None:
    """Return the accepted values of a filter, dates as 2024-03-10; None when it is not set."""
    text = getattr(filters, name)
    if text is None:
        return None
    return {_day(name, part).isoformat() if name == "date" else part for part in values(text)}


def conditions(filters: FileFilters) -> Iterable[Expression]:
    """Yield the conditions of the filters on a file.

    Raises
    ------
    Unacceptable
        A value makes no sense for its filter, which is named.
    """
    for name, value in filters.model_dump(exclude_none=True).items():
        if "\x00" in value:
            raise Unacceptable(f"{name} must not contain the NUL character.", field=name)
        if name in _EXACT:
            field, read = _EXACT[name]
            yield field.in_([read(name, part) for part in values(value)])
        elif name == "proposal_id":
            yield File.proposal.in_(_proposals(values(value)))
        elif name in _CONTAINS:
            yield reduce(or_, (_CONTAINS[name].contains(part) for part in values(value)))
        elif name == "date_from":
            yield File.date_obs >= _begin_of(_day(name, value.strip()))
        elif name == "date_to":
            yield File.date_obs < _end_of(_day(name, value.strip()))
    if filters.ra is not None or filters.dec is not None or filters.radius is not None:
        yield _cone(filters)


def _proposals(soar_ids: list[str]) -> list[int]:
    """Return the ids of proposals: with ids the database can estimate the file counts."""
    named = Proposal.select(Proposal.id).where(Proposal.soar_id.in_(soar_ids))
    return [number for (number,) in named.tuples()]


def _cone(filters: FileFilters) -> Expression:
    for name, value in (("ra", filters.ra), ("dec", filters.dec)):
        if value is None:
            raise Unacceptable("Give both a right ascension and a declination.", field=name)
    return sky.Cone.of(filters.ra or "", filters.dec or "", filters.radius).condition()
