"""What is drawn over an image: where its spectra were taken, their wavelengths, the sky."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from astropy.io import fits
from numpy.polynomial import Polynomial

from db.models import File, User
from reduction.astrometry import celestial
from reduction.detector import geometry
from reduction.errors import ReductionError
from reduction.extraction import footprint, manual
from reduction.extraction.footprint import Axis, Footprint
from reduction.fits import frame_io, headers
from reduction.frames import DataType
from services import access
from services.access import Action

log = logging.getLogger(__name__)

_SAME = (Axis(0.0, 1.0), Axis(0.0, 1.0))


def overlays(user: User, file_id: int) -> dict[str, Any]:
    """Return what is known of the places on an image, in its own 0-based pixels.

    ``apertures``: a dict for each spectrum that was extracted from the reduced frame, the newest of
    each target first: ``file``, ``name``, ``target``, ``newest``, ``trace`` (coefficients of
    row(column), rising powers), ``aperture`` and ``zones`` (edges against the trace), ``by_hand``,
    and ``wavelength`` (``domain`` and Chebyshev ``coefficients``, Å) once it is calibrated.
    ``sky``: unit vectors of `reduction.astrometry.celestial.directions`, None without.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    if DataType(file.data_type) not in (DataType.RAW, DataType.REDUCED):
        return {"apertures": [], "sky": None}
    try:
        header, shape = frame_io.read_header(Path(file.full_path))
        found = _apertures(user, file, header, shape)
        vectors = celestial.directions(header, (shape[0], shape[1]))
    except (ReductionError, OSError) as error:
        log.info("%s has no overlays: %s", file.file_name, error)
        return {"apertures": [], "sky": None}
    return {"apertures": found, "sky": None if vectors is None else vectors.round(12).tolist()}


def _apertures(
    user: User, file: File, header: fits.Header, shape: tuple[int, ...]
) -> list[dict[str, Any]]:
    reduced, axes = file, _SAME
    if file.data_type == DataType.RAW:
        newest = _children(user, file, DataType.REDUCED)
        if not newest:
            return []
        reduced = newest[0]
        raw = header.copy()
        geometry.set_physical(raw, (shape[0], shape[1]))
        axes = footprint.axes_between(frame_io.read_header(Path(reduced.full_path))[0], raw)
    made, targets = [], set()
    for spectrum in _children(user, reduced, DataType.EXTRACTED):
        try:
            card = frame_io.read_header(Path(spectrum.full_path))[0]
            place = footprint.read_footprint(card)
        except (ReductionError, OSError) as error:
            log.info("%s does not tell its place: %s", spectrum.file_name, error)
            continue
        one = _as_dict(spectrum, place.seen_on(*axes), newest=place.target not in targets)
        one["by_hand"] = card.get(headers.GSP_EXTY) == manual.BY_HAND
        one["wavelength"] = _wavelength(user, spectrum, axes[0])
        targets.add(place.target)
        made.append(one)
    return sorted(made, key=lambda one: (not one["newest"], one["target"], -one["file"]))


def _children(user: User, file: File, data_type: DataType) -> list[File]:
    """Return what was made from a file, the newest first."""
    rows = access.visible_files(user).where(
        File.parent == file, File.data_type == data_type, File.state == "current"
    )
    return list(rows.order_by(File.id.desc()))


def _as_dict(spectrum: File, place: Footprint, *, newest: bool) -> dict[str, Any]:
    return {
        "file": spectrum.id,
        "name": spectrum.file_name,
        "target": place.target,
        "newest": newest,
        "trace": _coefficients(place.trace),
        "aperture": list(place.aperture),
        "zones": [list(zone) for zone in place.zones],
    }


def _coefficients(trace: Polynomial) -> list[float]:
    return [float(c) for c in trace.convert(domain=[-1, 1], window=[-1, 1]).coef]


def _wavelength(user: User, spectrum: File, columns: Axis) -> dict[str, Any] | None:
    """Return the newest wavelength scale of a spectrum, in columns of the image on show."""
    for calibrated in _children(user, spectrum, DataType.WAVELENGTH):
        try:
            scale = footprint.read_scale(frame_io.read_header(Path(calibrated.full_path))[0])
        except (ReductionError, OSError) as error:
            log.info("%s does not tell its scale: %s", calibrated.file_name, error)
            continue
        domain = [columns.there(float(edge)) for edge in scale.domain]
        return {"domain": domain, "coefficients": [float(c) for c in scale.coef]}
    return None
