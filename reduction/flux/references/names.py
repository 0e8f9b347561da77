"""Names of stars as observers write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_GREEK: Final = {
    "ALPHA": "ALF", "BETA": "BET", "GAMMA": "GAM", "DELTA": "DEL", "EPSILON": "EPS",
    "ZETA": "ZET", "THETA": "TET", "IOTA": "IOT", "KAPPA": "KAP", "LAMBDA": "LAM", "XI": "KSI",
    "OMICRON": "OMI", "UPSILON": "UPS", "OMEGA": "OME",
}  # fmt: skip
_PARTS: Final = re.compile("|".join([*sorted(_GREEK, key=len, reverse=True), r"[A-Z]+", r"\d+"]))
_SHORT: Final = {"HILTNER": "HILT", "EGGR": "EG"}
"""Prefixes that are written in two ways."""
_ZONES: Final = ("BD", "CD", "CPD")
_ROLES: Final = frozenset(
    {"STD", "STANDARD", "SPECPHOT", "SPECTROPHOTOMETRIC", "FLUX", "FLUXSTD", "STAR"}
)
"""Words before the name of a standard star that are no part of it."""
_SIGNS: Final = frozenset({"D", "P", "M"})
"""Letters between two numbers for a degree sign, plus and minus: ``CD-32d9927``."""


def normalised(name: str) -> str:
    """Return a name in one spelling: capitals, with ``_`` between two numbers.

    ``LTT3218``, ``LTT 3218`` and ``ltt_3218`` become ``LTT3218``; ``CD-32d9927`` and ``CD-32 9927``
    become ``CD32_9927``.
    """
    return _joined(_parts(name))


def spellings(name: str) -> Iterator[str]:
    """Return what may be the name of a star in the name of an object, the longest first.

    Words that follow the name (``LTT3218_930_blue``, ``HR 7596 std``) and words that say that it is
    a standard star are left out step by step.
    """
    parts = _parts(name)
    while parts and parts[0] in _ROLES:
        parts = parts[1:]
    for length in range(len(parts), 0, -1):
        yield _joined(parts[:length])


def merged(name: str) -> str:
    """Return a normalised name of a zone catalogue (BD, CD, CPD) without ``_``: ``CD-329927``."""
    spelled = normalised(name)
    return spelled.replace("_", "") if spelled.startswith(_ZONES) else spelled


def _parts(name: str) -> list[str]:
    found = _PARTS.findall(name.upper())
    middle = range(1, len(found) - 1)
    signs = {
        i
        for i in middle
        if found[i] in _SIGNS and found[i - 1].isdigit() and found[i + 1].isdigit()
    }
    kept = [part for i, part in enumerate(found) if i not in signs]
    return [_SHORT.get(_GREEK.get(part, part), _GREEK.get(part, part)) for part in kept]


def _joined(parts: list[str]) -> str:
    text = ""
    for part in parts:
        both = text[-1:].isdigit() and part[0].isdigit()
        text += f"_{part}" if both else part
    return text
