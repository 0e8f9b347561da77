"""The image of a FITS file: its HDU, and all or a part of its pixels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.errors import UnusableFrame
from reduction.fits import card_repair, hdus
from reduction.fits.sources import opened
from reduction.notice_codes import NoticeCode

TYPES: Final = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_ALL: Final = slice(None)


def image_unit(path: Path) -> tuple[int, hdus.Unit, tuple[int, ...]]:
    """Find the HDU of the image: the primary HDU, or the first image extension.

    Parameters
    ----------
    path : Path

    Returns
    -------
    number : int
        Number of the HDU in the file.
    unit : Unit
    shape : tuple of int
        Slowest axis first.

    Raises
    ------
    UnusableFrame
        The file is not FITS, has no image, or exceeds the limits.
    HeaderError
        A size card is missing or mistyped.
    """
    shaped = ((unit, hdus.axes(unit.header, unit.prefix)) for unit in hdus.units(path))
    return hdus.find_image(shaped, path.name)


class RawPixels:
    """The pixels of a raw frame, read in parts; pixels are not kept in memory.

    Raises
    ------
    UnusableFrame
        The file is not a FITS image of one plane, or its pixel type is not valid in FITS.
    HeaderError
        A size card is missing or mistyped.

    Attributes
    ----------
    header : fits.Header
        Of the image, as on disk.
    shape : (int, int)
        Rows and columns.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number, self._unit, shape = image_unit(path)
        self.header = hdus.image_header(self._unit)
        if len(shape) == 3 and shape[0] == 1:
            shape = shape[1:]
        if len(shape) != 2:
            raise UnusableFrame(NoticeCode.NOT_ONE_PLANE, file=path.name, shape=str(shape))
        self.shape: tuple[int, int] = (shape[0], shape[1])
        if not self._unit.compressed and int(self.header["BITPIX"]) not in TYPES:
            raise UnusableFrame(
                NoticeCode.PIXEL_TYPE_UNKNOWN, file=path.name, bitpix=self.header["BITPIX"]
            )

    def read(self, rows: slice = _ALL, columns: slice = _ALL) -> NDArray[np.float32]:
        """Read a part of the frame, with BZERO, BSCALE and BLANK applied.

        Parameters
        ----------
        rows, columns : slice, optional
            The part; default: the whole frame.

        Returns
        -------
        (n_rows, n_columns) float32
            ADU.

        Raises
        ------
        UnusableFrame
            Data are missing or damaged.
        """
        if self._unit.compressed:
            unpacked = _unpack(self.path, self._number).reshape(self.shape)[rows, columns]
            return np.ascontiguousarray(unpacked, dtype=np.float32)
        first, last, _ = rows.indices(self.shape[0])
        kind = np.dtype(TYPES[int(self.header["BITPIX"])])
        line = kind.itemsize * self.shape[1]
        with opened(self.path) as stream:
            stream.seek(self._unit.data_start + first * line)
            raw = stream.read((last - first) * line)
        if len(raw) < (last - first) * line:
            missing = (last - first) * line - len(raw)
            raise UnusableFrame(NoticeCode.PIXELS_MISSING, file=self.path.name, bytes=missing)
        stored = np.frombuffer(raw, dtype=kind).reshape(last - first, self.shape[1])[:, columns]
        return self._physical(stored)

    def _physical(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        exact = stored.dtype.itemsize <= 2 or stored.dtype.kind == "f"
        values: NDArray[Any] = stored.astype(np.float32 if exact else np.float64, order="C")
        scale, zero, blank = card_repair.scaling(self.header)
        if scale != 1.0:
            values *= values.dtype.type(scale)
        if zero != 0.0:
            values += values.dtype.type(zero)
        if blank is not None and stored.dtype.kind != "f":
            values[stored == blank] = np.nan
        return values.astype(np.float32, copy=False)


def _unpack(path: Path, number: int) -> NDArray[Any]:
    """Decompress a tile-compressed image, after replacing header bytes that FITS does not allow."""
    whole = bytearray(path.read_bytes())
    for unit in hdus.units(path):
        start = unit.data_start - len(unit.header_bytes)
        whole[start : unit.data_start] = hdus.printable(unit.header_bytes)
    try:
        with fits.open(io.BytesIO(bytes(whole)), memmap=False) as opened:
            return np.asarray(opened[number].data)
    except Exception as error:  # any failure of the decompressor means that the frame is damaged
        raise UnusableFrame(NoticeCode.UNPACKING_FAILED, file=path.name) from error
