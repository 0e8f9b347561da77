"""Several files as one zip archive that is written while it is sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

CHUNK = 1 << 20


class _Pipe(io.RawIOBase):
    """A buffer between the zip writer and the response."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def stream(members: Sequence[tuple[str, Path]]) -> Iterator[bytes]:
    """Yield the bytes of a zip archive of `members`: name in the archive, and file.

    Stored, not compressed: noise does not compress. A file that ends early breaks the archive
    off, so that the client sees it is not whole.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, path in members:
            info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    yield pipe.take()
    yield pipe.take()


def unique_names(names: Sequence[str], ids: Sequence[int]) -> list[str]:
    """Return the names in the archive; repeated names get the id as a prefix."""
    repeated = {name for name in names if names.count(name) > 1} if len(names) > 1 else set()
    return [f"{i}_{n}" if n in repeated else n for n, i in zip(names, ids, strict=True)]
