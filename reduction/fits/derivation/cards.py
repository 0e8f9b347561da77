"""Values of header cards in the types of `reduction.fits.vocabulary`."""

from __future__ import annotations

import math

from astropy.io import fits

from reduction.errors import HeaderError
from reduction.fits.vocabulary import Card
from reduction.notice_codes import NoticeCode

Value = str | float | int | bool


def stored(header: fits.Header, keyword: str) -> Value | None:
    """Return a card's value; blank counts as absent; HeaderError for NaN and malformed cards."""
    if keyword not in header:
        return None
    try:
        value = header[keyword]
    except (fits.VerifyError, ValueError) as error:
        raise HeaderError(NoticeCode.CARD_MALFORMED, keyword=keyword) from error
    if isinstance(value, fits.card.Undefined) or value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and not math.isfinite(value):
        raise HeaderError(NoticeCode.CARD_NOT_FINITE, keyword=keyword, value=str(value))
    return value if isinstance(value, (int, bool)) else float(value)


def _typed(card: Card, keyword: str, value: Value) -> Value:
    if card.type is str:
        if isinstance(value, str):
            return value
        if card.strict:
            raise HeaderError(
                NoticeCode.CARD_NOT_TEXT, keyword=keyword, meaning=card.meaning, value=repr(value)
            )
        return str(value)
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except ValueError:
        number = float("nan")
    if not math.isfinite(number):
        raise HeaderError(
            NoticeCode.CARD_NOT_NUMBER, keyword=keyword, meaning=card.meaning, value=repr(value)
        )
    return int(number) if card.type is int else number


def optional(header: fits.Header, card: Card) -> Value | None:
    """Return the value of a card in its type, None if it is absent or blank.

    Raises
    ------
    HeaderError
        The card is malformed, NaN, or of another type.
    """
    for keyword in (card.keyword, *card.aliases):
        value = stored(header, keyword)
        if value is not None:
            return _typed(card, keyword, value)
    return None


def text(header: fits.Header, card: Card) -> str:
    """Return the text of a card, ``""`` if it is absent."""
    value = optional(header, card)
    return "" if value is None else str(value)


def number(header: fits.Header, card: Card) -> float | None:
    """Return the number of a card, None if it is absent."""
    value = optional(header, card)
    return None if value is None else float(value)


def usable_text(header: fits.Header, card: Card) -> str:
    """Return the text of a card, ``""`` if it is absent or unusable."""
    try:
        return text(header, card)
    except HeaderError:
        return ""


def usable_number(header: fits.Header, card: Card) -> float | None:
    """Return the number of a card, None if it is absent or unusable."""
    try:
        return number(header, card)
    except HeaderError:
        return None


def require_text(header: fits.Header, card: Card) -> str:
    """Return the text of a required card.

    Raises
    ------
    HeaderError
        The card is absent or malformed.
    """
    value = optional(header, card)
    if value is None:
        raise HeaderError(NoticeCode.CARD_MISSING, keyword=card.keyword, meaning=card.meaning)
    return str(value)


def require_number(header: fits.Header, card: Card) -> float:
    """Return the number of a required card.

    Raises
    ------
    HeaderError
        The card is absent or malformed.
    """
    value = optional(header, card)
    if value is None:
        raise HeaderError(NoticeCode.CARD_MISSING, keyword=card.keyword, meaning=card.meaning)
    return float(value)
