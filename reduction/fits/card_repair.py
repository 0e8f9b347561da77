"""Headers with cards that FITS does not allow, or whose values are of another type.

A card that plainly means something is read as that; one that does not is left out. Both are said in
a notice that names the card. What is needed and cannot be derived is refused by
`reduction.fits.headers`, not here. Cards that nothing reads are left out together, in one notice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from astropy.io import fits

from reduction.fits import card_text, header_values, vocabulary
from reduction.fits.derivation import object_names
from reduction.fits.vocabulary import Card
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Value = str | float | int | bool

_READ: Final[Mapping[str, Card]] = {
    **{
        keyword: card
        for card in vocabulary.VOCABULARY.values()
        for keyword in (card.keyword, *card.aliases)
    },
    **{keyword: Card(keyword, str, "comparison lamp") for keyword in vocabulary.LAMPS},
    **{keyword: Card(keyword, str, "lamp of flats") for keyword in vocabulary.FLAT_LAMPS},
}
"""The cards that are read, by keyword and alias."""
_NUMBERED: Final = frozenset(
    keyword
    for card in (
        vocabulary.OBSERVATION_ID,
        vocabulary.CONFIGURATION_ID,
        vocabulary.BLOCK_ID,
        vocabulary.IMAGE_ID,
    )
    for keyword in (card.keyword, *card.aliases)
)
"""Text cards that commonly hold a number."""
_SUMS: Final = (vocabulary.CHECKSUM.keyword, vocabulary.DATASUM.keyword)
_SIZES: Final = re.compile(r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|COMMENT|HISTORY|")
_SHOWN: Final = 40
"""Characters of a stored value, and keywords of cards that nothing reads, that a notice shows."""
LARGEST: Final = 1e10
"""No card of an observation holds a larger number."""
UNSIGNED_16_BIT: Final = 32768.0


class RawHeader(fits.Header):  # type: ignore[misc]  # astropy has no types
    """A header as read; `foreign` are the keywords of cards with bytes that FITS does not allow."""

    foreign: tuple[str, ...] = ()


@dataclass(slots=True)
class Repaired:
    """A header of valid cards in the types of the vocabulary, and what was done to it.

    `unread` are the keywords of cards whose values were lost.
    """

    header: fits.Header
    notices: list[Notice] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def read_as(self, keyword: str, stored: str, value: Value) -> None:
        """Note that a card was read as something else than FITS reads it as."""
        shown = stored[:_SHOWN]
        self.notices.append(
            notice(NoticeCode.CARD_READ_AS, keyword=keyword, stored=shown, value=value)
        )

    def ignore(self, keyword: str, stored: str) -> None:
        """Leave a card out, and note it."""
        self.header.remove(keyword, ignore_missing=True, remove_all=True)
        self.unread.add(keyword)
        meaning = _READ[keyword].meaning
        self.notices.append(
            notice(
                NoticeCode.CARD_IGNORED, keyword=keyword, meaning=meaning, stored=stored[:_SHOWN]
            )
        )


def repair(header: fits.Header) -> Repaired:
    """Return a copy of a raw header whose cards are valid, and notices on those that were not."""
    repaired = Repaired(fits.Header())
    others: list[str] = []
    for card in header.cards:
        keyword = _keyword(card)
        known = _READ.get(keyword)
        if known is None:
            kept = _valid(card)
            if kept is not None:
                repaired.header.append(kept, end=True)
            elif keyword not in others:
                others.append(keyword)
        elif keyword not in repaired.header:
            _take(repaired, card, known, keyword)
    _judge_lamps(repaired)
    _judge_scaling(repaired, header)
    _judge_time(repaired)
    if others:
        repaired.notices.append(notice(NoticeCode.CARDS_IGNORED, keywords=others[:_SHOWN]))
    foreign = getattr(header, "foreign", ())
    if foreign:
        repaired.notices.append(notice(NoticeCode.CARDS_NOT_ASCII, keywords=foreign[:_SHOWN]))
    return repaired


def scaling(header: fits.Header) -> tuple[float, float, int | None]:
    """Return BSCALE, BZERO and BLANK of an image, as `repair` reads them."""
    few = fits.Header()
    for keyword in ("BITPIX", "BSCALE", "BZERO", "BLANK"):
        if keyword in header:
            few.append(header.cards[keyword], end=True)
    read = repair(few).header
    return float(read.get("BSCALE", 1.0)), float(read.get("BZERO", 0.0)), read.get("BLANK")


def _keyword(card: fits.Card) -> str:
    """Return the keyword of a card, also of one without a value indicator (``LAMP_HGA=TRUE``)."""
    image = card_text.image_of(card)
    name = image[:8].partition("=")[0].strip().upper()
    return name if name in _READ else str(card.keyword)


def _valid(card: fits.Card) -> fits.Card | None:
    """Return a card that can be written, None for one without meaning."""
    try:
        value = card.value
        if _SIZES.fullmatch(card.keyword):
            return card
        try:
            card.verify("exception")
        except fits.VerifyError:  # as FOO=5: readable, but not as FITS has it
            return fits.Card(card.keyword, value, card.comment)
        _ = card.image
    except (fits.VerifyError, ValueError):
        return None
    return card


def _take(repaired: Repaired, card: fits.Card, known: Card, keyword: str) -> None:
    """Take a card of the vocabulary over, in its type."""
    try:
        value = card.value if card.keyword == keyword else None
        card.verify("exception")
        comment, valid = card.comment, card.keyword == keyword
    except (fits.VerifyError, ValueError):
        value, comment, valid = None, "", False
    stored = card_text.stored(card)
    if valid and _is_typed(value, known):
        if stored or keyword in _SUMS:
            repaired.header.append(card, end=True)
        else:
            _blank(repaired, card, known, keyword)
    elif not stored:
        _blank(repaired, card, known, keyword)
    elif valid and known.strict:
        repaired.header.append(card, end=True)  # of another type: refused where it is needed
    else:
        meant = stored if known.type is str else _as_number(value, stored, known)
        if meant is None and keyword in ("BZERO", "BSCALE"):
            repaired.header.append(fits.Card(keyword, stored), end=True)  # see _judge_scaling
        elif meant is None:
            repaired.ignore(keyword, stored)
        else:
            repaired.header.append(fits.Card(keyword, meant, comment or ""), end=True)
            if keyword not in _NUMBERED or not valid or isinstance(value, bool):
                repaired.read_as(keyword, stored, meant)


def _is_typed(value: object, known: Card) -> bool:
    if known.type is str:
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return _is_usable(value) and (known.type is float or float(value).is_integer())


def _is_usable(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= LARGEST


def _as_number(value: object, stored: str, known: Card) -> Value | None:
    number = None if isinstance(value, bool) else card_text.number(stored)
    if number is None or not _is_usable(number):
        return None
    if known.type is float:
        return number
    return int(number) if number.is_integer() else None


def _blank(repaired: Repaired, card: fits.Card, known: Card, keyword: str) -> None:
    """Note a card without a value; an alias is blank where the modern keyword is used."""
    if isinstance(card.value, str):
        repaired.header.append(card, end=True)
    if keyword == known.keyword:
        repaired.notices.append(
            notice(NoticeCode.CARD_BLANK, keyword=keyword, meaning=known.meaning)
        )


# --- what other cards tell ---------------------------------------------------------------------


def _judge_lamps(repaired: Repaired) -> None:
    """Derive the state of a lamp whose card cannot be read from the name of the object.

    Where that names no lamp, all lamp cards are left out: with a part of its lamps an arc would be
    compared with the wrong lines.
    """
    header = repaired.header
    present = [keyword for keyword in vocabulary.LAMPS if keyword in header]
    lost = [k for k in present if header_values.lamp_state(str(header[k])) is None]
    if not lost:
        return
    named = object_names.lamps_in(str(header.get(vocabulary.OBJECT.keyword, "")))
    for keyword in lost:
        stored = str(header[keyword])
        if named:
            state = "TRUE" if vocabulary.LAMPS[keyword] in named else "FALSE"
            header[keyword] = state
            repaired.read_as(keyword, stored, state)
        else:
            repaired.ignore(keyword, stored)
    if not named:
        for keyword in set(present) - set(lost):
            header.remove(keyword)


def _judge_scaling(repaired: Repaired, header: fits.Header) -> None:
    """Give a zero point or scale without meaning the one of every Goodman frame."""
    unsigned = header.get("BITPIX") == 16
    defaults = {"BZERO": UNSIGNED_16_BIT if unsigned else 0.0, "BSCALE": 1.0}
    for keyword, default in defaults.items():
        stored = repaired.header.get(keyword, "" if keyword in header else None)
        if isinstance(stored, str):
            repaired.header[keyword] = default
            repaired.notices.append(
                notice(
                    NoticeCode.CARD_ASSUMED, keyword=keyword, stored=stored[:_SHOWN], value=default
                )
            )


def _judge_time(repaired: Repaired) -> None:
    """Write the time of the exposure as FITS has it."""
    header, keyword = repaired.header, vocabulary.DATE_OBS.keyword
    date = header.get(keyword)
    if not isinstance(date, str):
        return
    fixed = header_values.repaired_date(date) or date
    if fixed != date:
        header[keyword] = fixed
        repaired.read_as(keyword, date, fixed)
    if header_values.has_time(fixed):
        return
    for card in (vocabulary.TIME, vocabulary.UT):
        clock = str(header.get(card.keyword, "")).split(" to ")[0].strip()
        whole = header_values.repaired_date(f"{fixed}T{clock}") if clock else None
        if whole is not None and whole != f"{fixed}T{clock}":
            repaired.read_as(card.keyword, clock, whole)
        if clock:
            return
