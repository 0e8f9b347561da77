"""What became of each path of the raw roots: one row a path, and the entries of the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from db import clock
from db.models import Arrival, File
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services import logs
from services.files.arrivals.names import shown
from services.files.file_integrity import Stamp, sha256
from services.unit_of_work import transaction

BATCH = 500
UNREAD = Stamp(size=-1, mtime_ns=0, ctime_ns=0, inode=0)
"""Of a file that could not be read: no file has this size."""


class Outcome(StrEnum):
    """What became of a path."""

    INDEXED = "indexed"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


def of_path(path: Path) -> Arrival | None:
    """Return the row of a path."""
    row: Arrival | None = Arrival.get_or_none(Arrival.path == shown(path))
    return row


def is_settled(known: Arrival | None, stamp: Stamp) -> bool:
    """Return whether a path was judged in its present state."""
    return known is not None and (known.size, known.mtime_ns) == (stamp.size, stamp.mtime_ns)


def unseen(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the paths that are new, or whose files have changed since they were judged."""
    batch: list[Path] = []
    for path in paths:
        batch.append(path)
        if len(batch) == BATCH:
            yield from _unseen(batch)
            batch = []
    yield from _unseen(batch)


def _unseen(batch: list[Path]) -> Iterator[Path]:
    query = Arrival.select(Arrival.path, Arrival.size, Arrival.mtime_ns)
    query = query.where(Arrival.path.in_([shown(path) for path in batch]))
    known = {path: (size, mtime) for path, size, mtime in query.tuples()}
    for path in batch:
        try:
            stamp = Stamp.of(path)
        except OSError:
            continue
        if known.get(shown(path)) != (stamp.size, stamp.mtime_ns):
            yield path


def note(path: Path, stamp: Stamp, outcome: Outcome, **facts: object) -> Arrival:
    """Store the outcome of an arrival, in place of the earlier outcome of that path."""
    row: dict[str, Any] = {"file": None, "proposal": None, "notice": None, "seen": clock.now()}
    row |= {"size": stamp.size, "mtime_ns": stamp.mtime_ns, "outcome": outcome, **facts}
    replaced = [getattr(Arrival, name) for name in row]
    insert = Arrival.insert(path=shown(path), **row)
    insert.on_conflict(conflict_target=[Arrival.path], preserve=replaced).execute()
    arrival: Arrival = Arrival.get(Arrival.path == shown(path))
    return arrival


def is_still_there(file: File) -> bool:
    """Return whether a raw frame's path still holds the bytes that are indexed."""
    path = Path(file.full_path)
    try:
        stamp = Stamp.of(path)
    except OSError:
        return False
    known = of_path(path)
    if known is None or known.file_id != file.id or known.outcome != Outcome.INDEXED:
        return bool(stamp.size == file.size)  # indexed by a release or a test that kept no stamp
    return is_settled(known, stamp)


def quarantine_unreadable(path: Path, error: OSError) -> Arrival:
    """Refuse a file that the system does not let us read; its stamp is never that of the file.

    A change of the permissions changes neither size nor time: the file is asked for again.
    """
    reason = notice(
        NoticeCode.FILE_UNREADABLE, file=shown(path.name), problem=error.strerror or str(error)
    )
    return quarantine(path, UNREAD, reason)


def is_changed(file: File) -> bool:
    """Return whether a raw frame has other bytes on disk than those that are indexed.

    Bytes are compared only if size or time differ from what was examined.
    """
    path = Path(file.full_path)
    known = of_path(path)
    if known is None or known.file_id != file.id:
        return False  # there is nothing to compare with
    try:
        if known.outcome == Outcome.INDEXED and is_settled(known, Stamp.of(path)):
            return False
        return bool(sha256(path) != file.checksum)
    except OSError:
        return False  # gone, or not readable now: said where it is opened


def give_up(path: Path, error: Exception) -> Arrival:
    """Refuse a file whose examination failed, again and again, in a way that was not foreseen."""
    exception = getattr(error, "exception", type(error).__name__)
    reason = notice(NoticeCode.UNEXPECTED_FAILURE, file=shown(path.name), exception=str(exception))
    return quarantine(path, Stamp.of(path), reason)


def kind_of(arrival: Arrival) -> str:
    """Return what the outcomes of one kind have in common: the codes of their notice."""
    stored = arrival.notice or {"code": "", "params": {}}
    reason = stored["params"].get("reason") or {"code": ""}
    return f"{stored['code']}:{reason['code']}"


def quarantine(path: Path, stamp: Stamp, reason: Notice) -> Arrival:
    """Refuse a file: the log says so once for each reason, and once for many files of one kind."""
    entry = notice(NoticeCode.QUARANTINED, file=shown(path.name), reason=reason)
    with transaction() as work:
        known = of_path(path)
        if known is None or known.notice != entry.to_json():
            # The proposal is unknown when the header can't be read: only staff sees the entry.
            work.events += logs.write_grouped(entry)
        return note(path, stamp, Outcome.QUARANTINED, notice=entry.to_json())
