"""What a deployment stores is readable by its own account only, also in a folder made by others.

`GSP_HOME` holds password hashes, links in mails, and data of all proposals. Every process creates
its files with a umask of 077. What an operator made before, or an older release left open, is
closed at the start: the home, the folders in it (so that the modes of what they contain do not
matter), and the files directly in it.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from config import Config

log = logging.getLogger(__name__)

UMASK = 0o077
OTHERS = 0o077


def make_private(config: Config) -> None:
    """Set the umask of this process, and close what the deployment has stored to other accounts.

    What belongs to another account cannot be changed: the log says so.
    """
    os.umask(UMASK)
    paths = [config.home, *_contents(config.home)]
    url = urlsplit(config.database_url)
    if url.scheme == "sqlite":
        path = config.database_url.removeprefix("sqlite:///")
        paths += [Path(path + suffix) for suffix in ("", "-wal", "-shm")]
    open_to_others = [path for path in dict.fromkeys(paths) if not _closed(path, config)]
    if open_to_others:
        log.warning(
            "other accounts of this machine can open %s, which belongs to another account: "
            "chmod go-rwx it",
            ", ".join(str(path) for path in open_to_others[:5]),
        )


def _contents(home: Path) -> list[Path]:
    try:
        return sorted(home.iterdir())
    except OSError:
        return []


def _closed(path: Path, config: Config) -> bool:
    """Close a file or folder; return False if other accounts still have access."""
    try:
        status = path.lstat()
    except OSError:
        return True
    kind = stat.S_IFMT(status.st_mode)
    mode = stat.S_IMODE(status.st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR) or not mode & OTHERS or _is_raw(path, config):
        return True
    try:
        path.chmod(mode & ~OTHERS)
    except OSError:
        return False
    return True


def _is_raw(path: Path, config: Config) -> bool:
    """Return whether other programs write raw frames there, as the operator has set up."""
    return any(root.is_relative_to(path.resolve()) for root in config.raw_dirs)
