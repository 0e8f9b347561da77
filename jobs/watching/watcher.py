"""Watch the raw folders: ``python -m jobs.watching.watcher``.

Announcements (inotify, or polling on request) make it fast; a rescan at the start, every minute and
of every new folder makes it complete: announcements get lost (an overflow, a folder created and
filled faster than it can be watched, a network file system).
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from config import Config
from db import database
from jobs import condition_watch, wiring
from jobs.processes import heartbeat
from jobs.processes import log as process_log
from jobs.processes.parent_death import die_with_supervisor
from jobs.watching.announcements import Announcement, Announcements, What
from jobs.watching.path_queue import PathQueue
from jobs.watching.scanner import Scanner
from jobs.watching.settling import Settling
from reduction import registry
from services import notices
from services.errors import DATABASE_UNAVAILABLE, NotFound, Unavailable
from services.files import file_integrity, ingest
from services.files.arrivals import folders, incoming, inspector, names, outcomes

log = logging.getLogger(__name__)

N_THREADS = 2
"""One may be reading a file while the other commits."""
RESCAN_S = 60.0
WHOLE_RESCAN_S = 600.0
POLL_S = 0.1
NEW_FOLDER_S = 1.0
FIRST_RETRY_S, LAST_RETRY_S = 0.05, 5.0
UNREADABLE_RETRY_S = 60.0
TRIES = 3
"""Of a file whose examination fails in a way that was not foreseen."""


class Watcher:
    """Pass each frame of the raw folders to `services.files.ingest`, the newest first."""

    def __init__(self, roots: Sequence[Path], uploads: Path, *, poll: bool) -> None:
        self.roots = [str(root) for root in roots]
        self.uploads = str(uploads)
        self.poll = poll
        self.pending = PathQueue()
        self.tries: dict[str, int] = {}
        self.failures: dict[str, int] = {}
        self.settling = Settling()
        self.lines = process_log.Repeated(log)
        self.rescan_now = threading.Event()
        self.roots_changed = threading.Event()
        self.scanner = Scanner(self._folder_fails, self._folder_is_well)
        self.scanning = threading.Lock()

    def run(self) -> None:
        """Watch until the process ends."""
        jobs = [self._ingest_forever] * N_THREADS + [self._rescan_forever]
        for job in jobs:
            threading.Thread(target=_or_die, args=(job,), daemon=True).start()
        if not self.roots:
            log.info("no folder is watched: GSP_RAW_DIRS is not set and the demo night is off")
            threading.Event().wait()
        log.info("watching %s%s", ", ".join(self.roots), " by polling" if self.poll else "")
        while True:
            try:
                if self.poll:
                    self._poll_until(float("inf"))
                else:
                    self._listen()
            except OSError as error:  # no watches left, or a system without inotify
                self.lines.warn(f"the raw folders are polled, not watched: {error}", "watch")
                self._poll_until(time.monotonic() + RESCAN_S)

    # --- what is announced ---------------------------------------------------------------------

    def _listen(self) -> None:
        self.roots_changed.clear()
        with Announcements(self.roots) as announcements:
            self.rescan_now.set()  # the watch is in place: find what came before it
            for announcement in announcements.until(self.roots_changed):
                self._announced(announcement)

    def _announced(self, announcement: Announcement) -> None:
        what, path = announcement.what, announcement.path
        if what is What.LOST:
            self.rescan_now.set()
        elif what is What.FOLDER:
            self._scan(path)
            threading.Timer(NEW_FOLDER_S, self._scan, (path,)).start()
        elif names.is_frame_name(os.path.basename(path)):
            if what is What.WRITTEN:
                # It is looked at when it is closed; until then, from time to time.
                self.settling.written(path)
                if path not in self.tries:
                    self.tries[path] = 0
                    self.pending.put(path, time.time_ns(), delay=LAST_RETRY_S)
                return
            if what is What.CLOSED:
                self.settling.closed(path)
            self.pending.put(path, time.time_ns())

    def _poll_until(self, end: float) -> None:
        while time.monotonic() < end:
            for root in self.roots:
                self._scan(root)
            time.sleep(POLL_S)

    # --- what is found -------------------------------------------------------------------------

    def _rescan_forever(self) -> None:
        identity, whole = None, time.monotonic()
        while True:
            is_whole = self.poll or time.monotonic() - whole > WHOLE_RESCAN_S
            whole = time.monotonic() if is_whole else whole
            for root in (*self.roots, self.uploads):
                self._scan(root, whole=is_whole)
            # A root that was mounted or created again is another folder, which is not watched yet.
            now = [_identity(root) for root in self.roots]
            if identity not in (None, now):
                self.roots_changed.set()
            identity = now
            self.rescan_now.wait(RESCAN_S)
            self.rescan_now.clear()

    def _scan(self, folder: str, *, whole: bool = False) -> None:
        try:
            with self.scanning:
                for path, changed in self.scanner.scan(folder, whole=whole):
                    self.pending.put(path, changed)
        except Exception as error:  # noqa: BLE001 - database down: the next scan finds them
            self.lines.warn(f"{names.shown(folder)} could not be scanned: {error}", "scan")

    def _folder_fails(self, folder: str, error: OSError) -> None:
        problem = error.strerror or str(error)
        self.lines.warn(f"{names.shown(folder)} can't be read: {problem}", "folder")
        if folder in self.roots:
            return  # a condition of the site: `jobs.condition_watch` says so
        with database.connection_context():
            folders.note_unreadable(folder, problem)

    def _folder_is_well(self, folder: str) -> None:
        if folder in self.roots:
            return
        with database.connection_context():
            folders.note_readable(folder)

    # --- what is indexed -----------------------------------------------------------------------

    def _ingest_forever(self) -> None:
        while True:
            path = self.pending.take()
            if path is None:
                continue
            try:
                self._ingest(path)
            finally:
                self.pending.done(path)

    def _ingest(self, path: str) -> None:
        try:
            if not self._has_settled(path):
                return
            with database.connection_context():
                arrival = ingest.ingest(Path(path))
        except file_integrity.IncompleteFile:
            self._again(path)
        except (NotFound, FileNotFoundError):  # removed meanwhile, or not a frame
            self._forget(path)
        except (*DATABASE_UNAVAILABLE, Unavailable) as error:
            self.lines.warn(f"{names.shown(path)} has to wait: {error}", "database")
            self._again(path)
        except Exception as error:  # noqa: BLE001 - counted, and said in the log of the site
            self._fails(path, error)
        else:
            self._forget(path)
            if arrival.outcome not in (outcomes.Outcome.INDEXED, outcomes.Outcome.DUPLICATE):
                line = f"{arrival.outcome}: {notices.message(arrival.notice)}"
                self.lines.warn(line, outcomes.kind_of(arrival))
            if arrival.size == outcomes.UNREAD.size:
                self.pending.put(path, time.time_ns(), delay=UNREADABLE_RETRY_S)

    def _has_settled(self, path: str) -> bool:
        """Return whether a file may be indexed; if not, it is looked at again when it may."""
        stamp = file_integrity.Stamp.of(Path(path))
        self.settling.seen(path, stamp.size, stamp.mtime_ns)
        missing = self.settling.missing_quiet(path)
        if missing:
            self.pending.put(path, time.time_ns(), delay=max(FIRST_RETRY_S, missing))
        return not missing

    def _fails(self, path: str, error: Exception) -> None:
        """Try again after what was not foreseen; after some tries, say so and give up."""
        failed = self.failures[path] = self.failures.get(path, 0) + 1
        kind = type(error).__name__
        if failed < TRIES:
            line = f"{names.shown(path)} could not be indexed, trying again: {kind}: {error}"
            self.lines.warn(line, f"unexpected {kind}")
            self._again(path)
            return
        log.warning("%s is given up", names.shown(path), exc_info=error)
        try:
            with database.connection_context():
                outcomes.give_up(Path(path), error)
        except Exception:
            log.exception("%s could not be put into quarantine", names.shown(path))
            self._again(path)
        else:
            self._forget(path)

    def _again(self, path: str) -> None:
        n = self.tries.get(path, 0)
        self.tries[path] = n + 1
        delay = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(n, 10))
        self.pending.put(path, time.time_ns(), delay=delay)

    def _forget(self, path: str) -> None:
        self.tries.pop(path, None)
        self.failures.pop(path, None)
        self.settling.forget(path)


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _or_die(job: Callable[[], None]) -> None:
    """Run a thread's work; when it fails, end the process: the supervisor starts it again."""
    try:
        job()
    except Exception:
        log.exception("the watcher failed and starts again")
        os._exit(1)


def main() -> int:
    """Entry point of the process."""
    die_with_supervisor()
    heartbeat.keep_beating()
    process_log.to_stderr("watcher")
    config = Config.from_env()
    wiring.connect(config)
    inspector.start()
    incoming.remove_leftovers()
    registry.all_blocks()  # or the first frame of the night waits a second for the imports
    condition_watch.start(config.watched_dirs)
    Watcher(config.watched_dirs, config.uploads_dir, poll=config.raw_poll).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
