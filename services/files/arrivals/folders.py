"""Folders of the raw roots that cannot be read: said in the log when it begins and when it ends."""

from __future__ import annotations

from pathlib import Path

from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import logs
from services.files.arrivals.names import shown
from services.unit_of_work import transaction


def note_unreadable(folder: str | Path, problem: str) -> None:
    """Say in the log that a folder cannot be read; `problem` is the system's reason."""
    with transaction() as work:
        entry = notice(NoticeCode.FOLDER_UNREADABLE, file=shown(folder), problem=problem)
        work.events += logs.write_grouped(entry)


def note_readable(folder: str | Path) -> None:
    """Say in the log that a folder can be read again."""
    with transaction() as work:
        work.events += logs.write_grouped(notice(NoticeCode.FOLDER_READABLE, file=shown(folder)))
