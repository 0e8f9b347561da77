"""Partner institutions: a list maintained by staff; OTHER is always in it."""

from __future__ import annotations

from typing import NamedTuple

from peewee import fn

from db.models import Partner, User
from services import access
from services.access import Action
from services.errors import Conflict, NotFound, Unacceptable
from services.unit_of_work import transaction

OTHER = "OTHER"
LONGEST = 80


class PartnerLine(NamedTuple):
    """A partner in staff's list, and the number of its accounts."""

    name: str
    n_people: int


def names() -> list[str]:
    """Return all partners in alphabetical order, OTHER last."""
    return [*(row.name for row in Partner.select().order_by(fn.UPPER(Partner.name))), OTHER]


def check(name: str | None) -> str:
    """Return a partner's name; OTHER when none is given.

    Raises
    ------
    Unacceptable
        The name is not in the list.
    """
    if not name:
        return OTHER
    if name not in names():
        raise Unacceptable("Choose a partner from the list.", field="partner")
    return name


def _new_name(name: str, old: str = "") -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise Unacceptable(f"Enter 1 to {LONGEST} printable characters.", field="name")
    same = Partner.select().where(fn.UPPER(Partner.name) == name.upper(), Partner.name != old)
    if name.upper() == OTHER or same.exists():
        raise Conflict("A partner with this name already exists.", field="name")
    return name


def _known(name: str) -> None:
    if name == OTHER or name not in names():
        raise NotFound("No such partner.")


def add(user: User, name: str) -> str:
    """Add a partner; return its name as it is stored."""
    access.require_site(user, Action.MANAGE)
    with transaction():
        return str(Partner.create(name=_new_name(name)).name)


def rename(user: User, old: str, new: str) -> str:
    """Rename a partner, in its accounts too."""
    access.require_site(user, Action.MANAGE)
    with transaction():
        _known(old)
        new = _new_name(new, old)
        Partner.update(name=new).where(Partner.name == old).execute()
        User.update(partner=new).where(User.partner == old).execute()
    return new


def remove(user: User, name: str) -> int:
    """Remove a partner; return the number of accounts that become OTHER."""
    access.require_site(user, Action.MANAGE)
    with transaction():
        _known(name)
        Partner.delete().where(Partner.name == name).execute()
        return int(User.update(partner=OTHER).where(User.partner == name).execute())


def listing(user: User) -> list[PartnerLine]:
    """Return all partners with the number of their accounts, OTHER last."""
    access.require_site(user, Action.MANAGE)
    counts = dict(User.select(User.partner, fn.COUNT(User.id)).group_by(User.partner).tuples())
    counts[OTHER] = counts.get(OTHER, 0) + counts.pop("", 0)
    return [PartnerLine(name, counts.get(name, 0)) for name in names()]
