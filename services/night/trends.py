"""Quality trends of a night: the measurements of each frame, and whether they exceed limits."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any, TypeAlias

from db.models import File, User
from reduction.frames import DataType, FrameKind
from reduction.wavelength import arc_lines
from services import access
from services.night import sensitivities
from services.night.points import Point, limits
from services.night.quantities import QUANTITIES, Against, Quantity

RAW = DataType.RAW


Measured: TypeAlias = Mapping[str, Any]
"""Columns of a product, and of its raw frame."""

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
"""Columns of a raw frame: its setup and its pointing."""
MEASURED = (File.original, File.data_type, File.id, File.file_name, File.quality)
"""Columns of a product."""


def of_night(user: User, night: dt.date) -> dict[str, list[Point]]:
    """Return the measurements of a night that a person sees, by quantity, ordered by time."""
    of_night = access.visible_files(user, *FACTS).where(File.night == night)
    frames = {frame["id"]: frame for frame in of_night.where(File.data_type == RAW).dicts()}
    products = access.visible_files(user, *MEASURED).where(
        File.night == night,
        File.data_type.between(DataType.REDUCED, DataType.WAVELENGTH),
        File.state == "current",
    )
    return measure(products.dicts(), frames) | sensitivities.of_night(user, night)


def measure(products: Iterable[Measured], frames: Mapping[int, Measured]) -> dict[str, list[Point]]:
    """Return the measurements in the newest product of each frame and stage, for target 1.

    Parameters
    ----------
    products : iterable of mapping
        Products with the columns `MEASURED`.
    frames : mapping
        Raw frames by id, with the columns `FACTS`.

    Returns
    -------
    dict
        Points by the name of the quantity, ordered by time.
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
    ordered = sorted(whole, key=lambda measured: measured["date_obs"])
    return {
        quantity.name: _points(
            quantity,
            [measured for measured in ordered if measured["data_type"] == quantity.stage],
        )
        for quantity in QUANTITIES
    }


def _points(quantity: Quantity, products: list[Measured]) -> list[Point]:
    values = [
        (product, value) for product, value in _VALUES[quantity.name](products) if value is not None
    ]
    medians = _medians(values) if quantity.against in _NEEDS_MEDIAN else {}
    points = []
    for product, value in values:
        of_setup = medians.get(_setup(product), 0.0)
        low, high = limits(quantity, _reference(quantity, product, of_setup))
        points.append(
            Point(
                frame=product["original"],
                name=product["file_name"],
                time=product["date_obs"],
                rotator=product["rotator"],
                elevation=product["elevation"],
                value=value,
                low=low,
                high=high,
            )
        )
    return points


_NEEDS_MEDIAN = (Against.MEDIAN, Against.TIMES_MEDIAN)

Setup: TypeAlias = tuple[Any, ...]


def _medians(values: Iterable[tuple[Measured, float]]) -> dict[Setup, float]:
    """Return the median of the values of each setup."""
    by_setup = defaultdict(list)
    for product, value in values:
        by_setup[_setup(product)].append(value)
    return {setup: median(group) for setup, group in by_setup.items()}


def _reference(quantity: Quantity, product: Measured, of_setup: float) -> float | None:
    """Return the value that the limits of a quantity are counted from."""
    if quantity.against is Against.HEADER:
        return _number(product["rdnoise"])
    if quantity.against is Against.WIDTH:
        return _number(product["quality"].get("resolution_angstrom"))
    return of_setup


def _setup(product: Measured) -> Setup:
    """Return what comparable frames have in common: read-out and optics."""
    angles = (product["cam_targ"], product["grt_targ"])
    return (
        product["camera"],
        product["gain"],
        product["rdnoise"],
        product["binning_x"],
        product["binning_y"],
        product["grating"],
        product["filter_2"],
        *("" if angle is None else f"{angle:.1f}" for angle in angles),
    )


Values: TypeAlias = Iterable[tuple[Measured, float | None]]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _stored(name: str) -> Callable[[list[Measured]], Values]:
    """Return a function that reads a number that the reduction has stored."""
    return lambda products: [(p, _number(p["quality"].get(name))) for p in products]


def _sky(products: list[Measured]) -> Values:
    for product in products:
        level, seconds = _number(product["quality"].get("sky_electron")), product["exptime"]
        rate = level / seconds if level is not None and seconds and seconds > 0 else None
        yield product, rate


def _arc_shift(products: list[Measured]) -> Values:
    """Return the shift of each lamp relative to the first one of the same setup, in pixels."""
    first: dict[Setup, list[float]] = {}
    for product in products:
        lines = product["quality"].get("line_positions_pixel")
        if product["kind"] not in (FrameKind.ARC, FrameKind.FOCUS) or not lines:
            continue
        reference = first.setdefault((*_setup(product), *product["lamps"]), lines)
        yield product, arc_lines.shift(lines, reference)


_VALUES: dict[str, Callable[[list[Measured]], Values]] = {
    "seeing": _stored("fwhm_arcsec"),
    "snr": _stored("median_snr"),
    "sky": _sky,
    "bias": _stored("bias_level_adu"),
    "noise": _stored("read_noise_electron"),
    "arc_rms": _stored("rms_angstrom"),
    "arc_shift": _arc_shift,
    **{name: _stored(stored) for name, stored in sensitivities.MEASURED.items()},
}
