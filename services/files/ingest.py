"""Indexing of raw frames: each arriving file is checked, described and indexed once.

Headers and bytes are read here, pixels never, so that the web process may do it too.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peewee import IntegrityError

from db import clock
from db.models import Arrival, File, Proposal
from reduction.errors import HeaderError, ReductionError
from reduction.fits import frame_io, headers, product_marks
from reduction.frames import DataType, FrameDescription
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services import logs, notices
from services.context import site
from services.errors import NotFound
from services.files import rows
from services.files.file_integrity import IncompleteFile, Stamp, check, sha256
from services.proposals import proposals
from services.runs import scheduling
from services.unit_of_work import UnitOfWork, transaction

SUFFIXES = (".fits", ".fits.gz", ".fits.fz")
OUTSIDE = "There is no such frame in the watched folders."


def is_frame_name(name: str) -> bool:
    """Return whether a name is that of a frame; names of hidden and temporary files are not."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def real_path(path: Path) -> Path:
    """Return the path of a regular file inside a raw root, with all links resolved.

    Raises
    ------
    NotFound
        There is no such file, or it lies outside of the raw roots.
    """
    try:
        path.as_posix().encode()
        real = path.resolve(strict=True)
        regular = stat.S_ISREG(real.stat().st_mode)
    except (OSError, ValueError, RuntimeError) as error:
        raise NotFound(OUTSIDE) from error
    inside = any(real.is_relative_to(root) for root in site().all_raw_roots)
    if not (inside and regular and is_frame_name(real.name)):
        raise NotFound(OUTSIDE)
    return real


def unseen(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the paths that are new, or whose files have changed since they were indexed."""
    batch: list[Path] = []
    for path in paths:
        batch.append(path)
        if len(batch) == 500:
            yield from _unseen(batch)
            batch = []
    yield from _unseen(batch)


def _unseen(batch: list[Path]) -> Iterator[Path]:
    query = Arrival.select(Arrival.path, Arrival.size, Arrival.mtime_ns)
    query = query.where(Arrival.path.in_([str(path) for path in batch]))
    known = {path: (size, mtime) for path, size, mtime in query.tuples()}
    for path in batch:
        try:
            info = path.stat()
        except OSError:
            continue
        if known.get(str(path)) != (info.st_size, info.st_mtime_ns):
            yield path


@dataclass(frozen=True, slots=True)
class _ArrivingFrame:
    """A complete, readable frame: its description, and notices on what is unusual."""

    path: Path
    stamp: Stamp
    frame: FrameDescription
    oddities: tuple[Notice, ...]
    checksum: str


def ingest(path: Path) -> Arrival:
    """Index the file at `path`.

    Returns
    -------
    Arrival
        ``indexed``, ``duplicate`` (same content as `Arrival.file`), ``conflict`` (another content
        under the name of a frame of that night and proposal) or ``quarantined``, with a notice.

    Raises
    ------
    NotFound
        No regular file with a frame's name inside a raw root.
    IncompleteFile
        It is still being written.
    """
    path = real_path(path)
    try:
        stamp = Stamp.of(path)
        known: Arrival | None = Arrival.get_or_none(Arrival.path == str(path))
        if known is not None and (known.size, known.mtime_ns) == (stamp.size, stamp.mtime_ns):
            return known
        frame = _examine(path, stamp)
    except ReductionError as error:
        return _quarantine(path, stamp, error.notice)
    except OSError as error:
        raise NotFound(f"{path.name} can't be read: {error.strerror}.") from error
    try:
        with transaction() as work:
            return _settle(work, frame)
    except IntegrityError:
        # Another process has just indexed the same content or path: this is a duplicate.
        with transaction() as work:
            return _settle(work, frame)


def _examine(path: Path, stamp: Stamp) -> _ArrivingFrame:
    """Describe a complete file.

    Raises
    ------
    IncompleteFile
        It changed meanwhile.
    """
    oddities = check(path, stamp)
    checksum = sha256(path)
    frame = describe_raw(path)
    if Stamp.of(path) != stamp:
        raise IncompleteFile(f"{path.name} changed while it was read.")
    return _ArrivingFrame(path, stamp, frame, tuple(oddities), checksum)


def describe_raw(path: Path) -> FrameDescription:
    """Return the description of a raw frame.

    Raises
    ------
    UnusableFrame
        The file is no FITS image.
    HeaderError
        A card that is needed can't be used, or shows that the file is a product.
    """
    header, shape = frame_io.read_header(path)
    every = [each for _, each in frame_io.read_all_headers(path)]
    mark = product_marks.find(every, shape)
    if mark is not None:
        raise HeaderError(mark.to_notice())
    return headers.describe(header, shape, path.name)


def _note(path: Path, stamp: Stamp, outcome: str, **facts: object) -> Arrival:
    """Store the outcome of an arrival, in place of the earlier outcome of that path."""
    row: dict[str, Any] = {
        "file": None,
        "proposal": None,
        "notice": None,
        "seen": clock.now(),
    }
    row |= {"size": stamp.size, "mtime_ns": stamp.mtime_ns, "outcome": outcome, **facts}
    replaced = [getattr(Arrival, name) for name in row]
    insert = Arrival.insert(path=str(path), **row)
    insert.on_conflict(conflict_target=[Arrival.path], preserve=replaced).execute()
    arrival: Arrival = Arrival.get(Arrival.path == str(path))
    return arrival


def _quarantine(path: Path, stamp: Stamp, reason: Notice) -> Arrival:
    entry = notice(NoticeCode.QUARANTINED, file=path.name, reason=reason)
    with transaction() as work:
        # The proposal is unknown when the header can't be read: only staff sees the entry.
        work.events.append(logs.write(entry))
        return _note(path, stamp, "quarantined", notice=entry.to_json())


def _settle(work: UnitOfWork, new: _ArrivingFrame) -> Arrival:
    """Decide between duplicate, conflict and a new row, inside a transaction."""
    raw = File.data_type == DataType.RAW
    path = str(new.path)
    same = _first(raw & (File.checksum == new.checksum))
    if same is not None:
        if same.full_path != path and not Path(same.full_path).exists():
            same.full_path = path  # the frame was moved
            same.save(only=[File.full_path])
        outcome = "indexed" if same.full_path == path else "duplicate"
        return _note(new.path, new.stamp, outcome, file=same, proposal=same.proposal)
    proposal = proposals.for_frame(new.frame.proposal)
    same_name = (File.file_name == new.path.name) & (File.night == new.frame.night)
    other = _first(raw & ((same_name & (File.proposal == proposal)) | (File.full_path == path)))
    if other is not None:
        entry = notice(
            NoticeCode.NAME_CONFLICT,
            file=new.path.name,
            indexed=f"{other.created:%Y-%m-%d %H:%M}",
        )
        work.events.append(logs.write(entry, proposal=other.proposal, file=other))
        facts = {"file": other, "proposal": other.proposal, "notice": entry.to_json()}
        return _note(new.path, new.stamp, "conflict", **facts)
    file = _add(work, new, proposal)
    scheduling.schedule(file, work)
    return _note(new.path, new.stamp, "indexed", file=file, proposal=proposal)


def _first(condition: Any) -> File | None:
    """Return the file of a condition; its columns are read only if there is one, which is rare."""
    file_id = File.select(File.id).where(condition).limit(1).scalar()
    return None if file_id is None else File.get_by_id(file_id)


def _add(work: UnitOfWork, new: _ArrivingFrame, proposal: Proposal) -> File:
    """Store the row of a new raw frame, with its event and a log entry for each warning."""
    facts = rows.columns(new.frame)
    facts["notices"] += notices.dump_all(new.oddities)
    file: File = File.create(
        file_name=new.path.name,
        full_path=str(new.path),
        size=new.stamp.size,
        checksum=new.checksum,
        data_type=DataType.RAW,
        proposal=proposal,
        **facts,
    )
    file.original = file.parent = file
    file.save(only=[File.original, File.parent])
    work.events.append(rows.file_event("file-added", file))
    work.previews.append(file.id)
    for reason in notices.load_all(file.notices):
        entry = notice(NoticeCode.FILE_NOTICE, file=file.file_name, reason=reason)
        work.events.append(logs.write(entry, proposal=proposal, file=file))
    return file
