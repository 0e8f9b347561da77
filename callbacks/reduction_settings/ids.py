"""Ids of the components of the settings page."""

from __future__ import annotations

PAGE = "settings"
"""The last part of the page's address."""
FORM = "settings"


def key(name: str) -> str:
    """Return the name of a setting as part of an id, which must not contain a dot."""
    return name.replace(".", "-")


def control(name: str) -> str:
    """Return the id of the control of a setting."""
    return f"{FORM}-{key(name)}"
