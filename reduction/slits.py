"""The slit masks: width, which names belong to one mask, and evidence of their displacement.

The masks lie at different places along the dispersion. What the skies of spectra show of that is
evidence for other spectra; see `reduction.wavelength.zero_points.zero_point`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PLATE_SCALE: Final = 0.15
"""arcsec per unbinned pixel."""

_WIDTH = re.compile(r"(\d+(?:\.\d+)?)")
_SAME_MASK: Final = {"0.46_LONG_SLIT": "0.45_LONG_SLIT"}
"""Names that a mask had at other times, and the one that stands for it."""


def width_arcsec(slit: str) -> float | None:
    """Return the width of a slit from its normalised name, such as ``1.0_LONG_SLIT``.

    Returns
    -------
    float or None
        arcsec; None when the name does not begin with a width between 0.1 and 20 arcsec.
    """
    match = _WIDTH.match(slit)
    width = float(match.group(1)) if match else 0.0
    return width if 0.1 <= width <= 20 else None


def mask_of(slit: str) -> str:
    """Return the name that stands for a slit mask; ``""`` when the name is unknown.

    ``1_LONG_SLIT`` and ``1.0_LONG_SLIT`` are one mask, and so are 0.45 and 0.46 arcsec.
    """
    name = slit.strip().upper()
    if name in {"", "NO_MASK", "NONE", "UNKNOWN"}:
        return ""
    width = width_arcsec(name)
    if width is not None:
        name = f"{width:g}" + name[_WIDTH.match(name).end() :]  # type: ignore[union-attr]
    return _SAME_MASK.get(name, name)


def masks_differ(first: str, second: str) -> bool:
    """Return whether two frames are known to have been taken through different slit masks."""
    masks = mask_of(first), mask_of(second)
    return all(masks) and masks[0] != masks[1]


class Source(StrEnum):
    """What a zero point rests on."""

    SKY = "sky"
    SIBLING = "sibling"
    LEARNT = "learnt"
    ARC = "arc"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class ZeroPointEvidence:
    """What other spectra say of an offset.

    Parameters
    ----------
    source : Source
        `Source.SIBLING`: one spectrum of the same night behind the same two slits. `Source.LEARNT`:
        the mean of earlier nights.
    offset : float
        Sky minus arc scale, unbinned pixels.
    error : float
        One-sigma uncertainty of the measurement, unbinned pixels.
    flexure : float
        What may have shifted since, unbinned pixels (one sigma).
    arc_slit : str
        Normalised name of the slit of the arc that the offset is from.
    name : str
        File name of the sibling.
    spectra, nights : int
        How many a learnt offset rests on.
    last : str
        The last night of a learnt offset, ISO 8601.
    """

    source: Source
    offset: float
    error: float
    flexure: float
    arc_slit: str = ""
    name: str = ""
    spectra: int = 1
    nights: int = 1
    last: str = ""
