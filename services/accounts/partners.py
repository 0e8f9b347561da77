"""The institutions that people belong to: a list kept by staff, always with OTHER."""

from __future__ import annotations

from peewee import fn

from db.models import Partner, User
from services import access
from services.access import Action
from services.errors import Conflict, NotFound, Unacceptable
from services.unit_of_work import transaction

OTHER = "OTHER"
LONGEST = 80


def names() -> list[str]:
    """Return all partners by name, OTHER last."""
    return [*(row.name for row in Partner.select().order_by(fn.UPPER(Partner.name))), OTHER]


def check(name: str | None) -> str:
    """Return the partner of this name; none given is OTHER.

    Raises
    ------
    Unacceptable
        It is not in the list.
    """
    if not name:
        return OTHER
    if name not in names():
        raise Unacceptable("Please choose a partner of the list.", field="partner")
    return name


def _new_name(name: str, old: str = "") -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise Unacceptable(
            f"A partner's name has 1 to {LONGEST} characters, all of them printable.", field="name"
        )
    same = Partner.select().where(fn.UPPER(Partner.name) == name.upper(), Partner.name != old)
    if name.upper() == OTHER or same.exists():
        raise Conflict("There is already a partner of this name.", field="name")
    return name


def _known(name: str) -> None:
    if name == OTHER or name not in names():
        raise NotFound("There is no such partner.")


def add(user: User, name: str) -> str:
    """Add a partner; return its name as it is kept."""
    access.require_site(user, Action.MANAGE)
    with transaction():
        return str(Partner.create(name=_new_name(name)).name)


def rename(user: User, old: str, new: str) -> str:
    """Give a partner, and whoever belongs to it, another name."""
    access.require_site(user, Action.MANAGE)
    with transaction():
        _known(old)
        new = _new_name(new, old)
        Partner.update(name=new).where(Partner.name == old).execute()
        User.update(partner=new).where(User.partner == old).execute()
    return new


def remove(user: User, name: str) -> int:
    """Take a partner from the list; return how many people became OTHER."""
    access.require_site(user, Action.MANAGE)
    with transaction():
        _known(name)
        Partner.delete().where(Partner.name == name).execute()
        return int(User.update(partner=OTHER).where(User.partner == name).execute())


def listing(user: User) -> list[tuple[str, int]]:
    """Return each partner with the number of its people, OTHER last."""
    access.require_site(user, Action.MANAGE)
    counts = dict(User.select(User.partner, fn.COUNT(User.id)).group_by(User.partner).tuples())
    counts[OTHER] = counts.get(OTHER, 0) + counts.pop("", 0)
    return [(name, counts.get(name, 0)) for name in names()]
