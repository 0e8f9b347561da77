"""How the pages write what they are told."""

from __future__ import annotations


def sentence(text: str) -> str:
    """Return words as a sentence: with a capital letter, and an end; nothing stays nothing."""
    text = text.strip()
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")
