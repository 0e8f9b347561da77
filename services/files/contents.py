"""The contents of files: header cards, and the numbers of a spectrum."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from db.models import File, User
from reduction.errors import ReductionError
from reduction.fits import card_text, frame_io, shared_cards
from reduction.fits.vocabulary import BUNIT
from reduction.frames import DataType, Spectrum
from reduction.wavelength.axis.medium import medium_of
from services import access
from services.access import Action
from services.context import site
from services.errors import Conflict, Unacceptable, Unavailable
from services.files.arrivals.outcomes import is_changed

ONE_DIMENSIONAL = (
    DataType.EXTRACTED,
    DataType.WAVELENGTH,
    DataType.FLUX,
    DataType.SENSITIVITY,
)


@dataclass(frozen=True, slots=True)
class HeaderCard:
    """A header card; `hdu` is the name of its extension. `value` is text, number, bool or None."""

    hdu: str
    keyword: str
    value: str | int | float | bool | None
    comment: str


@dataclass(frozen=True, slots=True)
class SpectrumData:
    """A spectrum as it is drawn.

    Attributes
    ----------
    wavelength : (n,) array of float or None
        In ångström, in `medium`; None before the calibration.
    pixel : (n,) array of int
        Columns, from 0.
    flux, sigma : (n,) array of float
        In `unit`; `sigma` is NaN where it is not known.
    mask : (n,) array of uint8
        Bits of `reduction.frames.PixelFlag`.
    sky : (n,) array of float or None
        The sky that was subtracted, in `unit`.
    loss : (n,) array of float or None
        Fraction of the light outside the aperture; None where it is not known.
    medium : str
        ``"air"`` or ``"vacuum"``; "" before the calibration.
    planes : mapping of str to (n,) array
        The further planes of the file, by the name of their extension.
    """

    wavelength: NDArray[np.float64] | None
    pixel: NDArray[np.int64]
    flux: NDArray[np.float64]
    sigma: NDArray[np.float64]
    mask: NDArray[np.uint8]
    sky: NDArray[np.float64] | None
    loss: NDArray[np.float64] | None
    unit: str
    medium: str = ""
    planes: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def header(user: User, file: File) -> list[HeaderCard]:
    """Return the cards of all HDUs, in file order.

    Raises
    ------
    NotFound
        No such file for this person.
    Unacceptable
        The header is not valid.
    Unavailable
        The file cannot be read now.
    """
    path = open_path(access.file_for(user, Action.VIEW, file.id))
    with reading_header(file):
        headers = frame_io.read_all_headers(path)
    everybodys = access.is_shared(file)
    of_spectrum = file.data_type == DataType.SENSITIVITY
    return [
        _card(name, card)
        for name, cards in headers
        for card in cards.cards
        if card.keyword
        and (not everybodys or shared_cards.is_shared(card.keyword, of_spectrum=of_spectrum))
    ]


def _card(hdu: str, card: fits.Card) -> HeaderCard:
    try:
        value, comment = card.value, card.comment
    except (fits.VerifyError, ValueError):
        value, comment = card_text.stored(card), ""  # malformed: as in the file
    if isinstance(value, fits.card.Undefined):
        value = None
    if not isinstance(value, str | int | float | bool | type(None)):
        value = str(value)
    return HeaderCard(hdu, card.keyword, value, str(comment))


def spectrum(user: User, file: File) -> SpectrumData:
    """Return the numbers of a 1-D product.

    Raises
    ------
    Unacceptable
        The file is an image.
    Unavailable
        The file cannot be read now.
    """
    file = access.file_for(user, Action.VIEW, file.id)
    if file.data_type not in ONE_DIMENSIONAL:
        raise Unacceptable(f"{file.file_name} is an image, not a spectrum.", field="id")
    product = read_product(file)
    if not isinstance(product, Spectrum):
        raise Unacceptable(f"{file.file_name} is an image, not a spectrum.", field="id")
    with np.errstate(invalid="ignore"):
        sigma = np.sqrt(product.variance)
    sigma[~np.isfinite(sigma)] = np.nan
    return SpectrumData(
        wavelength=product.wavelength,
        pixel=np.arange(product.flux.size),
        flux=product.flux,
        sigma=sigma,
        mask=product.mask,
        sky=product.sky,
        loss=product.loss,
        unit=str(product.header.get(BUNIT.keyword, "")),
        medium="" if product.wavelength is None else medium_of(product.header),
        planes=product.planes,
    )


def read_product(file: File) -> CCDData | Spectrum:
    """Return the image or spectrum of a product.

    Raises
    ------
    Unavailable
        The file cannot be read now.
    """
    try:
        return frame_io.read_product(open_path(file))
    except (ReductionError, OSError) as error:
        raise _unavailable(file) from error


@contextmanager
def reading_header(file: File) -> Iterator[None]:
    """Turn the errors of reading a header into those of services.

    Raises
    ------
    Unacceptable
        The header is not valid.
    Unavailable
        The file cannot be read now.
    """
    try:
        yield
    except ReductionError as error:
        raise Unacceptable(str(error), field="id") from error
    except OSError as error:
        raise _unavailable(file) from error


def _unavailable(file: File) -> Unavailable:
    return Unavailable(f"{file.file_name} can't be read now.", retry_after=30)


def public_path(file: File) -> Path:
    """Return the path of what is sent of a file: of a shared one only what everybody may have.

    Masters of older releases hold the header of one of their frames; a copy without it is sent.

    Raises
    ------
    Unavailable
        The file cannot be read now.
    """
    path = open_path(file)
    if not access.is_shared(file) or not path.is_file():
        return path
    of_spectrum = file.data_type == DataType.SENSITIVITY
    try:
        keywords = {keyword for _, cards in frame_io.read_all_headers(path) for keyword in cards}
        if all(shared_cards.is_shared(one, of_spectrum=of_spectrum) for one in keywords):
            return path
        folder = site().previews_dir / "shared"
        copy = folder / f"{file.id}-{file.checksum[:16]}.fits"
        if not copy.exists():
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f".{secrets.token_hex(8)}"
            shared_cards.write_shared(path, part, of_spectrum=of_spectrum)
            part.replace(copy)
    except (ReductionError, OSError) as error:
        raise _unavailable(file) from error
    return copy


def open_path(file: File) -> Path:
    """Return the path of a file whose bytes are those of its row.

    Raises
    ------
    Conflict
        A raw frame was changed on disk and the change is not accepted.
    """
    path = Path(file.full_path)
    if file.data_type == DataType.RAW and is_changed(file):
        raise Conflict(
            f"{file.file_name} was changed on disk after it was indexed; "
            "staff have to accept the change first.",
            field="id",
        )
    if file.data_type != DataType.RAW and not path.is_file():
        path = _replaced(file)
    return path


def _replaced(file: File) -> Path:
    """Return the path of a product that was replaced since its row was read; the row follows."""
    now = File.get_or_none(File.id == file.id)
    if now is not None:
        file.full_path, file.checksum, file.size = now.full_path, now.checksum, now.size
    return Path(file.full_path)
