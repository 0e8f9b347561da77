"""The spectra of the Sun and of the dark night sky (``reduction/lines/data/sky.npz``).

Moonlight, twilight and zodiacal light have the absorption lines of the Sun; the dark sky has
airglow: atomic lines, the bands of OH in the red and of O2 in the blue. The file is written by
``tools/build_sky_library.py``, which names the sources. All wavelengths are in air, in ångström.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GROUPS: Final = (
    (3150.0, 3900.0),
    (3900.0, 4600.0),
    (4600.0, 5150.0),
    (5150.0, 5350.0),
    (5350.0, 5700.0),
    (5700.0, 6120.0),
    (6120.0, 6440.0),
    (6440.0, 6700.0),
    (6700.0, 7120.0),
    (7120.0, 7550.0),
    (7550.0, 8150.0),
    (8150.0, 8600.0),
    (8600.0, 9500.0),
)
"""Ranges of airglow whose brightness varies together, Å: three of O2 bands and N2+, [N I] 5199, [O
I] 5577, Na D, [O I] 6300 and 6364 with OH 9-3, and the OH bands 6-1, 7-2, 8-3, 9-4 and 5-1, 6-2,
7-3."""

ACCURACY_A: Final = 0.05
"""Accuracy of the wavelengths, Å (one sigma); see
``tests/science/wavelength/test_sky_check.py``."""


@dataclass(frozen=True, eq=False)
class SkyLibrary:
    """The two spectra on one grid of air wavelengths.

    Parameters
    ----------
    first, step : float
        Wavelength of the first bin and distance of two bins, Å.
    solar : (n,) float64
        Flux of the Sun over its continuum.
    night : (n,) float64
        Emission of the dark sky above its continuum, in units of the median of the latter.
    """

    first: float
    step: float
    solar: Floats
    night: Floats

    @property
    def wavelength(self) -> Floats:
        """Air wavelength of the bins, (n,) float64, Å."""
        return np.asarray(self.first + self.step * np.arange(self.solar.size), dtype=float)


@cache
def sky_library() -> SkyLibrary:
    """Read the spectra; once per process."""
    with files("reduction.lines").joinpath("data/sky.npz").open("rb") as stream:
        stored = np.load(stream, allow_pickle=False)
        return SkyLibrary(
            float(stored["first"]),
            float(stored["step"]),
            np.cumsum(stored["solar"], dtype=float) / 250,
            np.cumsum(stored["night"], dtype=float) / 100,
        )
