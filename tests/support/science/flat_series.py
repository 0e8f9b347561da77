"""A series of flats whose colour, pixel response and slit are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.goodman_frames import header, write

GAIN, NOISE = 1.48, 3.89
NX, NY = 2071, 40


def flat_scene() -> tuple[np.ndarray, np.ndarray]:
    """Return counts of a flat above bias, and the pixel response in it."""
    response = 1 + 0.02 * np.random.default_rng(7).standard_normal((NY, NX))
    colour = 8000 + 6000 * np.linspace(-1, 1, NX) + 2500 * np.sin(np.linspace(0, 5, NX))
    slit = np.where((np.arange(NY) >= 5) & (np.arange(NY) < 36), 1.0, 0.01)
    return colour * response * slit[:, None], response


def write_flats(folder: Path, levels: list[float]) -> tuple[Path, ...]:
    rng = np.random.default_rng(8)
    scene, _ = flat_scene()
    scene[:, :25] = 0  # no light falls on the pre-scan
    paths = []
    for i, level in enumerate(levels):
        electrons = rng.poisson(np.maximum(scene * level * GAIN, 0))
        counts = electrons / GAIN + 500 + rng.normal(0, NOISE / GAIN, scene.shape)
        paths.append(write(folder / f"{i:04d}_flat.fits", counts, header(OBSTYPE="FLAT")))
    return tuple(paths)
