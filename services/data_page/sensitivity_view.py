"""The page of a sensitivity: points and fit, residuals, masks, earlier nights, throughput."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.models import File, User
from reduction.flux.response.bands import ResponseMask
from reduction.flux.response.throughput import throughput
from reduction.frames import DataType, Spectrum
from reduction.setups import setup_name
from reduction.wavelength.axis.medium import medium_of
from services import access, request_coalescing
from services.access import Action
from services.calibration.arc_selection import alike
from services.calibration.sensitivities import choice
from services.errors import ServiceError, Unacceptable
from services.files import ingredients
from services.files.contents import read_product
from services.files.ingredients import Role
from services.files.rows import describe
from services.request_coalescing import Moment

Floats = NDArray[np.float64]

MOST_CURVES = 12
"""Earlier nights that are drawn."""
MOST_IN_HISTORY = 400


@dataclass(frozen=True, slots=True)
class MaskBand:
    """A part of the axis that the fit left out: first and last wavelength (Å), and why.

    `reason` is the name of a `reduction.flux.response.bands.ResponseMask` in lower case.
    """

    first: float
    last: float
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class EarlierNight:
    """The throughput that another star gave in an earlier night, (n,) on its own axis, Å."""

    file_id: int
    file_name: str
    night: dt.date
    star: str
    wavelength: Floats
    throughput: Floats


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """The numbers of a sensitivity of the same camera, setup and slit; None where not known.

    `ratio` is the throughput relative to that expected.
    """

    file_id: int
    file_name: str
    time: dt.datetime
    star: str
    zero_point: float | None
    throughput_peak: float | None
    ratio: float | None


@dataclass(frozen=True, slots=True, eq=False)
class SensitivityView:
    """A sensitivity as its page draws it. All arrays are (n,), NaN where nothing is known.

    Attributes
    ----------
    star, reference : str
        The standard star and the source of its reference spectrum.
    setup, slit, camera : str
        ``400_M2 GG455``; as in the header; Red or Blue.
    airmass : float or None
    wavelength : float64
        Å, in `medium` (``"air"`` or ``"vacuum"``).
    sensitivity, sigma : float64
        What spectra are calibrated with, and its statistical error: electron cm² / erg.
    systematic : float64
        Fractional systematic error.
    own, library : float64
        The fit of this star alone; the median of earlier nights brought to its level (all NaN with
        fewer than three stars).
    points, residual : float64
        The measured ratios, electron cm² / erg; measured minus fitted, mag, of this star alone.
    throughput, expected : float64
        Fraction of the photons above the atmosphere that is detected, and that expected.
    transmission : float64
        Of the telluric bands, as measured.
    masks : tuple of MaskBand
        Ordered by reason and wavelength.
    library_size : int
        Earlier stars that take part.
    earlier : tuple of EarlierNight
        The nearest first, at most `MOST_CURVES`.
    history : tuple of HistoryPoint
        Of all nights within 400 days, this one included, the oldest first.
    n_used : int
        Spectra that were calibrated with it and that the person sees.
    """

    file_id: int
    file_name: str
    night: dt.date
    star: str
    reference: str
    setup: str
    slit: str
    camera: str
    airmass: float | None
    medium: str
    wavelength: Floats
    sensitivity: Floats
    sigma: Floats
    systematic: Floats
    own: Floats
    library: Floats
    points: Floats
    residual: Floats
    throughput: Floats
    expected: Floats
    transmission: Floats
    masks: tuple[MaskBand, ...]
    library_size: int
    earlier: tuple[EarlierNight, ...]
    history: tuple[HistoryPoint, ...]
    n_used: int


def read(user: User, file_id: int, when: Moment | None = None) -> SensitivityView:
    """Return a sensitivity as its page draws it.

    Raises
    ------
    NotFound
        No such file for this person.
    Unacceptable
        It is no sensitivity.
    Unavailable
        The file cannot be read now.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    if file.data_type != DataType.SENSITIVITY:
        raise Unacceptable(f"{file.file_name} is no sensitivity.", field="id")
    key = ("sensitivity", file.id, file.checksum, user.id)
    return request_coalescing.read(when, key, lambda: _view(user, file))


def _view(user: User, file: File) -> SensitivityView:
    spectrum = _spectrum(file)
    axis, quality = _axis(spectrum), dict(file.quality or {})
    own, points = _plane(spectrum, "OWN"), _plane(spectrum, "POINTS")
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = -2.5 * np.log10(points / own)
        sigma = np.sqrt(spectrum.variance)
    for values in (residual, sigma):
        values[~np.isfinite(values)] = np.nan
    return SensitivityView(
        file_id=file.id,
        file_name=file.file_name,
        night=file.night,
        star=str(quality.get("star", "")),
        reference=str(quality.get("reference", "")),
        setup=setup_name(describe(file)),
        slit=file.slit,
        camera=file.camera,
        airmass=_number(quality.get("airmass")),
        medium=medium_of(spectrum.header),
        wavelength=axis,
        sensitivity=spectrum.flux,
        sigma=sigma,
        systematic=_plane(spectrum, "SYS"),
        own=own,
        library=_plane(spectrum, "LIBRARY"),
        points=points,
        residual=residual,
        throughput=throughput(axis, spectrum.flux),
        expected=_plane(spectrum, "EXPECTED"),
        transmission=_plane(spectrum, "TRANSM"),
        masks=mask_bands(axis, spectrum.planes.get("PMASK")),
        library_size=int(quality.get("library_size", 0)),
        earlier=tuple(_curves(choice.earlier(file, MOST_CURVES))),
        history=_history(user, file),
        n_used=_n_used(user, file),
    )


def _spectrum(file: File) -> Spectrum:
    product = read_product(file)
    if not isinstance(product, Spectrum) or product.wavelength is None:
        raise Unacceptable(f"{file.file_name} is no sensitivity.", field="id")
    return product


def _axis(spectrum: Spectrum) -> Floats:
    return np.asarray(spectrum.wavelength, dtype=float)


def _plane(spectrum: Spectrum, name: str) -> Floats:
    plane = spectrum.planes.get(name)
    return np.full(spectrum.flux.size, np.nan) if plane is None else np.asarray(plane, dtype=float)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def mask_bands(wavelength: Floats, mask: NDArray[np.uint8] | None) -> tuple[MaskBand, ...]:
    """Return the parts of an axis that the fit left out, by reason and wavelength.

    Parameters
    ----------
    wavelength : (n,) float64
        Ascending.
    mask : (n,) uint8 or None
        None: nothing is masked.
    """
    if mask is None:
        return ()
    bands = []
    for bit in ResponseMask:
        reason = str(bit.name).lower().replace("_", " ")
        edges = np.diff(np.concatenate([[0], (mask & bit) != 0, [0]]).astype(int))
        for first, last in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True):
            bands.append(MaskBand(float(wavelength[first]), float(wavelength[last - 1]), reason))
    return tuple(bands)


def _curves(files: Iterable[File]) -> Iterable[EarlierNight]:
    for file in files:
        try:
            spectrum = _spectrum(file)
        except ServiceError:
            continue  # it was removed meanwhile
        axis = _axis(spectrum)
        yield EarlierNight(
            file_id=file.id,
            file_name=file.file_name,
            night=file.night,
            star=str((file.quality or {}).get("star", "")),
            wavelength=axis,
            throughput=throughput(axis, _plane(spectrum, "OWN")),
        )


def _history(user: User, file: File) -> tuple[HistoryPoint, ...]:
    seen = access.visible_files(user, File.id).where(File.data_type == DataType.SENSITIVITY)
    of_setup = alike(File.select(), file).where(
        File.id.in_(seen),
        File.state == "current",
        File.camera == file.camera,
        File.slit == file.slit,
        File.date_obs.between(file.date_obs - choice.REACH, file.date_obs + choice.REACH),
    )
    newest = of_setup.order_by(File.date_obs.desc(), File.id.desc()).limit(MOST_IN_HISTORY)
    return tuple(reversed([history_point(one) for one in newest]))


def history_point(file: File) -> HistoryPoint:
    """Return the numbers of a sensitivity as its row has them."""
    quality = dict(file.quality or {})
    return HistoryPoint(
        file_id=file.id,
        file_name=file.file_name,
        time=file.date_obs,
        star=str(quality.get("star", "")),
        zero_point=_number(quality.get("zero_point_mag")),
        throughput_peak=_number(quality.get("throughput_peak")),
        ratio=_number(quality.get("throughput_ratio")),
    )


def _n_used(user: User, file: File) -> int:
    used = ingredients.used_in(file, Role.SENSITIVITY).select(File.id)
    return int(access.visible_files(user, File.id).where(File.id.in_(used)).count())
