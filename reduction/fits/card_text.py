"""The text of header cards as it is on disk, whatever astropy makes of it."""

from __future__ import annotations

import re

from astropy.io import fits

CARD = 80
_RECORD = re.compile(r"([A-Z0-9_-]{1,8}) *= +'((?:[^']|'')*: (?:[^']|'')*)' *(?:/ ?(.*))?")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?")


def parse(text: str) -> fits.Header:
    """Return a header in which text is text.

    Astropy parses ``'COMET: 67'`` as a record-valued card, a number under another keyword, even
    where that convention is switched off.
    """
    header = fits.Header.fromstring(text)
    if ": " not in text:
        return header
    kept = fits.Header()
    replaced = False
    for card in header.cards:
        record = card.field_specifier and _RECORD.fullmatch(image_of(card).rstrip())
        if record:
            keyword, value, comment = record.groups()
            kept.append(fits.Card(keyword, value.replace("''", "'").rstrip(), comment), end=True)
            replaced = True
        else:
            kept.append(card, end=True)
    return kept if replaced else header


def image_of(card: fits.Card) -> str:
    """Return a card as it was read; astropy's own image of a malformed one is a warning."""
    image: str | None = getattr(card, "_image", None)
    changed = image is None or getattr(card, "_modified", False)
    return str(card) if changed else str(image)


def stored(card: fits.Card) -> str:
    """Return what stands in the value field of a card, without quotes and comment.

    The closing quote may be missing; a value without quotes may hold blanks.
    """
    image = image_of(card)
    start = image.find("=")
    field = image[start + 1 :].strip() if 0 <= start <= 8 else image[8:].strip()
    quoted = _QUOTED.match(field)
    if quoted:
        return quoted[1].replace("''", "'").strip()
    return re.split(r"\s+/(?:\s|$)", field.removeprefix("'"), maxsplit=1)[0].strip()


def number(text: str) -> float | None:
    """Return the number that a text plainly is, None if it may mean another one.

    A comma is a decimal comma (``32768,0``), or separates thousands beside a decimal point
    (``32,768.0``). ``32,768`` may mean either.
    """
    text = text.strip()
    if re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+\.\d*", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[+-]?\d+,(?!\d{3}$)\d+(?:[EeDd][+-]?\d+)?", text):
        text = text.replace(",", ".")
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(re.sub("[Dd]", "e", text))
    return value if abs(value) < 1e300 else None
