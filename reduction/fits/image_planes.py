"""Products as FITS files: images in a few HDUs, read and written without copies.

Astropy's own reader and writer check, copy and format every header several times, which takes a
large part of the time of a small product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.errors import UnusableFrame
from reduction.fits import hdus
from reduction.fits.pixels import TYPES
from reduction.notice_codes import NoticeCode

_STRUCTURE: Final = frozenset(
    "SIMPLE XTENSION BITPIX NAXIS NAXIS1 NAXIS2 NAXIS3 EXTEND PCOUNT GCOUNT BZERO BSCALE BLANK "
    "CHECKSUM DATASUM END".split()
)
_BITPIX: Final = {"u1": 8, "f4": -32, "f8": -64}


def describing(header: fits.Header) -> Iterator[fits.Card]:
    """Yield the cards of a header that are not structural."""
    return (card for card in header.cards if card.keyword not in _STRUCTURE)


def read_planes(path: Path) -> tuple[fits.Header, NDArray[Any] | None, dict[str, NDArray[Any]]]:
    """Read a product: its header, its primary array and the arrays of its extensions by name.

    Arrays are in native byte order, which numerical libraries require. Tables and scaled arrays, as
    in raw frames, are skipped.

    Parameters
    ----------
    path : Path

    Returns
    -------
    header : fits.Header
        Header of the primary HDU.
    primary : ndarray or None
        None without data in the primary HDU.
    arrays : dict
        The arrays of the extensions by ``EXTNAME``.

    Raises
    ------
    UnusableFrame
        The file is not FITS, truncated, or exceeds the limits.
    HeaderError
        A size card is missing or mistyped.
    """
    units = list(hdus.units(path))
    arrays = {}
    with path.open("rb") as stream:
        for number, unit in enumerate(units):
            if unit.data_size and _is_plain(unit.header):
                name = str(unit.header.get("EXTNAME", number)) if number else ""
                arrays[name] = _plain_array(stream, unit, path.name)
    primary = arrays.pop("", None)
    return units[0].header, primary, arrays


def _is_plain(header: fits.Header) -> bool:
    scaled = "BZERO" in header or "BSCALE" in header
    return header.get("XTENSION", "IMAGE").strip() == "IMAGE" and not scaled


def _plain_array(stream: BinaryIO, unit: hdus.Unit, name: str) -> NDArray[Any]:
    shape, depth = hdus.axes(unit.header), unit.header["BITPIX"]
    if depth not in TYPES or unit.data_size > hdus.MAX_PIXELS * abs(depth) // 8:
        raise UnusableFrame(NoticeCode.ARRAY_UNKNOWN, file=name)
    stored = np.empty(shape, dtype=TYPES[depth])
    stream.seek(unit.data_start)
    if stream.readinto(stored.reshape(-1).view(np.uint8)) < unit.data_size:  # type: ignore[attr-defined]
        raise UnusableFrame(NoticeCode.ARRAY_CUT_SHORT, file=name)
    if stored.dtype.isnative:
        return stored
    return stored.byteswap(inplace=True).view(stored.dtype.newbyteorder("="))


def write_planes(
    path: Path,
    header: fits.Header,
    primary: NDArray[Any],
    extensions: Sequence[tuple[str, NDArray[Any], dict[str, str]]],
) -> None:
    """Write a product to a new file: uint8, float32 and float64 arrays, each in an HDU.

    Parameters
    ----------
    path : Path
        Must not exist.
    header : fits.Header
        Of the primary array; structural cards are replaced.
    primary : ndarray
    extensions : sequence of (str, ndarray, dict)
        Name, array and additional cards of each.
    """
    with path.open("xb") as stream:
        first = [fits.Card("SIMPLE", True, "conforms to FITS standard"), *_axes(primary)]
        first.append(fits.Card("EXTEND", True))
        _put(stream, [*first, *describing(header)], primary)
        for name, array, further in extensions:
            cards = [fits.Card("XTENSION", "IMAGE", "image extension"), *_axes(array)]
            more = {"PCOUNT": 0, "GCOUNT": 1, "EXTNAME": name, **further}
            _put(stream, [*cards, *(fits.Card(key, value) for key, value in more.items())], array)


def as_written(header: fits.Header) -> fits.Header:
    """Return the header of a product as it is read back: each value as its card has it."""
    return fits.Header.fromstring("".join(card.image for card in describing(header)))


def _axes(array: NDArray[Any]) -> list[fits.Card]:
    sizes = [fits.Card(f"NAXIS{n}", size) for n, size in enumerate(reversed(array.shape), start=1)]
    depth = fits.Card("BITPIX", _BITPIX[array.dtype.str[1:]], "array data type")
    return [depth, fits.Card("NAXIS", array.ndim, "number of array dimensions"), *sizes]


def _put(stream: BinaryIO, cards: Iterable[fits.Card], array: NDArray[Any]) -> None:
    """Write one HDU; header and data are padded to whole blocks."""
    text = "".join(card.image for card in cards) + "END".ljust(hdus.CARD)
    stream.write(text.ljust(hdus.padded(len(text))).encode("ascii"))
    stored = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder(">"))
    stream.write(stored.reshape(-1).view(np.uint8).data)
    stream.write(b"\0" * (hdus.padded(stored.nbytes) - stored.nbytes))
