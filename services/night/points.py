"""A measurement with its limits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from services.night.quantities import Against, Quantity


@dataclass(frozen=True, slots=True)
class Point:
    """A measurement of a frame, with the pointing of the frame and the limits of the value.

    Attributes
    ----------
    frame : int
        Id of the raw frame.
    name : str
        File name of the product that it was measured in.
    time : datetime.datetime
        Start of the exposure (UTC).
    rotator, elevation : float or None
        Degrees.
    value, low, high : float or None
        In the unit of the quantity; None for no limit.
    """

    frame: int
    name: str
    time: dt.datetime
    rotator: float | None
    elevation: float | None
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_outside(self) -> bool:
        """Whether the value is outside its limits."""
        below = self.low is not None and self.value < self.low
        return below or (self.high is not None and self.value > self.high)


def limits(quantity: Quantity, reference: float | None) -> tuple[float | None, float | None]:
    """Return the limits of a quantity, low and high; None for no limit.

    Parameters
    ----------
    quantity : Quantity
    reference : float or None
        What they are counted from (`Quantity.against`); None when it is not known.
    """
    if quantity.against is Against.NOTHING:
        return quantity.low, quantity.high
    if reference is None:
        return None, None
    if quantity.against in (Against.MEDIAN, Against.MONTHS):
        low, high = (None if side is None else reference + side for side in _sides(quantity))
    else:
        low, high = (None if side is None else reference * side for side in _sides(quantity))
    return low, high


def _sides(quantity: Quantity) -> tuple[float | None, float | None]:
    return quantity.low, quantity.high
