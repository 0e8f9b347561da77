"""The limit of memory of a process that works on files of others."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def limit_memory(size: int) -> None:
    """Limit the address space of this process to `size` bytes beyond what is mapped now.

    The libraries alone map some gigabytes, of which little is ever used.
    """
    limit = _mapped_bytes(size) + size
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _mapped_bytes(default: int) -> int:
    """Return the address space that this process uses now."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # no /proc: macOS, which does not enforce the limit either
        return default
    return pages * os.sysconf("SC_PAGE_SIZE")
