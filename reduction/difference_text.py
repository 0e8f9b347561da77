"""Texts for what differs between a frame and its calibration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from reduction.differences import Difference, Effect, Quantity

QUANTITIES = {
    Quantity.CAMERA: "camera",
    Quantity.GAIN: "gain",
    Quantity.READ_NOISE: "read noise",
    Quantity.BINNING: "binning",
    Quantity.SIZE: "size",
    Quantity.REGION: "read-out region",
    Quantity.TECHNIQUE: "technique",
    Quantity.GRATING: "grating",
    Quantity.CAMERA_ANGLE: "camera angle",
    Quantity.GRATING_ANGLE: "grating angle",
    Quantity.FILTER: "filter",
    Quantity.ORDER_FILTER: "order-blocking filter",
    Quantity.SLIT: "slit",
    Quantity.NIGHT: "night",
}
_UNITS = {
    Quantity.GAIN: " electron/ADU",
    Quantity.READ_NOISE: " electron",
    Quantity.SIZE: " pixels",
    Quantity.CAMERA_ANGLE: "°",
    Quantity.GRATING_ANGLE: "°",
}


def difference_text(difference: Difference) -> str:
    """Return the text of a difference in a list: ``slit 3.2″ (this frame 1.0″)``."""
    quantity = difference.quantity
    if quantity is Quantity.DAYS_APART:
        limit = "" if difference.effect is Effect.USABLE else f" (at most {difference.wanted:g})"
        return f"taken {_days(difference.found)} apart{limit}"
    if quantity is Quantity.FRAMES:
        return f"{difference.found} frames (at least {difference.wanted} required)"
    found, wanted = (value_text(quantity, v) for v in (difference.found, difference.wanted))
    return f"{QUANTITIES[quantity]} {found} (this frame {wanted})"


def differences_text(differences: Sequence[Difference]) -> str:
    """Return the text of a list of differences."""
    return ", ".join(difference_text(difference) for difference in differences)


def value_text(quantity: Quantity, value: str | float | None) -> str:
    """Return a value with its unit, a slit by its width."""
    if value is None or value == "":
        return "unknown"
    if isinstance(value, int | float):
        return f"{value:g}{_UNITS.get(quantity, '')}"
    slit = re.match(r"(\d+\.\d+)_", value) if quantity is Quantity.SLIT else None
    width = slit[1] if slit else ""
    return f"{width}″" if width else f"{value}{_UNITS.get(quantity, '')}"


def _days(days: Any) -> str:
    return "1 day" if round(days) == 1 else f"{days:.0f} days"


def taken_with(differences: Sequence[Difference]) -> str:
    """Return differences after *taken*: ``with a different slit (3.2″; this frame 1.0″)``."""
    parts: list[str] = []
    for difference in differences:
        if difference.quantity is Quantity.NIGHT:
            parts.append(f"in the night of {difference.found}")
        elif difference.quantity in QUANTITIES:
            found, wanted = (
                value_text(difference.quantity, v) for v in (difference.found, difference.wanted)
            )
            article = "with" if not any("with a" in part for part in parts) else "and"
            name = QUANTITIES[difference.quantity]
            parts.append(f"{article} a different {name} ({found}; this frame {wanted})")
        elif difference.quantity is Quantity.DAYS_APART:
            parts.append(f"{_days(difference.found)} from this frame")
        else:
            parts.append(f"with {difference_text(difference)}")
    return " ".join(parts)
