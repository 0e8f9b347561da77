"""Visual options: how an account wants pages and images to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from db import database
from db.models import User
from figures.colormaps import STOPS
from services.errors import Unacceptable
from services.unit_of_work import transaction

COLORMAPS = tuple(STOPS)
THEMES = ("dark", "light")
_ALLOWED: dict[str, tuple[str, ...] | type[bool]] = {
    "theme": THEMES,
    "colormap": COLORMAPS,
    "show_saturated": bool,
    "show_title": bool,
    "follow_newest": bool,
}


@dataclass(frozen=True, slots=True)
class VisualOptions:
    """The options of the user page, with the defaults of a new account."""

    colormap: str = COLORMAPS[0]
    theme: str = THEMES[0]
    show_saturated: bool = True
    show_title: bool = True


def of(user: User) -> VisualOptions:
    """Return the options of an account; what this release does not know is the default."""
    stored = user.visual or {}
    default = VisualOptions()
    colormap, theme = stored.get("colormap"), stored.get("theme")
    return VisualOptions(
        colormap=colormap if colormap in COLORMAPS else default.colormap,
        theme=theme if theme in THEMES else default.theme,
        show_saturated=bool(stored.get("show_saturated", default.show_saturated)),
        show_title=bool(stored.get("show_title", default.show_title)),
    )


def save(user: User, **options: object) -> dict[str, Any]:
    """Save some options of an account; the others stay as they are in the database now.

    Returns
    -------
    dict
        All options that are stored now.

    Raises
    ------
    Unacceptable
        An option does not exist, or its value is not valid; `field` names it.
    """
    for name, value in options.items():
        allowed = _ALLOWED.get(name)
        if allowed is None:
            raise Unacceptable(f"{name[:40]} is not a visual option.", field=name[:40])
        fits = value in allowed if isinstance(allowed, tuple) else type(value) is allowed
        if not fits or len(str(value)) > 60:
            raise Unacceptable(f"{str(value)[:40]!r} is not a valid value of {name}.", field=name)
    with transaction():
        query = User.select(User.visual).where(User.id == user.id)
        if database.for_update:  # SQLite has one writer at a time
            query = query.for_update("FOR NO KEY UPDATE")
        user.visual = {**query.get().visual, **options}
        User.update(visual=user.visual).where(User.id == user.id).execute()
    return dict(user.visual)
