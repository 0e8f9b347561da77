"""A file arrives: checked, described, indexed once, and what is due with it put to work.

Headers and bytes are read here, pixels never, so this is safe in the web process.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peewee import IntegrityError

from db.models import Arrival, File, Proposal, utc_now
from reduction.errors import HeaderError, ReductionError
from reduction.fits import frame_io
from reduction.fits import headers as vocabulary
from reduction.frames import DataType, FrameDescription
from services import logs
from services.errors import NotFound
from services.files import rows
from services.files.file_integrity import IncompleteFile, Stamp, check, sha256
from services.proposals import proposals
from services.runs import scheduling
from services.setup import site
from services.unit_of_work import Effects, transaction

SUFFIXES = (".fits", ".fits.gz", ".fits.fz")
OUTSIDE = "There is no such frame in the watched folders."


def is_frame_name(name: str) -> bool:
    """Tell whether a file's name is that of a frame; hidden and temporary names are not."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def real_path(path: Path) -> Path:
    """Return the path with all links resolved, when it is a regular file inside a raw root."""
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
    """Yield the paths that are new, or changed since they were looked at: for a rescan."""
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
class _Sighting:
    """A whole, readable frame and what was found in it."""

    path: Path
    stamp: Stamp
    frame: FrameDescription
    odd: list[str]
    checksum: str


def ingest(path: Path) -> Arrival:
    """Take in the file at `path`: the whole story of one arrival.

    Returns
    -------
    Arrival
        ``indexed``, ``duplicate`` (same content as `Arrival.file`), ``conflict`` (another content
        under the name of a frame of that night and proposal) or ``quarantined``, with a sentence.

    Raises
    ------
    NotFound
        No regular file with a frame's name inside a raw root.
    IncompleteFile
        The copy is under way.
    """
    path = real_path(path)
    try:
        stamp = Stamp.of(path)
        seen = Arrival.get_or_none(Arrival.path == str(path))
        if seen is not None and (seen.size, seen.mtime_ns) == (stamp.size, stamp.mtime_ns):
            return seen
        sighting = _examine(path, stamp)
    except ReductionError as error:
        keyword = error.keyword if isinstance(error, HeaderError) else ""
        return _quarantine(path, stamp, keyword, str(error))
    except OSError as error:
        raise NotFound(f"{path.name} can't be read: {error.strerror}.") from error
    try:
        with transaction() as effects:
            return _settle(effects, sighting)
    except IntegrityError:
        # Another process indexed the same content, or path, a moment ago: now it is a duplicate.
        with transaction() as effects:
            return _settle(effects, sighting)


def _examine(path: Path, stamp: Stamp) -> _Sighting:
    """Describe a whole file; one that changes meanwhile is not described but incomplete."""
    odd = check(path, stamp)
    checksum = sha256(path)
    header, shape = frame_io.read_header(path)
    frame = vocabulary.describe(header, shape, path.name)
    if Stamp.of(path) != stamp:
        raise IncompleteFile(f"{path.name} changed while it was read.")
    return _Sighting(path, stamp, frame, odd, checksum)


def _note(path: Path, stamp: Stamp, outcome: str, **facts: object) -> Arrival:
    """Write down what became of a path, in place of what was known of it before."""
    row: dict[str, Any] = {
        "file": None,
        "proposal": None,
        "keyword": "",
        "sentence": "",
        "seen": utc_now(),
    }
    row |= {"size": stamp.size, "mtime_ns": stamp.mtime_ns, "outcome": outcome, **facts}
    replaced = [getattr(Arrival, name) for name in row]
    insert = Arrival.insert(path=str(path), **row)
    insert.on_conflict(conflict_target=[Arrival.path], preserve=replaced).execute()
    return Arrival.get(Arrival.path == str(path))


def _quarantine(path: Path, stamp: Stamp, keyword: str, sentence: str) -> Arrival:
    if path.name not in sentence:
        sentence = f"{path.name}: {sentence}"
    with transaction() as effects:
        # The proposal of a frame whose header can't be read is unknown: staff sees the entry.
        effects.events.append(logs.write("error", sentence))
        return _note(path, stamp, "quarantined", keyword=keyword, sentence=sentence)


def _settle(effects: Effects, new: _Sighting) -> Arrival:
    """Decide between duplicate, conflict and a new row, inside a transaction."""
    raw = File.data_type == DataType.RAW
    path = str(new.path)
    twin = _one(raw & (File.checksum == new.checksum))
    if twin is not None:
        if twin.full_path != path and not Path(twin.full_path).exists():
            twin.full_path = path  # the frame was moved
            twin.save(only=[File.full_path])
        outcome = "indexed" if twin.full_path == path else "duplicate"
        return _note(new.path, new.stamp, outcome, file=twin, proposal=twin.proposal)
    proposal = proposals.for_frame(new.frame.proposal)
    same_name = (File.file_name == new.path.name) & (File.night == new.frame.night)
    rival = _one(raw & ((same_name & (File.proposal == proposal)) | (File.full_path == path)))
    if rival is not None:
        sentence = (
            f"{new.path.name} has another content than the frame of that name which was indexed "
            f"on {rival.created:%Y-%m-%d %H:%M} UTC; the first is kept."
        )
        log = logs.write("error", sentence, proposal=rival.proposal, file=rival)
        effects.events.append(log)
        return _note(
            new.path, new.stamp, "conflict", file=rival, proposal=rival.proposal, sentence=sentence
        )
    file = _add(effects, new, proposal)
    scheduling.schedule(file, effects)
    return _note(new.path, new.stamp, "indexed", file=file, proposal=proposal)


def _one(condition: Any) -> File | None:
    """Return the file of a condition. Mostly there is none: then its columns are not asked for."""
    found = File.select(File.id).where(condition).limit(1).scalar()
    return None if found is None else File.get_by_id(found)


def _add(effects: Effects, new: _Sighting, proposal: Proposal) -> File:
    """Write the row of a new raw frame; announce it, and what is odd about it."""
    facts = rows.columns(new.frame)
    facts["warnings"] = [*facts["warnings"], *new.odd]
    file = File.create(
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
    effects.events.append(rows.file_event("file-added", file))
    effects.pictures.append(file.id)
    for sentence in file.warnings:
        said = f"{file.file_name}: {sentence}"
        effects.events.append(logs.write("warning", said, proposal=proposal, file=file))
    return file
