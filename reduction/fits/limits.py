"""Limits of what a header may state: every number is compared before it is used."""

from __future__ import annotations

import re
from typing import Final

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.notice_codes import NoticeCode

MAX_CARDS_OF_FILE: Final = 10_000
MAX_COUNT: Final = 1 << 32
"""Of elements along an axis, bytes of a heap, groups."""
MAX_AXES: Final = 10
MAX_FIELDS: Final = 999
_DEPTHS: Final = frozenset({8, 16, 32, 64, -32, -64})

_HIGHEST: Final = (
    (re.compile(r"Z?NAXIS"), MAX_AXES),
    (re.compile(r"TFIELDS"), MAX_FIELDS),
    (re.compile(r"Z?NAXIS\d{1,3}|Z?PCOUNT|Z?GCOUNT|THEAP|ZTILE\d{1,3}"), MAX_COUNT),
)


def check(header: fits.Header) -> None:
    """Compare the cards that state sizes with what any file can have.

    Raises
    ------
    HeaderError
        A card states an absurd number; it is named.
    """
    for card in header.cards:
        for pattern, highest in _HIGHEST:
            if pattern.fullmatch(card.keyword):
                _require(header, card.keyword, highest)
    for keyword in ("BITPIX", "ZBITPIX"):
        depth = _whole(header, keyword)
        if depth is not None and depth not in _DEPTHS:
            _refuse(keyword, depth)
    for number in range(1, MAX_AXES + 1):
        tile = _whole(header, f"ZTILE{number}")
        if tile is not None and not 1 <= tile <= max(1, _whole(header, f"ZNAXIS{number}") or 0):
            _refuse(f"ZTILE{number}", tile)


def _require(header: fits.Header, keyword: str, highest: int) -> None:
    value = _whole(header, keyword)
    if value is not None and not 0 <= value <= highest:
        _refuse(keyword, value)


def _whole(header: fits.Header, keyword: str) -> int | None:
    """Return a card that is a whole number; what is none of these is refused where it is used."""
    try:
        value = header.get(keyword)
    except (fits.VerifyError, ValueError) as error:
        raise HeaderError(NoticeCode.CARD_MALFORMED, keyword=keyword) from error
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _refuse(keyword: str, value: int | None) -> None:
    raise HeaderError(NoticeCode.CARD_ABSURD, keyword=keyword, value=str(value)[:40])
