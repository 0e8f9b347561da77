"""Cards that the camera's controller writes, found by their comments.

The controller numbers its parameters (``PARAM16``, ``PG3_0``, ``PG5_11``), differently for each
camera and each release of its program; the comments stayed the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from astropy.io import fits

from reduction.fits import vocabulary

Value = str | float | int


def values(header: fits.Header) -> Mapping[str, Value]:
    """Return what the controller states, by the names in `vocabulary.CONTROLLER_COMMENTS`.

    Cards without meaning are left out; an exposure time is in seconds.
    """
    found: dict[str, Value] = {}
    for card in header.cards:
        if not card.keyword.startswith(vocabulary.CONTROLLER_PREFIX):
            continue
        try:
            comment, value = card.comment, card.value
        except (fits.VerifyError, ValueError):
            continue
        name = _name(comment)
        if name is None or isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        if name == "exposure" and not isinstance(value, str):
            value = value / 1000 if comment.strip().endswith("ms") else float(value)
        found.setdefault(name, value)
    return found


def _name(comment: str) -> str | None:
    for name, begin in vocabulary.CONTROLLER_COMMENTS.items():
        if comment.startswith(begin):
            return name
    return None
