"""Extraction preview: the spectrum that windows set by the user would give.

It is computed by the engine from the pixels that a worker has unpacked for the viewer; only the
rows of the windows are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.models import User
from figures import pyramid
from reduction.detector.strip import make_strip
from reduction.errors import ReductionError
from reduction.extraction import manual
from reduction.frames import DataType
from reduction.notice_text import text
from services import access
from services.access import Action
from services.errors import Unacceptable, Unavailable
from services.files.visualization import previews


@dataclass(frozen=True, slots=True)
class ExtractionPreview:
    """A spectrum that is not saved.

    Attributes
    ----------
    flux, sigma : (n_columns,) array of float
        In the unit of the image; NaN where they are not known.
    warning : str
        What has to be noticed, "" for nothing.
    """

    flux: NDArray[np.float64]
    sigma: NDArray[np.float64]
    warning: str


def preview(user: User, file_id: int, windows: manual.Windows) -> ExtractionPreview:
    """Return the spectrum that windows would give.

    Parameters
    ----------
    user : User
        Who asks.
    file_id : int
        A reduced spectroscopic frame.
    windows : Windows
        Trace, aperture and background zones, in 0-based pixels.

    Raises
    ------
    NotFound
        No such file for this person.
    Unacceptable
        It is not a reduced frame, or the windows lie outside of it.
    Unavailable
        Its pixels are not unpacked yet.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    if file.data_type != DataType.REDUCED:
        raise Unacceptable("Only reduced frames have spectra to extract.", field="id")
    try:
        image = pyramid.load(previews.folder(file))
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable("The image is being prepared.", retry_after=1) from error
    if image.noise is None:
        raise Unacceptable(f"{file.file_name} has no uncertainties.", field="id")
    n_y, n_x = image.shape
    low, high = windows.reach(n_x)
    first, last = max(int(np.floor(low)) - 1, 0), min(int(np.ceil(high)) + 2, n_y)
    if last - first < 1:
        raise Unacceptable("The windows lie outside the frame.", field="low")
    rows = slice(first, last)
    flags = np.zeros((last - first, n_x), np.uint8)
    if image.flags:
        flags = np.asarray(image.flags[0][rows])
    data = image.levels[0][rows].astype(np.float32)
    variance = image.noise[rows].astype(np.float32) ** 2
    try:
        spectrum, _, warning = manual.extract_windows(
            make_strip(first, data, variance, flags), windows
        )
    except ReductionError as error:
        raise Unacceptable(str(error), field="low") from error
    with np.errstate(invalid="ignore"):
        sigma = np.sqrt(spectrum.variance)
    sigma[~np.isfinite(sigma)] = np.nan
    return ExtractionPreview(spectrum.flux, sigma, text(warning) if warning else "")
