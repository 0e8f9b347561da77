"""Pixel values as 16-bit numbers, which a browser turns into colours by a look-up table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figures.limits import Limits

NOTHING = 0
"""The 16-bit value of a pixel without a value (NaN)."""

LARGEST = 65535
_HALF = 32768


@dataclass(frozen=True, slots=True)
class Codec:
    """Values to 16-bit numbers and back.

    ``linear``: value = offset + scale × (number − 1), exact for integer counts.
    ``asinh``: value = offset + softening × sinh(scale × (number − 32768)): fine near the
    background, and never worse than a part in a thousand (Lupton, Gunn & Szalay 1999, AJ 118,
    1406, use the same law for magnitudes).
    """

    name: str
    offset: float
    scale: float
    softening: float = 1.0

    def encode(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """Encode values as 16-bit numbers.

        Parameters
        ----------
        values : ndarray
            Any shape and real type; may hold NaN.

        Returns
        -------
        ndarray of uint16
            Of the same shape. A value that is not finite becomes `NOTHING`; the others are clipped
            to the range from 1 to `LARGEST`.
        """
        if self.name == "linear":
            scaled = (values.astype(np.float32) - self.offset) / self.scale + 1
        else:
            reach = np.arcsinh((values.astype(np.float32) - self.offset) / self.softening)
            scaled = reach / self.scale + _HALF
        known = np.isfinite(scaled)
        numbers = np.clip(np.rint(np.where(known, scaled, 1)), 1, LARGEST).astype(np.uint16)
        numbers[~known] = NOTHING
        return numbers

    def decode(self, numbers: NDArray[np.uint16]) -> NDArray[np.float64]:
        """Decode 16-bit numbers.

        Parameters
        ----------
        numbers : ndarray of uint16
            Any shape.

        Returns
        -------
        ndarray of float64
            Of the same shape; NaN for `NOTHING`.
        """
        steps = numbers.astype(np.float64)
        if self.name == "linear":
            values = self.offset + self.scale * (steps - 1)
        else:
            values = self.offset + self.softening * np.sinh(self.scale * (steps - _HALF))
        return np.where(numbers == NOTHING, np.nan, values)


def codec_for(values: NDArray[Any], limits: Mapping[str, Limits]) -> Codec:
    """Return a codec for the values of an image, with the finest steps within its display limits.

    Parameters
    ----------
    values : (n_y, n_x) number
        Counts of type uint16 are encoded without loss (``linear``), other types with ``asinh``.
    limits : mapping
        ``minmax`` and ``zscale`` limits of the whole image, from `figures.limits.display_limits`.

    Returns
    -------
    Codec
    """
    lowest, highest = limits["minmax"]
    if values.dtype == np.uint16:
        # Number 0 is reserved, so counts start at 1; with the offset a clipped 65535 still fits.
        return Codec("linear", offset=max(0.0, min(lowest, float(values.min()))), scale=1.0)
    low, high = limits["zscale"]
    softening = (high - low) / 4
    centre = (low + high) / 2
    reach = max(highest - centre, centre - lowest, softening)
    scale = float(np.arcsinh(reach / softening)) / (_HALF - 2)
    return Codec("asinh", offset=centre, scale=scale, softening=softening)
