"""Conditions that affect the whole site: a full disk, a raw folder that is missing, no workers.

Each is a notice in Logs when it begins and when it ends, and a banner on every page in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Timeout
from pathlib import Path

from peewee import PeeweeException

from db.models import SiteCondition, User
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services import access, logs
from services.monitoring import health
from services.monitoring.health import DOWN, QueueProbe
from services.unit_of_work import transaction

GB = 1_000_000_000
LOW = (5 * GB, 0.05)
FULL = (GB // 4, 0.02)
"""Free bytes, and free part of the disk, below both of which it is considered low, or full.

A night of 1x1 frames makes 5 GB of products, its largest product has 0.1 GB.
"""
ANSWER_S = 10.0
"""A folder that can't be listed within this time does not answer: a network file system hangs."""


def of_disk(home: Path) -> list[Notice]:
    """Return what is wrong with the disk of the products and the database."""
    try:
        disk = os.statvfs(home)
    except OSError:
        return [notice(NoticeCode.HOME_READ_ONLY)]
    if disk.f_flag & os.ST_RDONLY or not os.access(home, os.W_OK | os.X_OK):
        return [notice(NoticeCode.HOME_READ_ONLY)]
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    if free < min(FULL[0], FULL[1] * size):
        return [notice(NoticeCode.DISK_FULL)]
    if free < min(LOW[0], LOW[1] * size):
        return [notice(NoticeCode.DISK_LOW, free=f"{free / GB:.2f} GB")]
    return []


def of_queue(probe: QueueProbe) -> list[Notice]:
    """Return what is wrong with the queue and the workers."""
    queue, workers = health.of_queue(probe)
    if queue.state == DOWN:
        return [notice(NoticeCode.QUEUE_DOWN)]
    return [notice(NoticeCode.NO_WORKERS)] if workers.state == DOWN else []


class RawFolders:
    """Looks at the raw folders, each from a thread of its own: a hung disk blocks only that."""

    def __init__(self, roots: Iterable[Path], answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self._threads = {root: ThreadPoolExecutor(1, "raw-folder") for root in roots}

    def conditions(self) -> list[Notice]:
        """Return what is wrong with the folders."""
        looks = {root: thread.submit(_listable, root) for root, thread in self._threads.items()}
        found = []
        for root, look in looks.items():
            try:
                code = look.result(self._answer_s)
            except Timeout:
                look.cancel()
                code = NoticeCode.RAW_FOLDER_SILENT
            if code is not None:
                found.append(notice(code, folder=str(root)))
        return found


def _listable(root: Path) -> NoticeCode | None:
    try:
        with os.scandir(root) as entries:
            next(entries, None)
    except FileNotFoundError:
        return NoticeCode.RAW_FOLDER_MISSING
    except OSError:
        return NoticeCode.RAW_FOLDER_UNREADABLE
    return None


def key_of(entry: Notice) -> str:
    """Return what identifies a condition: the code of its notice, and the folder if it has one."""
    return f"{entry.code} {entry.params.get('folder', '')}".strip()


def record(current: Sequence[Notice]) -> None:
    """Store which conditions hold at present, with a log entry for each that began or ended."""
    known = {row.key: row for row in SiteCondition.select()}
    present = {key_of(entry): entry for entry in current}
    if known.keys() == present.keys():
        return
    with transaction() as work:
        for key, entry in present.items():
            if key not in known:
                SiteCondition.create(key=key, notice=entry.to_json())
                work.events.append(logs.write(entry))
        for key, row in known.items():
            if key not in present:
                row.delete_instance()
                since = f"{row.began:%Y-%m-%d %H:%M}"
                ended = notice(
                    NoticeCode.CONDITION_ENDED, reason=Notice.from_json(row.notice), since=since
                )
                work.events.append(logs.write(ended))


def on_show(user: User, home: Path, probe: QueueProbe) -> list[Notice]:
    """Return the conditions that a person is shown, the most severe first.

    Those of disk and queue are looked at now, since neither may let another process store them.
    Paths of folders are for staff only.
    """
    found = [*of_disk(home), *of_queue(probe)]
    try:
        stored = [Notice.from_json(row.notice) for row in SiteCondition.select()]
    except PeeweeException:
        stored = []
    found += [entry for entry in stored if "folder" in entry.params]
    if not access.sees_everything(user):
        found = [_without_path(entry) for entry in found]
    return sorted(found, key=lambda entry: -entry.severity)


def _without_path(entry: Notice) -> Notice:
    return notice(entry.code, folder="") if "folder" in entry.params else entry
