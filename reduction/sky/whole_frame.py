"""The sky of a whole frame: subtracted from it, and what remains in units of its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.detector.strip import Strip
from reduction.sky.background import background_beside
from reduction.sky.sky_model import fit_sky
from reduction.sky.slit_curvature import Curvature

Array = NDArray[np.float64]

BAND = 64
"""Rows whose variance of the model is computed together: it changes slowly along the slit."""


@dataclass(frozen=True, slots=True)
class FrameModel:
    """The sky in every pixel of a frame.

    Parameters
    ----------
    sky : (n_spatial, n_dispersion) float32
        Electron; 0 in a column without a usable pixel.
    variance : (n_spatial, n_dispersion) float32
        Of the model, electron squared; 0 where there is no sky.
    known : (n_dispersion,) bool
        Columns with a sky.
    follows_lines : bool
        Whether the model follows the tilted lines; else it is a straight line in every column.
    """

    sky: NDArray[np.float32]
    variance: NDArray[np.float32]
    known: NDArray[np.bool_]
    follows_lines: bool


def model_frame(
    frame: Strip, contaminated: NDArray[np.bool_], curvature: Curvature | None
) -> FrameModel | None:
    """Model the sky of all rows of a frame.

    Parameters
    ----------
    frame : Strip
        All rows, without the light of the targets beside their cores.
    contaminated : (n_spatial, n_dispersion) bool
        Pixels in the cores of targets.
    curvature : Curvature or None
        Of the slit's image; None when the sky shows no lines.

    Returns
    -------
    FrameModel or None
        None when no row is free.
    """
    n_rows, n_columns = frame.data.shape
    middle = np.full(n_columns, (n_rows - 1) / 2)
    zones = ((-float(n_rows), 0.0), (0.0, float(n_rows)))
    plain = background_beside(frame, middle, zones, contaminated)
    if plain is None:
        return None
    model = None
    if curvature is not None:
        model = fit_sky(frame, frame.clean & ~contaminated, plain, curvature)
    sky = (plain if model is None else model).at(frame.rows)
    variance = np.zeros(sky.shape, dtype=np.float32)
    for first in range(0, n_rows, BAND):
        rows = frame.rows[first : first + BAND]
        row = rows[[rows.size // 2]]
        one = (plain if model is None else model).variance_of_sum(np.ones((1, n_columns)), row)
        variance[first : first + BAND] = np.where(np.isfinite(one), one, 0.0)
    known = np.asarray(np.isfinite(sky).all(axis=0))
    return FrameModel(
        np.where(known, sky, 0.0).astype(np.float32),
        np.where(known, variance, np.float32(0)),
        known,
        model is not None,
    )
