"""What tells that a file is a product of some pipeline and therefore no raw frame.

A raw root holds what people copy there, reduced frames among it. A reduced arc that is taken for a
raw one calibrates spectra with wavelengths that are Ångströms wrong, and a master becomes a member
of its successor. Cards are marks only where no raw frame of the instrument has them with a value:
raw frames carry ``RLEVEL = 0`` and an empty ``L1PUBDAT``, for example.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from astropy.io import fits

from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

LOWEST_PROCESSED_LEVEL: Final = 11
"""``RLEVEL`` is 0 for raw frames, 11 and more for products."""

_LEVEL: Final = "RLEVEL"
_GOODMAN: Final = re.compile(r"GSP_[A-Z0-9_]+")
_IRAF_SPECTRUM: Final = re.compile(r"APNUM\d+|REFSPEC\d+|DC-FLAG|WAT0_001")

_PIPELINES: Final = {
    "PIPEVER": "BANZAI",
    "L1PUBDAT": "BANZAI",
    "L1IDBIAS": "BANZAI",
    "L1IDFLAT": "BANZAI",
    "PYP_SPEC": "PypeIt",
    "PYPELINE": "PypeIt",
    "VERSPYP": "PypeIt",
    "DMODCLS": "PypeIt",
    "CCDPROC": "IRAF",
    "ZEROCOR": "IRAF",
    "FLATCOR": "IRAF",
    "DARKCOR": "IRAF",
    "TRIM": "IRAF",
    "OVERSCAN": "IRAF",
    "CCDMEAN": "IRAF",
    "CCDMEANT": "IRAF",
    "NCOMBINE": "IRAF",
    "IMCMB001": "IRAF",
}
_PLANES: Final = frozenset(
    {"UNCERT", "MASK", "VAR", "VARIANCE", "IVAR", "ERR", "ERROR", "SIGMA", "BPM", "DQ", "SKY"}
)
"""Names of image extensions that describe another image."""


@dataclass(frozen=True, slots=True)
class ProductMark:
    """The card that shows that a file is a product, with its value and the pipeline it names."""

    keyword: str
    value: str
    pipeline: str

    def to_notice(self) -> Notice:
        """Return the notice that refuses such a file as a raw frame."""
        return notice(
            NoticeCode.NOT_RAW, keyword=self.keyword, value=self.value, pipeline=self.pipeline
        )


def find(headers: Sequence[fits.Header], shape: Sequence[int]) -> ProductMark | None:
    """Return the first mark of a product.

    Parameters
    ----------
    headers : sequence of fits.Header
        Of every HDU, in file order.
    shape : sequence of int
        Of the frame's image.

    Returns
    -------
    ProductMark or None
        None for a raw frame.
    """
    marks = [*_of_cards(headers), *_of_planes(headers[1:]), *_of_shape(shape)]
    return marks[0] if marks else None


def _of_cards(headers: Iterable[fits.Header]) -> Iterator[ProductMark]:
    for header in headers:
        level = _number(header, _LEVEL)
        stated_raw = level is not None and level < LOWEST_PROCESSED_LEVEL
        for keyword in dict.fromkeys(header):
            pipeline = _pipeline(keyword)
            if keyword == _LEVEL and level is not None and not stated_raw:
                yield ProductMark(keyword, str(level), "LCO")
            elif pipeline and not (pipeline == "BANZAI" and stated_raw):
                value = _text(header, keyword)
                if value:
                    yield ProductMark(keyword, value, pipeline)


def _pipeline(keyword: str) -> str:
    """Return the pipeline that writes a keyword, "" if any program may."""
    if _GOODMAN.fullmatch(keyword):
        return "Goodman"
    if _IRAF_SPECTRUM.fullmatch(keyword):
        return "IRAF"
    return _PIPELINES.get(keyword, "")


def _of_planes(extensions: Iterable[fits.Header]) -> Iterator[ProductMark]:
    for header in extensions:
        name = _text(header, "EXTNAME")
        is_image = _text(header, "XTENSION") == "IMAGE" or "ZIMAGE" in header
        if is_image and name.upper() in _PLANES:
            yield ProductMark("EXTNAME", name, "")


def _of_shape(shape: Sequence[int]) -> Iterator[ProductMark]:
    if shape and sum(length > 1 for length in shape) <= 1 < max(shape):
        yield ProductMark("NAXIS", " × ".join(str(length) for length in shape), "")


def _text(header: fits.Header, keyword: str) -> str:
    """Return the value of a card as text; "" without a value, the text of a malformed card."""
    try:
        value = header.get(keyword, "")
    except (fits.VerifyError, ValueError):
        return "?"
    if value is None or isinstance(value, fits.card.Undefined):
        return ""
    return str(value).strip()[:80]


def _number(header: fits.Header, keyword: str) -> float | None:
    try:
        return float(_text(header, keyword))
    except ValueError:
        return None
