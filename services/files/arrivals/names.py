"""Which paths can be those of raw frames, and how a path of any bytes is stored and shown."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

from services.context import site
from services.errors import NotFound

SUFFIXES = (".fits", ".fits.gz", ".fits.fz")
OUTSIDE = "There is no such frame in the watched folders."
_UNUSABLE = frozenset({"Cc", "Cs"})
"""Unicode categories of control characters, and of bytes that are no UTF-8."""


def is_frame_name(name: str) -> bool:
    """Return whether a name is that of a frame; names of hidden and temporary files are not."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def is_usable(path: str | Path) -> bool:
    """Return whether a path can be stored and shown: UTF-8 without control characters."""
    return not any(unicodedata.category(character) in _UNUSABLE for character in str(path))


def shown(path: str | Path) -> str:
    r"""Return a path as text that can be stored: ``\xff`` for a byte that is no UTF-8, ``\n``."""
    text = os.fsencode(str(path)).decode("utf-8", "backslashreplace")
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _UNUSABLE
        else character
        for character in text
    )


def real_path(path: Path) -> Path:
    """Return the path of a regular file inside a raw root, with all links resolved.

    Raises
    ------
    NotFound
        There is no such file, or it lies outside of the raw roots.
    """
    try:
        real = path.resolve(strict=True)
        regular = stat.S_ISREG(real.stat().st_mode)
    except (OSError, ValueError, RuntimeError) as error:
        raise NotFound(OUTSIDE) from error
    inside = any(real.is_relative_to(root) for root in site().all_raw_roots)
    if not (inside and regular and is_frame_name(real.name)):
        raise NotFound(OUTSIDE)
    return real
