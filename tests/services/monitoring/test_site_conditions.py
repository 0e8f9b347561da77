"""Conditions of the whole site: found, recorded once at begin and end, and shown to each role."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database
from redis.exceptions import ConnectionError as RedisAway

from db.models import LogEntry, SiteCondition
from jobs.condition_watch import Steady
from reduction import notice_text
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from services.monitoring import site_conditions
from services.monitoring.health import QueueState
from services.monitoring.site_conditions import RawFolders
from tests.support import builders

MISSING = notice(NoticeCode.RAW_FOLDER_MISSING, folder="/raw/goodman")
LOW = notice(NoticeCode.DISK_LOW, free="1.20 GB")


def well() -> QueueState:
    return QueueState(0, 2)


def away() -> QueueState:
    raise RedisAway("no route")


def codes(found: list[Notice]) -> list[NoticeCode]:
    return [entry.code for entry in found]


def logged() -> list[str]:
    return [row.notice["code"] for row in LogEntry.select().order_by(LogEntry.id)]


@pytest.fixture
def hung_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose listing blocks, as on a network file system whose server is away."""
    held = threading.Event()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path) == tmp_path:
            held.wait(20)
        return real(path)

    patch = pytest.MonkeyPatch()
    patch.setattr(site_conditions.os, "scandir", scandir)
    yield tmp_path
    held.set()
    patch.undo()


def test_a_folder_that_goes_and_comes_back_is_found(tmp_path: Path) -> None:
    kept, lost = tmp_path / "kept", tmp_path / "lost"
    kept.mkdir()
    folders = RawFolders([kept, lost])
    (found,) = folders.conditions()
    assert (found.code, found.params["folder"]) == (NoticeCode.RAW_FOLDER_MISSING, str(lost))
    lost.mkdir()
    assert folders.conditions() == []
    lost.rmdir()
    lost.write_text("a file in place of the folder")
    assert codes(folders.conditions()) == [NoticeCode.RAW_FOLDER_UNREADABLE]


def test_a_folder_that_hangs_costs_no_other_and_no_time(hung_folder: Path) -> None:
    gone = hung_folder / "gone"
    folders = RawFolders([hung_folder, gone], answer_s=0.3)
    for _ in range(2):
        began = time.monotonic()
        found = folders.conditions()
        assert time.monotonic() - began < 5
        assert codes(found) == [NoticeCode.RAW_FOLDER_SILENT, NoticeCode.RAW_FOLDER_MISSING]


@pytest.mark.parametrize(
    ("free", "size", "expected"),
    [
        (4_000_000_000, 10**12, [NoticeCode.DISK_LOW]),
        (100_000_000, 10**12, [NoticeCode.DISK_FULL]),
        (6_000_000_000, 10**12, []),
        (200_000_000, 10**9, []),
        (30_000_000, 10**9, [NoticeCode.DISK_LOW]),
        (10_000_000, 10**9, [NoticeCode.DISK_FULL]),
    ],
)
def test_the_space_left_on_a_disk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    size: int,
    expected: list[NoticeCode],
) -> None:
    real = os.statvfs(tmp_path)
    values = list(real)
    values[1], values[2], values[4] = 1, size, free  # f_frsize, f_blocks, f_bavail
    monkeypatch.setattr(site_conditions.os, "statvfs", lambda _: os.statvfs_result(values))
    assert codes(site_conditions.of_disk(tmp_path)) == expected


def test_a_home_that_is_gone_or_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(site_conditions.of_disk(tmp_path / "gone")) == [NoticeCode.HOME_READ_ONLY]
    values = list(os.statvfs(tmp_path))
    values[8] |= os.ST_RDONLY  # f_flag
    monkeypatch.setattr(site_conditions.os, "statvfs", lambda _: os.statvfs_result(values))
    assert codes(site_conditions.of_disk(tmp_path)) == [NoticeCode.HOME_READ_ONLY]


def test_a_condition_is_logged_when_it_begins_and_when_it_ends(database: Database) -> None:
    site_conditions.record([])
    for free in ("1.20 GB", "1.10 GB"):
        site_conditions.record([MISSING, notice(NoticeCode.DISK_LOW, free=free)])
    assert logged() == [MISSING.code, NoticeCode.DISK_LOW]
    site_conditions.record([MISSING])
    site_conditions.record([MISSING])
    assert logged() == [MISSING.code, NoticeCode.DISK_LOW, NoticeCode.CONDITION_ENDED]
    site_conditions.record([])
    assert SiteCondition.select().count() == 0
    last = LogEntry.select().order_by(LogEntry.id.desc()).get()
    assert last.notice["params"]["reason"]["code"] == MISSING.code
    assert last.proposal is None, "for staff: it names a folder"


def test_a_brief_condition_is_not_recorded() -> None:
    steady = Steady()
    assert steady.of([MISSING]) == []
    assert steady.of([]) == []
    assert steady.of([MISSING]) == []
    assert steady.of([MISSING, LOW]) == [MISSING]


def test_only_staff_is_shown_where_a_folder_is(database: Database, tmp_path: Path) -> None:
    site_conditions.record([MISSING])
    staff, pi = builders.person("staff", is_staff=True), builders.person("pi")
    for person, names_path in ((staff, True), (pi, False)):
        found = site_conditions.on_show(person, tmp_path, away)
        shown = {entry.code: notice_text.text(entry) for entry in found}
        assert set(shown) == {NoticeCode.QUEUE_DOWN, MISSING.code}
        assert ("/raw/goodman" in shown[MISSING.code]) is names_path
    assert codes(site_conditions.on_show(pi, tmp_path, well)) == [MISSING.code]
    nobody = site_conditions.of_queue(lambda: QueueState(3, 0))
    assert codes(nobody) == [NoticeCode.NO_WORKERS]
