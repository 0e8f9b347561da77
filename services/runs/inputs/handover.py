"""Products that the next block of the same worker receives in memory instead of from the disk.

What is handed over equals what would be read back (`reduction.fits.frame_io.as_read`), and is found
by the checksum of the file, so a run gives the same product either way.
"""

from __future__ import annotations

from collections.abc import Mapping

from astropy.nddata import CCDData

from db.models import File
from reduction.frames import Spectrum

_held: dict[str, CCDData | Spectrum] = {}
"""Checksum of the file → frame. Only the products of the last run: a reduced frame is large."""


def keep(frames: Mapping[str, CCDData | Spectrum]) -> None:
    """Hold the products of a run for the blocks that follow; those of the run before are dropped.

    Parameters
    ----------
    frames : mapping
        Checksum of the product's file → the frame as it would be read.
    """
    _held.clear()
    _held.update(frames)


def frame_of(file: File) -> CCDData | Spectrum | None:
    """Return the frame of a product of the last run of this process, None for any other file."""
    return _held.get(file.checksum)
