"""Read frames from FITS files and write products; see `reduction.fits.hdus` for the limits."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.typing import NDArray

from reduction.errors import HeaderError, ReductionError, UnusableFrame
from reduction.fits import card_repair, hdus, headers, image_planes, vocabulary
from reduction.fits.derivation import completion
from reduction.fits.derivation.completion import NOTHING, Given
from reduction.fits.pixels import RawPixels, image_unit
from reduction.frames import PixelFlag, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.readouts import saturation_adu

ADC_LIMIT: Final = 65535.0
"""Largest value of 16 bits; a pixel with this value is clipped in any read-out."""


def read_header(path: Path) -> tuple[fits.Header, tuple[int, ...]]:
    """Return the header and shape of a frame's image without reading its pixels.

    Parameters
    ----------
    path : Path
        A ``.fits``, ``.fits.gz`` or ``.fits.fz`` file (identified by its content).

    Returns
    -------
    header : fits.Header
    shape : tuple of int
        Slowest axis first.

    Raises
    ------
    UnusableFrame
        Not a FITS file, no image in it, or beyond the limits.
    HeaderError
        A size card is missing or mistyped.
    """
    _, unit, shape = image_unit(path)
    header = hdus.image_header(unit)
    foreign = _foreign(unit.header_bytes)
    if foreign:
        header = card_repair.RawHeader(header.cards)
        header.foreign = foreign
    return header, shape


def _foreign(raw: bytes) -> tuple[str, ...]:
    """Return the keywords of the cards that hold bytes outside of printable ASCII."""
    if hdus.printable(raw) == raw:
        return ()
    cards = (raw[at : at + hdus.CARD] for at in range(0, len(raw), hdus.CARD))
    keywords = [hdus.printable(c[:8]).decode() for c in cards if hdus.printable(c) != c]
    return tuple(dict.fromkeys(keyword.partition("=")[0].strip() for keyword in keywords))


def read_all_headers(path: Path) -> list[tuple[str, fits.Header]]:
    """Return name and header of every HDU, in file order."""
    named = []
    for number, unit in enumerate(hdus.units(path)):
        name = str(unit.header.get("EXTNAME", "") or (number if number else "PRIMARY"))
        named.append((name, hdus.image_header(unit)))
    return named


def read_raw(path: Path, given: Given = NOTHING) -> CCDData:
    """Read a raw frame into memory.

    Parameters
    ----------
    path : Path
    given : mapping
        Cards that a person decided: keyword → value.

    Returns
    -------
    CCDData
        (ny, nx) float32, ADU, as on disk: untrimmed and without uncertainty. `flags` holds
        `PixelFlag` bits: BAD where a pixel is not finite, SATURATED from the read-out's level
        (at most 65535 ADU); `mask` is True where any is set.

    Raises
    ------
    UnusableFrame
        Damaged, incomplete or not one plane.
    """
    pixels = RawPixels(path)
    data = pixels.read()
    clean = clean_header(pixels.header, pixels.shape, path.name, given)
    with np.errstate(invalid="ignore"):
        mask = ~(data < saturation_level(clean))
    flags = mask.astype(np.uint8)
    mask |= np.isneginf(data)
    if mask.any():
        finite = np.isfinite(data)
        flags *= np.where(finite, np.uint8(PixelFlag.SATURATED), np.uint8(PixelFlag.BAD))
    return CCDData(data, unit=u.adu, mask=mask, flags=flags, meta=clean)


def saturation_level(header: fits.Header) -> float:
    """Return the level, ADU, from which a raw frame's pixels are flagged as saturated."""
    level = saturation_adu(
        completion.camera_of(header),
        headers.number(header, vocabulary.GAIN),
        headers.number(header, vocabulary.RDNOISE),
    )
    return ADC_LIMIT if level is None else min(level, ADC_LIMIT)


# The axes of a raw frame are those of its own pixels: a celestial or linear system that a camera or
# another program wrote does not hold after a trim, let alone for a spectrum.
_AXES = re.compile(
    r"(?:WCSAXES|WCSNAME|WCSDIM|LONPOLE|LATPOLE|CD\d_\d|PC\d_\d|PC\d{6}|"
    r"(?:CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA|CNAME|CRDER|CSYER)\d|P[SV]\d_\d+)[A-Z]?|"
    r"(?:A|B|AP|BP)_(?:ORDER|DMAX|\d+_\d+)|(?:CP|CQ)(?:DIS|ERR)\d|D[PQ]\d.*|D2IM.*|AXISCORR|"
    r"LT[MV]\d(?:_\d)?|ATM\d_\d|ATV\d|WAT\d_\d+|WAXMAP\d+|DC-FLAG|DISTORT|"
    r"(?:SPECSYS|SSYSOBS|VELOSYS|RESTFRQ|RESTWAV)[A-Z]?"
)


def clean_header(
    header: fits.Header,
    shape: tuple[int, int] | None = None,
    file_name: str = "",
    given: Given = NOTHING,
) -> fits.Header:
    """Return a copy of a raw header for a product: without structural cards and without axes.

    The copy can be written; a malformed card is repaired, or remains in the raw file only. With the
    `shape` (ny, nx) of the image, what the header lacks is written as far as it can be derived
    (`reduction.fits.derivation`); `given` are the cards that a person decided.
    """
    repaired = card_repair.repair(header)
    if shape is not None:
        with contextlib.suppress(HeaderError):  # said where the frame is described
            completion.complete(repaired, shape, file_name, given)
    cards = image_planes.describing(repaired.header)
    return fits.Header([card for card in cards if not _AXES.fullmatch(card.keyword)])


def write(product: Product, path: Path) -> None:
    """Write a product to `path`, which must not exist; the caller renames and syncs the file.

    An image is float32 in the primary HDU with ``UNCERT`` (variance) and ``MASK`` (`PixelFlag`
    bits), which ``CCDData.read`` understands, and the further `planes` of the product; a spectrum
    is float64 with ``VAR`` (the name of a variance in specutils), ``MASK``, ``SKY``, ``LOSS`` (of
    the aperture), ``WAVE``, ``ARC`` (a row for each arc of the solution) and its further `planes`.
    The same product gives the same bytes.
    """
    header, primary, arrays = _planes(product)
    extensions = [
        (name, array, {"UTYPE": "VarianceUncertainty"} if name in _VARIANCES else {})
        for name, array in arrays.items()
    ]
    image_planes.write_planes(path, header, primary, extensions)


_VARIANCES: Final = frozenset({"VAR", "UNCERT"})
_OF_EVERY_SPECTRUM: Final = frozenset({"VAR", "MASK", "SKY", "LOSS", "WAVE", "ARC"})


def _planes(product: Product) -> tuple[fits.Header, NDArray[Any], dict[str, NDArray[Any]]]:
    """Return header, primary array and extensions of a product's file."""
    data = product.data
    if isinstance(data, Spectrum):
        header, primary = data.header, data.flux.astype(np.float64, copy=False)
        variance: NDArray[Any] | None = data.variance.astype(np.float64, copy=False)
        name, flags = "VAR", data.mask.astype(np.uint8, copy=False)
        extras = {
            "SKY": data.sky,
            "LOSS": data.loss,
            "WAVE": data.wavelength,
            "ARC": data.arcs,
            **data.planes,
        }
    else:
        header, primary = data.meta.copy(), data.data.astype(np.float32, copy=False)
        header["BUNIT"] = str(data.unit)
        variance = variance_of(data)
        variance = None if variance is None else variance.astype(np.float32, copy=False)
        name, flags = "UNCERT", flags_of(data)
        extras = dict(product.planes)
    arrays = {name: variance, "MASK": flags, **extras}
    return header, primary, {key: array for key, array in arrays.items() if array is not None}


def as_read(product: Product) -> CCDData | Spectrum:
    """Return the frame that `read_product` gives for a product's file, without the file.

    The arrays are those of the product; the header holds the values as they are written in cards.
    """
    header, primary, arrays = _planes(product)
    return _frame_of(image_planes.as_written(header), primary, arrays)


def variance_of(frame: CCDData) -> NDArray[Any] | None:
    """Return the variance of a frame.

    Parameters
    ----------
    frame : CCDData
        (ny, nx).

    Returns
    -------
    (ny, nx) array or None
        In the unit of the frame squared, not a copy if it is stored as a variance; None without
        uncertainty.
    """
    if frame.uncertainty is None:
        return None
    stated = frame.uncertainty
    if not isinstance(stated, VarianceUncertainty):
        stated = stated.represent_as(VarianceUncertainty)
    variance: NDArray[Any] = stated.array
    return variance


def flags_of(frame: CCDData) -> NDArray[np.uint8]:
    """Return the `PixelFlag` bits of a frame.

    Parameters
    ----------
    frame : CCDData
        (ny, nx).

    Returns
    -------
    (ny, nx) uint8
        BAD where only a mask is given and it is True.
    """
    if frame.flags is not None:
        return np.asarray(frame.flags, dtype=np.uint8)
    if frame.mask is None:
        return np.zeros(frame.shape, dtype=np.uint8)
    return np.where(frame.mask, np.uint8(PixelFlag.BAD), np.uint8(0))


def image_frame(
    data: NDArray[Any],
    variance: NDArray[Any] | None,
    flags: NDArray[np.uint8],
    *,
    unit: u.UnitBase,
    meta: fits.Header,
) -> CCDData:
    """Return a frame with its variance and flags, none of which is copied.

    Parameters
    ----------
    data : (ny, nx) float32
        In `unit`.
    variance : (ny, nx) float32 or None
        In `unit` squared.
    flags : (ny, nx) uint8
        `PixelFlag` bits; the mask of the frame is True where any is set.
    unit : Unit
    meta : fits.Header

    Returns
    -------
    CCDData
    """
    uncertainty = None if variance is None else VarianceUncertainty(variance, copy=False)
    return CCDData(
        data, unit=unit, uncertainty=uncertainty, mask=flags != 0, flags=flags, meta=meta
    )


def read_product(path: Path) -> CCDData | Spectrum:
    """Read a product: an image as CCDData, a spectrum as `Spectrum`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    CCDData or Spectrum
        With variance and flags, in the unit of ``BUNIT``.

    Raises
    ------
    UnusableFrame
        The file is not a product of this software, or it is damaged.
    """
    try:
        header, data, arrays = image_planes.read_planes(path)
    except (ReductionError, OSError) as error:
        raise UnusableFrame(NoticeCode.PRODUCT_UNREADABLE, file=path.name) from error
    if data is None or "MASK" not in arrays:
        raise UnusableFrame(NoticeCode.NOT_A_PRODUCT, file=path.name)
    return _frame_of(fits.Header(image_planes.describing(header)), data, arrays)


def _frame_of(
    header: fits.Header, data: NDArray[Any], arrays: dict[str, NDArray[Any]]
) -> CCDData | Spectrum:
    """Return the frame of a product's header, primary array and extensions."""
    flags = arrays["MASK"].astype(np.uint8, copy=False)
    if data.ndim == 1:
        return Spectrum(
            flux=data.astype(np.float64, copy=False),
            variance=arrays.get("VAR", np.full(data.shape, np.inf)),
            mask=flags,
            header=header,
            sky=arrays.get("SKY"),
            wavelength=arrays.get("WAVE"),
            arcs=arrays.get("ARC"),
            loss=arrays.get("LOSS"),
            planes={
                name: array for name, array in arrays.items() if name not in _OF_EVERY_SPECTRUM
            },
        )
    stated = headers.text(header, vocabulary.BUNIT)
    ratio = not stated and vocabulary.BUNIT.keyword in header
    unit = u.dimensionless_unscaled if ratio else u.Unit(stated or "electron")
    return image_frame(data, arrays.get("UNCERT"), flags, unit=unit, meta=header)
