"""A watcher as the supervisor starts it, with a home, a raw folder and a database of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import db
from tests.support.paths import ROOT


class WatcherProcess:
    """A running watcher; its database is read from outside."""

    def __init__(self, *, poll: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gsp-watch-"))
        self.raw = self.folder / "raw"
        self.raw.mkdir()
        home = self.folder / "home"
        home.mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GSP_", "COVERAGE"))}
        self.environment = kept | {
            "GSP_HOME": str(home),
            "GSP_RAW_DIRS": str(self.raw),
            "GSP_RAW_POLL": "on" if poll else "off",
            "GSP_DEMO": "off",
        }
        self.log = self.folder / "stderr.txt"
        migrated = db.open_database(f"sqlite:///{home / 'gsp.db'}")
        db.Runner(migrated, str(db.MIGRATIONS)).up()
        migrated.close()
        self._rows = sqlite3.connect(home / "gsp.db")

    def start(self) -> None:
        """Start it and wait until it watches."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jobs.watching.watcher"],
                cwd=ROOT,
                env=self.environment,
                stderr=output,
            )
        self.until(lambda: "watching " in self.log.read_text(), "it watches")

    def stop(self) -> None:
        """Stop it and remove its folder."""
        self.process.terminate()
        self.process.wait(20)
        self._rows.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._rows.execute(query, values).fetchall()

    def outcomes(self) -> dict[str, str]:
        """Return the outcome of each path, by the end of the path below the raw folder."""
        start = f"{self.raw}/"
        found = self.rows("SELECT path, outcome FROM arrival")
        return {path.removeprefix(start): outcome for path, outcome in found}

    def until(self, condition: Callable[[], Any], what: str, timeout: float = 60) -> Any:
        """Return the first true value of a condition."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"not within {timeout} s: {what}\n{self.log.read_text()[-3000:]}")
