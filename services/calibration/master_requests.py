"""Which masters a person asks for: by frames, or by kind, date and setup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from db.models import File, User
from reduction.frames import DataType, FrameKind
from reduction.registry import Block, blocks_for
from services import access
from services.access import Action
from services.errors import NotFound, Unacceptable

RAW = DataType.RAW
SETUP = ("camera", "grating", "filter", "filter_2", "slit", "roi", "wavmode")
"""The columns by which the series of one night differ; a bias has its camera and region only."""
MAX_SERIES = 20


def block_of(file: File) -> Block:
    """Return the process that makes a master of a frame.

    Raises
    ------
    Unacceptable
        It is no frame that masters are made of.
    """
    fitting = [b for b in blocks_for(RAW, FrameKind(file.kind)) if b.produces is DataType.MASTER]
    if file.data_type != int(RAW) or not fitting:
        raise Unacceptable(f"{file.file_name} is neither a raw bias nor a raw flat.", field="ids")
    return fitting[0]


def of_files(files: Iterable[File]) -> list[File]:
    """Return one frame of each series that `files` belong to; a master is made of a whole series.

    Raises
    ------
    Unacceptable
        One of them is no frame that masters are made of.
    """
    return _one_of_each(file for file in files if block_of(file))


def of_night(user: User, kind: str, date: dt.date, setup: Mapping[str, Any]) -> list[File]:
    """Return one frame of each series of a kind and date that a person may process.

    Parameters
    ----------
    kind : str
        ``"bias"`` or ``"flat"``.
    date : date
        The UTC date of the exposures, or that of the night's begin.
    setup : mapping
        Some of `SETUP`, as the list of files shows them.

    Raises
    ------
    NotFound
        There is no such frame.
    Unacceptable
        There are too many series to mean them all.
    """
    frames = access.visible_files(user).where(
        File.data_type == int(RAW),
        File.kind == kind,
        (File.date == date) | (File.night == date),
    )
    for name, value in setup.items():
        frames = frames.where(getattr(File, name) == value)
    rows = list(frames)
    proposals = {f.proposal_id: f.proposal for f in {r.proposal_id: r for r in rows}.values()}
    may = {i for i, p in proposals.items() if Action.PROCESS in access.allowed(user, p)}
    found = _one_of_each(file for file in rows if file.proposal_id in may)
    if not found:
        raise NotFound(f"There are no {kind} frames of that date and setup.")
    if len(found) > MAX_SERIES:
        raise Unacceptable(f"{len(found)} series fit; narrow the setup.", field="date")
    return found


def _one_of_each(files: Iterable[File]) -> list[File]:
    first: dict[str, File] = {}
    for file in sorted(files, key=lambda f: (f.date_obs, f.id)):
        first.setdefault(file.series, file)
    return list(first.values())
