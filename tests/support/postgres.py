"""A temporary PostgreSQL server: ``python -m tests.support.postgres COMMAND…`` runs one with it.

The server lives in a temporary folder, listens on a unix socket there, and is gone afterwards.
COMMAND finds it in ``GSP_TEST_DATABASE_URL``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534  # PostgreSQL refuses to run as root

MISSING = "PostgreSQL is not installed (initdb not found): the database tests ran on SQLite only."


def server_binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl, newest version first, or None."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def server(binaries: Path, kept: Path | None = None) -> Iterator[str]:
    """Run a server; yield the URL of an empty database in it, or of the one in a `kept` folder."""
    as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="gsp-postgres-") as temporary:
        folder = temporary if kept is None else str(kept)
        if as_user:
            os.chown(folder, NOBODY, NOBODY)
        data = f"{folder}/data"

        def run(*command: str) -> None:
            subprocess.run(
                [str(binaries / command[0]), *command[1:]],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                **as_user,
            )

        if not Path(data).exists():
            run("initdb", "-D", data, "-U", "gsp", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c timezone=America/Santiago"
        run("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql://gsp@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def main(command: list[str]) -> int:
    """Run `command` with a server; without binaries say so, and fail under CI."""
    binaries = server_binaries()
    if binaries is None:
        sys.stderr.write(f"SKIPPED: {MISSING}\n")
        return 1 if os.environ.get("CI") == "true" else 0
    with server(binaries) as url:
        environment = {**os.environ, "GSP_TEST_DATABASE_URL": url}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
