"""Observing nights: which ones a person sees, and their raw frames by kind and page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from peewee import fn

from db.models import File, User, utc_now
from reduction.frames import DataType, FrameKind, night_of
from services import access
from services.paging import Page, paginate_within

RAW = DataType.RAW
NIGHTS_LISTED = 60
KINDS = tuple(str(kind) for kind in FrameKind)


@dataclass(frozen=True, slots=True)
class Night:
    """An observing night and the number of its raw frames that a person sees."""

    date: dt.date
    frames: int


@dataclass(frozen=True, slots=True)
class NightHead:
    """The head of the page of a night: what it is, and the way to other nights.

    Attributes
    ----------
    before, after : datetime.date or None
        The nearest nights with frames that the person sees.
    listed : tuple of Night
        The newest nights.
    """

    date: dt.date
    is_tonight: bool
    before: dt.date | None
    after: dt.date | None
    listed: tuple[Night, ...]


def head(user: User, night: dt.date) -> NightHead:
    """Return the head of the page of a night."""
    before, after = neighbours(user, night)
    return NightHead(night, is_tonight(night), before, after, tuple(nights(user)))


def nights(user: User, upto: dt.date | None = None) -> list[Night]:
    """Return the newest nights, not after `upto`, with frames that a person sees."""
    query = access.visible_files(user, File.night, fn.COUNT(File.id)).where(File.data_type == RAW)
    if upto is not None:
        query = query.where(File.night <= upto)
    query = query.group_by(File.night).order_by(File.night.desc()).limit(NIGHTS_LISTED)
    return [Night(night, count) for night, count in query.tuples()]


def latest(user: User) -> dt.date | None:
    """Return the newest night with a frame that a person sees."""
    newest = access.visible_files(user, File.night).where(File.data_type == RAW)
    date: dt.date | None = newest.order_by(File.date_obs.desc()).limit(1).scalar()
    return date


def neighbours(user: User, night: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """Return the nearest nights before and after one with frames that a person sees."""
    seen = access.visible_files(user, File.night).where(File.data_type == RAW)
    before = seen.where(File.night < night).order_by(File.night.desc()).limit(1).scalar()
    after = seen.where(File.night > night).order_by(File.night).limit(1).scalar()
    return before, after


def is_tonight(night: dt.date) -> bool:
    """Return whether a night is the current one."""
    return night == night_of(utc_now())


def counts(user: User, night: dt.date) -> dict[str, int]:
    """Return the number of raw frames of a night that a person sees, by kind."""
    query = access.visible_files(user, File.kind, fn.COUNT(File.id)).where(
        File.night == night, File.data_type == RAW
    )
    return dict(query.group_by(File.kind).tuples())


def page(
    user: User, night: dt.date, kind: str = "", page: int = 1, page_size: int = 100
) -> Page[int]:
    """Return a page of the ids of a night's raw frames, newest first.

    Parameters
    ----------
    user : User
        Who asks.
    night : datetime.date
        The night.
    kind : str
        One of `KINDS`, or "" for all.
    page, page_size : int
        From 1; a page beyond the last is the last.
    """
    query = access.visible_files(user, File.id).where(File.night == night, File.data_type == RAW)
    if kind in KINDS:
        query = query.where(File.kind == kind)
    ordered = query.order_by(File.date_obs.desc(), File.id.desc()).tuples()
    found = paginate_within(ordered, page, page_size)
    return replace(found, rows=[number for (number,) in found.rows])
