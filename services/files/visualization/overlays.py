"""What is drawn over an image: the windows of its spectra, their wavelengths, the sky."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astropy.io import fits
from numpy.polynomial import Polynomial

from db.models import File, User
from reduction.astrometry import celestial
from reduction.detector import geometry
from reduction.errors import ReductionError
from reduction.extraction import footprint, manual
from reduction.extraction.footprint import Axis
from reduction.fits import frame_io
from reduction.fits.card_repair import repair
from reduction.frames import DataType
from services import access
from services.access import Action

log = logging.getLogger(__name__)

_SAME = (Axis(0.0, 1.0), Axis(0.0, 1.0))


@dataclass(frozen=True, slots=True)
class WavelengthScale:
    """Chebyshev coefficients of the wavelength (Å, air) over a domain of columns."""

    domain: tuple[float, float]
    coefficients: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ApertureOverlay:
    """Where a spectrum was extracted, in 0-based pixels of the image on show.

    `trace` holds the coefficients of row(column) by rising powers; `aperture` and `zones` are edges
    relative to the trace, in rows. `is_newest` is whether it is the newest of its target.
    `wavelength` is None before the calibration.
    """

    file_id: int
    file_name: str
    target: int
    is_newest: bool
    is_manual: bool
    trace: tuple[float, ...]
    aperture: tuple[float, float]
    zones: tuple[tuple[float, float], ...]
    wavelength: WavelengthScale | None

    def as_dict(self) -> dict[str, Any]:
        """Return what the browser is sent, as JSON has it."""
        scale = self.wavelength
        return {
            "file": self.file_id,
            "name": self.file_name,
            "target": self.target,
            "newest": self.is_newest,
            "trace": list(self.trace),
            "aperture": list(self.aperture),
            "zones": [list(zone) for zone in self.zones],
            "by_hand": self.is_manual,
            "wavelength": None
            if scale is None
            else {"domain": list(scale.domain), "coefficients": list(scale.coefficients)},
        }


@dataclass(frozen=True, slots=True)
class Overlays:
    """What is known of the places on an image.

    `apertures` has the newest of each target first. `sky` are the unit vectors of
    `reduction.astrometry.celestial.directions`, None without coordinates.
    """

    apertures: tuple[ApertureOverlay, ...] = ()
    sky: list[list[float]] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what the browser is sent, as JSON has it."""
        return {
            "apertures": [aperture.as_dict() for aperture in self.apertures],
            "sky": self.sky,
        }


def overlays(user: User, file_id: int) -> Overlays:
    """Return what is drawn over an image; nothing for a spectrum or an unreadable file.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    if DataType(file.data_type) not in (DataType.RAW, DataType.REDUCED):
        return Overlays()
    try:
        header, stored = frame_io.read_header(Path(file.full_path))
        header, shape = repair(header).header, (stored[-2], stored[-1])
        products = _products(user, file)
        apertures = _apertures(file, products, header, shape)
        vectors = celestial.directions(header, shape)
    except (ReductionError, OSError) as error:
        log.info("%s has no overlays: %s", file.file_name, error)
        return Overlays()
    return Overlays(apertures, None if vectors is None else vectors.round(12).tolist())


def _products(user: User, file: File) -> list[File]:
    """Return the current products of a file's raw frame, the newest first."""
    rows = access.visible_files(user).where(
        File.original == file.original_id, File.id != file.original_id, File.state == "current"
    )
    return list(rows.order_by(File.id.desc()))


def _children(products: Sequence[File], parent: File, data_type: DataType) -> list[File]:
    return [
        product
        for product in products
        if product.parent_id == parent.id and product.data_type == data_type
    ]


def _apertures(
    file: File, products: Sequence[File], header: fits.Header, shape: tuple[int, int]
) -> tuple[ApertureOverlay, ...]:
    reduced, axes = file, _SAME
    if file.data_type == DataType.RAW:
        versions = _children(products, file, DataType.REDUCED)
        if not versions:
            return ()
        reduced = versions[0]
        raw_header = header.copy()
        geometry.set_physical(raw_header, shape)
        axes = footprint.axes_between(_header(reduced), raw_header)
    apertures: list[ApertureOverlay] = []
    targets: set[int] = set()
    for spectrum in _children(products, reduced, DataType.EXTRACTED):
        aperture = _aperture(spectrum, products, axes, targets)
        if aperture is not None:
            targets.add(aperture.target)
            apertures.append(aperture)
    return tuple(sorted(apertures, key=lambda a: (not a.is_newest, a.target, -a.file_id)))


def _aperture(
    spectrum: File, products: Sequence[File], axes: tuple[Axis, Axis], targets: set[int]
) -> ApertureOverlay | None:
    """Return the windows of a spectrum; `targets` are those of which a newer one was found."""
    try:
        header = _header(spectrum)
        place = footprint.read_footprint(header).seen_on(*axes)
    except (ReductionError, OSError) as error:
        log.info("%s has no position on the detector: %s", spectrum.file_name, error)
        return None
    return ApertureOverlay(
        file_id=spectrum.id,
        file_name=spectrum.file_name,
        target=place.target,
        is_newest=place.target not in targets,
        is_manual=manual.is_manual(header),
        trace=_coefficients(place.trace),
        aperture=place.aperture,
        zones=tuple(place.zones),
        wavelength=_wavelength(_children(products, spectrum, DataType.WAVELENGTH), axes[0]),
    )


def _header(file: File) -> fits.Header:
    return frame_io.read_header(Path(file.full_path))[0]


def _coefficients(trace: Polynomial) -> tuple[float, ...]:
    return tuple(float(c) for c in trace.convert(domain=[-1, 1], window=[-1, 1]).coef)


def _wavelength(calibrated: Sequence[File], columns: Axis) -> WavelengthScale | None:
    """Return the newest wavelength scale of a spectrum, in columns of the image on show."""
    for product in calibrated:
        try:
            scale = footprint.read_scale(_header(product))
        except (ReductionError, OSError) as error:
            log.info("%s has no usable wavelength scale: %s", product.file_name, error)
            continue
        low, high = (columns.there(float(edge)) for edge in scale.domain)
        return WavelengthScale((low, high), tuple(float(c) for c in scale.coef))
    return None
