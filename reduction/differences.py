"""The differences between a frame and a calibration, as data for ranking and display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

Value = str | float | int | None


class Quantity(StrEnum):
    """What can differ; the values are stored and part of the API."""

    CAMERA = "camera"
    GAIN = "gain"
    READ_NOISE = "read_noise"
    BINNING = "binning"
    SIZE = "size"
    REGION = "region"
    TECHNIQUE = "technique"
    GRATING = "grating"
    CAMERA_ANGLE = "camera_angle"
    GRATING_ANGLE = "grating_angle"
    FILTER = "filter"
    ORDER_FILTER = "order_filter"
    SLIT = "slit"
    NIGHT = "night"
    DAYS_APART = "days_apart"
    FRAMES = "frames"


class Effect(IntEnum):
    """What a difference means for the use of a calibration."""

    USABLE = 1
    """It is used, with a notice on the product."""
    ON_REQUEST = 2
    """It is used only when a person selects it."""
    FATAL = 3
    """It is never used: the pixels or the wavelengths are not the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One quantity in which a calibration differs from the frame it could serve.

    Parameters
    ----------
    quantity : Quantity
    wanted : str or float or None
        Value of the frame; of `Quantity.DAYS_APART` and `Quantity.FRAMES` the limit. None, or an
        empty text, when the header lacks it.
    found : str or float or None
        Value of the calibration.
    effect : Effect
    """

    quantity: Quantity
    wanted: Value
    found: Value
    effect: Effect

    def to_json(self) -> dict[str, Value]:
        """Return the difference as it is stored."""
        return {
            "quantity": str(self.quantity),
            "wanted": self.wanted,
            "found": self.found,
            "effect": self.effect.name.lower(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Difference:
        """Return a stored difference."""
        effect = Effect[str(stored["effect"]).upper()]
        return cls(Quantity(stored["quantity"]), stored["wanted"], stored["found"], effect)


def worst(differences: tuple[Difference, ...]) -> Effect | None:
    """Return the most severe effect of some differences, None without any."""
    return max((difference.effect for difference in differences), default=None)


def text_differences(
    quantity: Quantity, wanted: str, found: str, effect: Effect
) -> tuple[Difference, ...]:
    """Return the difference of two texts, an empty tuple when they are equal."""
    return () if wanted == found else (Difference(quantity, wanted, found, effect),)


def number_differences(
    quantity: Quantity,
    wanted: float | None,
    found: float | None,
    effect: Effect,
    *,
    tolerance: float,
) -> tuple[Difference, ...]:
    """Return the difference of two numbers; empty within `tolerance` or when both are unknown."""
    if wanted is None and found is None:
        return ()
    # The last term allows for angles such as 16.1 and 16.15, whose floats differ by slightly more.
    if wanted is not None and found is not None and abs(wanted - found) <= tolerance + 1e-9:
        return ()
    return (Difference(quantity, wanted, found, effect),)
