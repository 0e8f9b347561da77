"""Numbers as text."""

from __future__ import annotations


def thousands(number: int) -> str:
    """Return a number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\u202f")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``3 files``."""
    return f"{thousands(number)} {noun}{'' if number == 1 else 's'}"
