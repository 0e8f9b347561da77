"""The bands of oxygen and water, and the continuum beside them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Gas(StrEnum):
    """What absorbs."""

    OXYGEN = "O2"
    WATER = "H2O"


@dataclass(frozen=True, slots=True)
class Band:
    """A band, air wavelengths in Å: its core, and with the continuum on both sides.

    A band with `degree` None is too weak or too wide to fit: it is corrected as the gas is.
    """

    name: str
    gas: Gas
    first: float
    last: float
    from_: float
    to: float
    degree: int | None = 2


BANDS: Final = (
    Band("5900", Gas.WATER, 5880.0, 6010.0, 5820.0, 6060.0, None),
    Band("gamma", Gas.OXYGEN, 6274.0, 6330.0, 6220.0, 6390.0, None),
    Band("6500", Gas.WATER, 6440.0, 6620.0, 6400.0, 6680.0, None),
    Band("B", Gas.OXYGEN, 6864.0, 6945.0, 6800.0, 7020.0),
    Band("7000", Gas.WATER, 6945.0, 7140.0, 6800.0, 7160.0, None),
    Band("7200", Gas.WATER, 7140.0, 7390.0, 7060.0, 7480.0),
    Band("A", Gas.OXYGEN, 7590.0, 7710.0, 7510.0, 7790.0),
    Band("7900", Gas.WATER, 7830.0, 8080.0, 7740.0, 8100.0, None),
    Band("8200", Gas.WATER, 8080.0, 8370.0, 8010.0, 8460.0),
    Band("9000", Gas.WATER, 8840.0, 9240.0, 8760.0, 9260.0, None),
    Band("9400", Gas.WATER, 9240.0, 9900.0, 9200.0, 9950.0, None),
)
