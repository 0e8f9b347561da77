"""The addresses of the management pages, which exist for staff only."""

from __future__ import annotations

import re

from callbacks.core.guard import person
from services import access
from services.access import Action

ROOT = "/management"
USERS = f"{ROOT}/users"
NEW_USER = f"{USERS}/new"
PROPOSALS = f"{ROOT}/proposals"
NEW_PROPOSAL = f"{PROPOSALS}/new"
WAITING = f"{PROPOSALS}/waiting"
PARTNERS = f"{ROOT}/partners"
IMPORT = f"{ROOT}/import"

OUT_OF_DATE = "This page is out of date. Reload it."


def manages() -> bool:
    """Return whether the signed-in person may manage accounts and proposals."""
    return access.may(person(), Action.MANAGE)


def row_of(pathname: str | None, root: str) -> int | None:
    """Return the id in the address of one row below `root`, None for another address."""
    match = re.fullmatch(rf"{root}/(\d{{1,10}})", "/" + (pathname or "").strip("/"))
    return int(match[1]) if match and int(match[1]) < 2**31 else None
