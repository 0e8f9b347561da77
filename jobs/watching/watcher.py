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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from watchfiles import Change, watch

from config import Config
from db import database
from jobs import condition_watch, wiring
from jobs.processes import heartbeat
from jobs.processes import log as process_log
from jobs.processes.parent_death import die_with_supervisor
from jobs.watching.path_queue import PathQueue
from reduction import registry
from services import notices
from services.errors import NotFound
from services.files import file_integrity, ingest

log = logging.getLogger(__name__)

N_THREADS = 2
"""One may be reading a file while the other commits."""
RESCAN_S = 60.0
NEW_FOLDER_S = 1.0
COARSE_CLOCK_NS = 2_000_000_000
"""A folder that changed this recently may change again with the same time of change."""
FIRST_RETRY_S, LAST_RETRY_S = 0.05, 5.0
BATCH = 400


class Scanner:
    """Find the frames that are not indexed; folders that did not change are not listed again."""

    def __init__(self) -> None:
        self._folders: dict[str, tuple[int, list[str]]] = {}

    def scan(self, folder: str) -> Iterator[tuple[str, int]]:
        """Yield (path, time of change in ns) of each frame below `folder` not seen so far."""
        try:
            changed = os.stat(folder).st_mtime_ns
            known = self._folders.get(folder)
            if known is None or known[0] != changed:
                frames, below = _listing(folder)
                yield from _unseen(frames)
                settled = time.time_ns() - changed > COARSE_CLOCK_NS
                self._folders[folder] = (changed if settled else -1, below)
            else:
                below = known[1]
        except OSError as error:
            log.warning("%s can't be read: %s", folder, error.strerror)
            self._folders.pop(folder, None)
            return
        for name in below:
            yield from self.scan(os.path.join(folder, name))


def _listing(folder: str) -> tuple[list[str], list[str]]:
    """Return the paths of the frames in a folder, and the names of the folders in it."""
    frames, below = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    below.append(entry.name)
            elif ingest.is_frame_name(entry.name):
                frames.append(entry.path)
    return frames, below


def _unseen(paths: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield (path, time of change) of those that are not indexed in their present state."""
    for start in range(0, len(paths), BATCH):
        with database.connection_context():
            new = list(ingest.unseen(Path(path) for path in paths[start : start + BATCH]))
        for path in new:
            try:
                changed = path.stat().st_mtime_ns
            except OSError:
                continue
            yield str(path), min(changed, time.time_ns())


class Watcher:
    """Pass each frame of the raw folders to `services.files.ingest`, the newest first."""

    def __init__(self, roots: Sequence[Path], uploads: Path, *, poll: bool) -> None:
        self.roots = [str(root) for root in roots]
        self.uploads = str(uploads)
        self.poll = poll
        self.pending = PathQueue()
        self.tries: dict[str, int] = {}
        self.rescan_now = threading.Event()
        self.roots_changed = threading.Event()
        self.scanner = Scanner()

    def run(self) -> None:
        """Watch until the process ends."""
        jobs = [self._ingest_forever] * N_THREADS + [self._rescan_forever]
        for job in jobs:
            threading.Thread(target=_or_die, args=(job,), daemon=True).start()
        if not self.roots:
            log.info("no folder is watched: GSP_RAW_DIRS is not set and the demo night is off")
            threading.Event().wait()
        while True:
            try:
                self._listen()
            except OSError as error:  # FileNotFoundError: a root is gone; ENOSPC: no watches left
                log.warning("the raw folders can't be watched, rescanning instead: %s", error)
                self.rescan_now.set()
                time.sleep(LAST_RETRY_S)

    def _listen(self) -> None:
        log.info("watching %s%s", ", ".join(self.roots), " by polling" if self.poll else "")
        self.roots_changed.clear()
        changes = watch(
            *self.roots,
            watch_filter=_interesting,
            step=10,
            debounce=100,
            rust_timeout=500,
            yield_on_timeout=True,
            stop_event=self.roots_changed,
            force_polling=self.poll,
            poll_delay_ms=100,
            ignore_permission_denied=True,
            raise_interrupt=False,
        )
        for n, batch in enumerate(changes):
            if n == 0:  # the watch is in place: find what came before it
                self.rescan_now.set()
            now = time.time_ns()
            for _, path in batch:
                if ingest.is_frame_name(os.path.basename(path)):
                    self._announced(path, now)
                elif os.path.isdir(path):
                    self._scan(path)
                    threading.Timer(NEW_FOLDER_S, self._scan, (path,)).start()

    def _announced(self, path: str, now: int) -> None:
        # A file that is being copied changes many times a second; it is examined 20 times a second.
        self.pending.put(path, now, delay=FIRST_RETRY_S if path in self.tries else 0.0)

    def _rescan_forever(self) -> None:
        identity = None
        while True:
            for root in (*self.roots, self.uploads):
                self._scan(root)
            # A root that was mounted or created again is another folder, which is not watched yet.
            now = [_identity(root) for root in self.roots]
            if identity not in (None, now):
                self.roots_changed.set()
            identity = now
            self.rescan_now.wait(RESCAN_S)
            self.rescan_now.clear()

    def _scan(self, folder: str) -> None:
        try:
            for path, changed in self.scanner.scan(folder):
                self.pending.put(path, changed)
        except Exception as error:  # noqa: BLE001 - database down: the next scan finds them
            log.warning("%s could not be scanned: %s", folder, error)

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
            with database.connection_context():
                arrival = ingest.ingest(Path(path))
        except file_integrity.IncompleteFile:
            self._again(path)
        except NotFound:  # removed meanwhile, or not a frame
            self.tries.pop(path, None)
        except Exception as error:
            if self.tries.get(path, 0) < 1:
                log.warning("%s could not be indexed, trying again: %s", path, error, exc_info=True)
            self._again(path)
        else:
            self.tries.pop(path, None)
            if arrival.outcome not in ("indexed", "duplicate"):
                log.warning("%s: %s: %s", path, arrival.outcome, notices.message(arrival.notice))

    def _again(self, path: str) -> None:
        n = self.tries.get(path, 0)
        self.tries[path] = n + 1
        self.pending.put(path, time.time_ns(), delay=min(LAST_RETRY_S, FIRST_RETRY_S * 2**n))


def _interesting(change: Change, path: str) -> bool:
    if change == Change.deleted:
        return False
    return ingest.is_frame_name(os.path.basename(path)) or (
        change == Change.added and os.path.isdir(path)
    )


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
    registry.all_blocks()  # or the first frame of the night waits a second for the imports
    condition_watch.start(config.watched_dirs)
    Watcher(config.watched_dirs, config.uploads_dir, poll=config.raw_poll).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
