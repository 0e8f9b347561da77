"""Sentences about files that cannot be read."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence, of_file


def _not_raw(params: Params) -> str:
    made_by = f" of the {params['pipeline']} pipeline" if params["pipeline"] else ""
    return (
        f"This is a product{made_by} and not a raw frame: {params['keyword']} = {params['value']!r}"
    )


SENTENCES: dict[C, Sentence] = {
    C.FILE_EMPTY: "{file} is empty.",
    C.FILE_CUT_SHORT: "{file} is cut short: {size} bytes of at least {expected}.",
    C.GZIP_DAMAGED: "{file}: the gzip stream is damaged or cut short.",
    C.FILE_TOO_LARGE: "{file} has {size:,} bytes; no frame has more than {limit:,}",
    C.GZIP_TOO_LARGE: "{file} unpacks to more than a frame of this size can.",
    C.NOT_FITS: "{file} is not a FITS file.",
    C.HEADER_TOO_LONG: "{file}: a header of more than {limit} cards is refused.",
    C.HEADER_CUT_SHORT: "{file}: the file ends inside a header.",
    C.TOO_MANY_HDUS: "{file}: more than {limit} HDUs are refused.",
    C.CHECKSUM_MISMATCH: "{file}: the checksum ({keyword}) does not agree with the file.",
    C.NO_IMAGE: "{file} holds no image.",
    C.IMAGE_TOO_LARGE: "{file}: {megapixels:.0f} million pixels are more than any Goodman frame.",
    C.NOT_ONE_PLANE: "{file}: an image of one plane is needed, not of shape {shape}.",
    C.PIXEL_TYPE_UNKNOWN: "{file}: BITPIX {bitpix} is not a pixel type.",
    C.PIXELS_MISSING: "{file}: {bytes} bytes of the pixels are missing.",
    C.UNPACKING_FAILED: "{file}: the packed image cannot be unpacked.",
    C.ARRAY_UNKNOWN: "{file} holds an array that this software does not write.",
    C.ARRAY_CUT_SHORT: "{file} is cut short.",
    C.PRODUCT_UNREADABLE: "{file} cannot be read as a product.",
    C.NOT_A_PRODUCT: "{file} is not a product of this reduction.",
    C.PIXELS_NOT_WRITTEN: (
        "{file}: a part of the frame ({fraction:.1%}) is empty bytes, as if not written."
    ),
    C.NAME_CONFLICT: (
        "{file} has other content than the frame of this name indexed on {indexed} UTC. "
        "The first is kept."
    ),
    C.FRAME_CHANGED: (
        "{file} was changed on disk after it was indexed on {indexed} UTC. "
        "Staff can accept the new content; until then the frame cannot be downloaded or reduced"
    ),
    C.QUARANTINED: of_file,
    C.NAME_UNUSABLE: (
        "{file} cannot be indexed: its path has bytes that are not UTF-8, or control characters. "
        "Rename it"
    ),
    C.FILE_UNREADABLE: "{file} cannot be read: {problem}. It is tried again every minute",
    C.INSPECTION_STOPPED: "{file} needs more memory or time than any frame and is refused",
    C.UNEXPECTED_FAILURE: (
        "{file} could not be examined ({exception}). Report this to the maintainers with the file"
    ),
    C.NOT_RAW: _not_raw,
}
