"""What is masked in the fit of a response: stellar lines, telluric bands, second order, edges.

Within a line the ratio of counts to reference follows the resolutions of both and any error of the
wavelengths, not the instrument. The widths are those at which the ratio of a star of the kind to a
reference of a third better resolution is within 2 % of the continuum: the lines of a white dwarf
are broadened by pressure (Moehler et al. 2014, A&A 568, A9, mask the same cores).

Telluric bands: O2 (B 6867, A 7594, gamma 6276 Å) and H2O, as in the atlas of Hinkle et al. (2003,
BAAS 35, 1260). The tables of Hamuy et al. (1994, PASP 106, 566) contain them.
"""

from __future__ import annotations

from enum import IntFlag
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]


class ResponseMask(IntFlag):
    """Bits of the plane PMASK of a sensitivity: why the fit does not use a pixel."""

    BALMER = 1
    HELIUM = 2
    TELLURIC = 4
    SECOND_ORDER = 8
    EDGE = 16
    """Outside of the reference, of the light or of the spectrum."""
    BAD_PIXEL = 32
    OUTLIER = 64
    """Rejected by the fit."""


BALMER_LINES: Final = (6562.8, 4861.3, 4340.5, 4101.7, 3970.1, 3889.1, 3835.4)
"""H alpha to H9, Å in air; the lines beyond overlap, and no continuum is left between them."""
HELIUM_LINES: Final = (
    *(4026.2, 4387.9, 4471.5, 4713.1, 4921.9, 5015.7, 5875.6, 6678.2, 7065.2),  # He I
    *(4199.8, 4541.6, 4685.7, 5411.5),  # He II
)
TELLURIC_BANDS: Final = (
    (6275.0, 6325.0),
    (6862.0, 6965.0),
    (7160.0, 7345.0),
    (7585.0, 7715.0),
    (8120.0, 8360.0),
    (8930.0, 9850.0),
)
"""First and last wavelength of each band, Å in air."""

_BALMER_HALF_WIDTH: Final = {"white dwarf": 45.0, "hot": 15.0, "A": 25.0, "cool": 10.0}
_HELIUM_HALF_WIDTH: Final = {"hot": 7.0, "white dwarf": 7.0}
_UNKNOWN_KIND: Final = 25.0


def stellar_bands(kind: str, resolution: float) -> tuple[Flags, Floats]:
    """Return the bands of the lines of a star.

    Parameters
    ----------
    kind : str
        Of the star: white dwarf, hot, A or cool.
    resolution : float
        FWHM of an unresolved line, Å; lines are at least 1.5 times as wide on each side.

    Returns
    -------
    bits : (n,) uint8
        `ResponseMask` of each band.
    limits : (n, 2) float64
        First and last wavelength, Å in air.
    """
    balmer = max(_BALMER_HALF_WIDTH.get(kind, _UNKNOWN_KIND), 1.5 * resolution)
    rows = [(ResponseMask.BALMER, line - balmer, line + balmer) for line in BALMER_LINES]
    if kind in _HELIUM_HALF_WIDTH:
        helium = max(_HELIUM_HALF_WIDTH[kind], 1.5 * resolution)
        rows += [(ResponseMask.HELIUM, line - helium, line + helium) for line in HELIUM_LINES]
    return _table(rows)


def telluric_bands(resolution: float) -> tuple[Flags, Floats]:
    """Return the telluric bands, as `stellar_bands`, widened by the resolution."""
    return _table(
        [
            (ResponseMask.TELLURIC, first - resolution, last + resolution)
            for first, last in TELLURIC_BANDS
        ]
    )


def in_bands(wavelength: Floats, *tables: tuple[Flags, Floats]) -> Flags:
    """Return the bits, (n,) uint8, of the bands that each wavelength (n,) lies in."""
    found = np.zeros(wavelength.size, dtype=np.uint8)
    for bits, limits in tables:
        for bit, (first, last) in zip(bits, limits, strict=True):
            found[(wavelength >= first) & (wavelength <= last)] |= bit
    return found


def _table(rows: list[tuple[ResponseMask, float, float]]) -> tuple[Flags, Floats]:
    bits = np.array([int(bit) for bit, _, _ in rows], dtype=np.uint8)
    return bits, np.array([(first, last) for _, first, last in rows], dtype=float).reshape(-1, 2)
