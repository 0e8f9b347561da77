"""The image pyramids of the viewer: made by a worker, and made again when they are missing."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from astropy.nddata import CCDData

from db.models import File, User
from figures import pyramid
from reduction.errors import ReductionError
from reduction.fits import frame_io
from reduction.frames import DataType
from services import access
from services.access import Action
from services.context import site

FORMAT = 2
"""Version of the folders' content; folders of another version are not used."""


def folder(file: File) -> Path:
    """Return where the pyramid of a file is, or will be.

    The checksum is part of the name: SQLite may give the id of a deleted file to another one.
    """
    return site().previews_dir / f"{file.id}-{file.checksum[:16]}-{FORMAT}"


def exists(file: File) -> bool:
    """Return whether the pyramid of a file has been made."""
    return (folder(file) / "pyramid.json").is_file()


def find(user: User, file_id: int) -> Path | None:
    """Return the folder of an image's pyramid, None while there is none.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    return folder(file) if exists(file) else None


def build(file_id: int) -> None:
    """Make the pyramid of an image unless there is one; a spectrum has none. Called by workers.

    A file that was deleted, or replaced by a newer master, meanwhile has none either.

    Raises
    ------
    ReductionError
        The file is damaged.
    """
    file = File.get_or_none(File.id == file_id)
    if file is None or exists(file):
        return  # a master that was replaced, or a product that was deleted, needs none
    path = Path(file.full_path)
    raw = file.data_type == DataType.RAW
    try:
        image = frame_io.read_raw(path) if raw else frame_io.read_product(path)
    except (ReductionError, OSError):
        if not path.exists():
            return  # it was removed meanwhile; `check` tells if it should be there
        raise
    if not isinstance(image, CCDData):
        return
    variance = frame_io.variance_of(image)
    noise = None
    if variance is not None:
        with np.errstate(invalid="ignore"):
            noise = np.sqrt(variance)
    levels = pyramid.build(image.data, frame_io.flags_of(image), noise)
    site().previews_dir.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=site().previews_dir, prefix=".part-"))
    try:
        pyramid.save(levels, temporary)
        os.replace(temporary, folder(file))
    except OSError:
        if not exists(file):  # else another worker has made it meanwhile
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
