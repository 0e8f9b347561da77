"""What an extraction by hand would give, at once: the engine's sums on the mapped pixels.

The pixels are those that a worker unpacked for the viewer; only the rows of the windows are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.models import User
from figures import pyramid
from reduction.errors import ReductionError
from reduction.extraction import manual
from reduction.extraction.strip import make_strip
from reduction.frames import DataType
from services import access
from services.access import Action
from services.errors import Unacceptable, Unavailable
from services.files.visualization import previews


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A spectrum that was not saved: (n_columns,) float, NaN where nothing is known."""

    flux: NDArray[np.float64]
    sigma: NDArray[np.float64]
    warning: str


def rehearse(user: User, file_id: int, windows: manual.Windows) -> Rehearsal:
    """Return the spectrum that these windows would give.

    Raises
    ------
    NotFound
        No such file for this person.
    Unacceptable
        It is not a reduced spectrum, or the windows lie outside.
    Unavailable
        Its pixels have not been unpacked yet.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    if file.data_type != DataType.REDUCED:
        raise Unacceptable("Spectra are extracted from reduced frames.", field="id")
    try:
        image = pyramid.load(previews.folder(file))
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable("The image is being prepared.", retry_after=1) from error
    if image.noise is None:
        raise Unacceptable(f"{file.file_name} has no noise: it was not reduced here.", field="id")
    n_y, n_x = image.shape
    low, high = windows.reach(n_x)
    first, last = max(int(np.floor(low)) - 1, 0), min(int(np.ceil(high)) + 2, n_y)
    if last - first < 1:
        raise Unacceptable("The windows lie outside the frame.", field="low")
    part = slice(first, last)
    flags = np.zeros((last - first, n_x), np.uint8)
    if image.flags:
        flags = np.asarray(image.flags[0][part])
    data = image.levels[0][part].astype(np.float32)
    variance = image.noise[part].astype(np.float32) ** 2
    try:
        found, _, warning = manual.summed(make_strip(first, data, variance, flags), windows)
    except ReductionError as error:
        raise Unacceptable(str(error), field="low") from error
    with np.errstate(invalid="ignore"):
        sigma = np.sqrt(found.variance)
    sigma[~np.isfinite(sigma)] = np.nan
    return Rehearsal(found.flux, sigma, warning or "")
