"""The quantities that are measured in the frames of a night, and their limits.

`QUANTITIES` is the only table of them; `docs/user/tonight.md` shows it to observers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reduction.frames import DataType


class Against(StrEnum):
    """The reference of the limits of a quantity."""

    NOTHING = "as given"
    MEDIAN = "around the night's median of the same set-up"
    TIMES_MEDIAN = "times the night's median of the same set-up"
    MONTHS = "around the median of 400 days of the same set-up and slit"
    TIMES_MONTHS = "times the median of 400 days of the same set-up and slit"
    HEADER = "times the value in the header"
    WIDTH = "times the width of a line"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measurement of each frame and its limits.

    Attributes
    ----------
    stage : DataType
        The kind of product that it is measured in.
    low, high : float or None
        The limits relative to `against`; None for no limit.
    """

    name: str
    label: str
    unit: str
    stage: DataType
    low: float | None
    high: float | None
    against: Against = Against.NOTHING
    meaning: str = ""


QUANTITIES = (
    Quantity(
        "seeing",
        "Seeing",
        "arcsec",
        DataType.EXTRACTED,
        0.3,
        2.0,
        meaning="FWHM of the brightest target along the slit",
    ),
    Quantity(
        "snr",
        "Signal to noise",
        "per pixel",
        DataType.EXTRACTED,
        5.0,
        None,
        meaning="median over the spectrum of the brightest target",
    ),
    Quantity(
        "sky",
        "Sky",
        "electron/s/pixel",
        DataType.EXTRACTED,
        None,
        3.0,
        Against.TIMES_MEDIAN,
        "median background under the target over the exposure time",
    ),
    Quantity(
        "bias",
        "Bias level",
        "ADU",
        DataType.REDUCED,
        -10.0,
        10.0,
        Against.MEDIAN,
        "level that was subtracted",
    ),
    Quantity(
        "noise",
        "Read noise",
        "electron",
        DataType.REDUCED,
        0.75,
        1.25,
        Against.HEADER,
        "scatter of the overscan",
    ),
    Quantity(
        "arc_rms",
        "Arc rms",
        "Å",
        DataType.WAVELENGTH,
        None,
        0.06,
        Against.WIDTH,
        "scatter of the lamp lines around the wavelength solution",
    ),
    Quantity(
        "arc_shift",
        "Arc shift",
        "pixel",
        DataType.EXTRACTED,
        -1.5,
        1.5,
        meaning="lines of a lamp against those of the night's first lamp of the set-up",
    ),
    Quantity(
        "zero_point",
        "Zero point",
        "mag",
        DataType.SENSITIVITY,
        -0.3,
        0.3,
        Against.MONTHS,
        "magnitude that gives an electron per second and Å, of a standard star",
    ),
    Quantity(
        "throughput",
        "Throughput",
        "fraction",
        DataType.SENSITIVITY,
        0.7,
        1.3,
        Against.TIMES_MONTHS,
        "photons above the atmosphere that are detected, at the best wavelength",
    ),
)

AXES = {"time": "time (UTC)", "rotator": "rotator (°)", "elevation": "elevation (°)"}
"""The quantities on the horizontal axis of a trend; each is in the frame's header."""
