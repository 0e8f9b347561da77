"""Raw images: stars whose places and light are known, and frames of any counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from reduction.errors import ReductionError
from reduction.fits.frame_io import saturation_level
from reduction.frames import PixelFlag


def raw_frame(counts: np.ndarray, cards: Any) -> CCDData:
    """Return a raw frame of these counts and cards, with its bad and saturated pixels flagged."""
    data = counts.astype(np.float32)
    try:
        level = saturation_level(cards)
    except ReductionError:
        level = 65535.0
    flags = np.where(np.isfinite(data), 0, PixelFlag.BAD).astype(np.uint8)
    with np.errstate(invalid="ignore"):
        flags[data >= level] |= np.uint8(PixelFlag.SATURATED)
    return CCDData(data, unit=u.adu, mask=flags != 0, flags=flags, meta=cards)


def star_field(seed: int, shape: tuple[int, int], n_stars: int) -> tuple[np.ndarray, np.ndarray]:
    """Return electrons of a star field with sky, and (row, column, electrons) of each star."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    scene = np.full(shape, 120.0)
    stars = np.column_stack(
        [
            rng.uniform(20, shape[0] - 20, n_stars),
            rng.uniform(20, shape[1] - 20, n_stars),
            rng.uniform(2e4, 2e5, n_stars),
        ]
    )
    for row, column, flux in stars:
        scene += flux * np.exp(-0.5 * ((y - row) ** 2 + (x - column) ** 2) / 4) / (8 * np.pi)
    return scene, stars
