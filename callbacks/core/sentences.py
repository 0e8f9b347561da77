"""Sentences of the pages."""

from __future__ import annotations


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop; an empty text stays empty."""
    text = text.strip()
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")
