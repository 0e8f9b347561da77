"""What is measured in every frame of a night, and the limits that colour what leaves them.

`QUANTITIES` is the one table of them: `docs/user/tonight.md` shows it to the observer.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any

from db.models import File, User
from reduction.frames import DataType, FrameKind
from reduction.wavelength import arc_lines
from services import access

RAW = DataType.RAW


class Against(StrEnum):
    """What the limits of a quantity are counted from."""

    NOTHING = "as given"
    MEDIAN = "around the night's median of the same set-up"
    TIMES_MEDIAN = "times the night's median of the same set-up"
    HEADER = "times what the header says"
    WIDTH = "times the width of a line"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of each frame, its unit, and from where to where it is as it should be.

    `stage` is the kind of product that it is measured in; None as limit: there is none.
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
)

AXES = {"time": "time (UTC)", "rotator": "rotator (°)", "elevation": "elevation (°)"}
"""What a trend is drawn against: each is a fact of the frame's header."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement: of which frame, where it was pointed, and its own limits."""

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
        """Tell whether the value leaves its limits."""
        below = self.low is not None and self.value < self.low
        return below or (self.high is not None and self.value > self.high)


Measured = Mapping[str, Any]
FACTS = (
    File.id,
    File.kind,
    File.date_obs,
    File.rotator,
    File.elevation,
    File.exptime,
    File.rdnoise,
    File.camera,
    File.gain,
    File.binning_x,
    File.binning_y,
    File.grating,
    File.cam_targ,
    File.grt_targ,
    File.filter_2,
    File.lamps,
)
"""Of a raw frame: what tells which can be compared, and where it was pointed."""
MEASURED = (File.original, File.data_type, File.id, File.file_name, File.quality)
"""Of a product."""


def of_night(user: User, night: dt.date) -> dict[str, list[Point]]:
    """Return the measurements of a night that a person sees, by quantity, in order of time."""
    of_it = access.visible_files(user, *FACTS).where(File.night == night)
    frames = {frame["id"]: frame for frame in of_it.where(File.data_type == RAW).dicts()}
    products = access.visible_files(user, *MEASURED).where(
        File.night == night,
        File.data_type.between(DataType.REDUCED, DataType.WAVELENGTH),
        File.state == "current",
    )
    return measure(products.dicts(), frames)


def measure(products: Iterable[Measured], frames: Mapping[int, Measured]) -> dict[str, list[Point]]:
    """Return the measurements of products: of each frame and stage the newest, of target 1.

    `products` have the columns `MEASURED`; `frames` are the raw ones by id, with `FACTS`.
    """
    newest: dict[tuple[int, int], Measured] = {}
    for product in products:
        target = int(product["quality"].get("target", 1))
        key = (product["original"], int(product["data_type"]))
        if target == 1 and product["id"] > newest.get(key, {"id": -1})["id"]:
            newest[key] = product
    whole: list[Measured] = [
        {**frames[product["original"]], **product}
        for product in newest.values()
        if product["original"] in frames
    ]
    ordered = sorted(whole, key=lambda one: one["date_obs"])
    found = {}
    for quantity in QUANTITIES:
        of_stage = [one for one in ordered if one["data_type"] == quantity.stage]
        found[quantity.name] = _points(quantity, of_stage)
    return found


def _points(quantity: Quantity, products: list[Measured]) -> list[Point]:
    values = [(one, value) for one, value in _VALUES[quantity.name](products) if value is not None]
    alike = defaultdict(list)
    if quantity.against in (Against.MEDIAN, Against.TIMES_MEDIAN):
        for one, value in values:
            alike[_setup(one)].append(value)
    middles = {setup: median(found) for setup, found in alike.items()}
    made = []
    for one, value in values:
        middle = middles[_setup(one)] if middles else 0.0
        low, high = (_limit(quantity, side, one, middle) for side in (quantity.low, quantity.high))
        made.append(
            Point(
                one["original"],
                one["file_name"],
                one["date_obs"],
                one["rotator"],
                one["elevation"],
                value,
                low,
                high,
            )
        )
    return made


def _limit(quantity: Quantity, side: float | None, one: Measured, middle: float) -> float | None:
    if side is None:
        return None
    if quantity.against is Against.MEDIAN:
        return middle + side
    scale = {
        Against.TIMES_MEDIAN: middle,
        Against.HEADER: one["rdnoise"],
        Against.WIDTH: one["quality"].get("resolution_angstrom"),
    }.get(quantity.against, 1.0)
    return None if scale is None else side * scale


def _setup(one: Measured) -> tuple[Any, ...]:
    """Return what frames share that can be compared: read-out and optics."""
    angles = (one["cam_targ"], one["grt_targ"])
    return (
        one["camera"],
        one["gain"],
        one["rdnoise"],
        one["binning_x"],
        one["binning_y"],
        one["grating"],
        one["filter_2"],
        *("" if a is None else f"{a:.1f}" for a in angles),
    )


Values = Iterable[tuple[Measured, float | None]]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _noted(name: str) -> Callable[[list[Measured]], Values]:
    return lambda products: [(one, _number(one["quality"].get(name))) for one in products]


def _sky(products: list[Measured]) -> Values:
    for one in products:
        level, seconds = _number(one["quality"].get("sky_electron")), one["exptime"]
        yield one, level / seconds if level is not None and seconds and seconds > 0 else None


def _arc_shift(products: list[Measured]) -> Values:
    first: dict[tuple[Any, ...], list[float]] = {}
    for one in products:
        lines = one["quality"].get("line_positions_pixel")
        if one["kind"] not in (FrameKind.ARC, FrameKind.FOCUS) or not lines:
            continue
        reference = first.setdefault((*_setup(one), *one["lamps"]), lines)
        yield one, arc_lines.shift(lines, reference)


_VALUES: dict[str, Callable[[list[Measured]], Values]] = {
    "seeing": _noted("fwhm_arcsec"),
    "snr": _noted("median_snr"),
    "sky": _sky,
    "bias": _noted("bias_level_adu"),
    "noise": _noted("read_noise_electron"),
    "arc_rms": _noted("rms_angstrom"),
    "arc_shift": _arc_shift,
}
