"""Products that the next block of the same worker receives in memory instead of from the disk.

What is handed over equals what would be read back (`reduction.fits.frame_io.as_read`), and is found
by the checksum of the file, so a run gives the same product either way.
"""

from __future__ import annotations

from collections.abc import Sequence

from astropy.nddata import CCDData

from db.models import File
from reduction.fits import frame_io
from reduction.frames import Product, Spectrum
from services.files.products import Written

_prepared: dict[str, CCDData | Spectrum] = {}
"""Name of the file → frame, of the products that are being written."""
_held: dict[str, CCDData | Spectrum] = {}
"""Checksum of the file → frame. Only the products of the last run: a reduced frame is large."""


def prepare(products: Sequence[Product]) -> list[CCDData | Spectrum]:
    """Return the frames of products that are about to be written, as they would be read."""
    _held.clear()
    _prepared.clear()
    frames = [frame_io.as_read(product) for product in products]
    _prepared.update(
        {product.file_name: frame for product, frame in zip(products, frames, strict=True)}
    )
    return frames


def keep(written: Sequence[Written]) -> None:
    """Hold the products of a run for the blocks that follow, once they are on the disk.

    One that got another name, because its own is taken, has it in its header: it is read.
    """
    for one in written:
        frame = _prepared.get(one.path.name)
        if frame is not None:
            _held[one.checksum] = frame
    _prepared.clear()


def frame_of(file: File) -> CCDData | Spectrum | None:
    """Return the frame of a product of the last run of this process, None for any other file."""
    return _held.get(file.checksum)
