"""The lists of proposals: one page of those a person sees, found by id, PI or title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from peewee import ModelSelect, fn

from db.models import Membership, Proposal, User
from services import access
from services.access import Action
from services.paging import Page, paginate_within

MANY = 20
"""From more proposals than these on a person is offered to search them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A proposal in a list; `may` is what the person may do in it, `pi` is "" while unknown."""

    id: int
    soar_id: str
    title: str
    abstract: str
    pi: str
    n_collaborators: int
    may: frozenset[Action]


def page(user: User, text: str = "", page: int = 1, page_size: int = MANY) -> Page:
    """Return a page of the proposals (`Listed`) a person sees, the newest semester first.

    Parameters
    ----------
    text : str
        Words; each of them is part of the SOAR ID, of the PI's name or of the title.
    page : int
        One beyond the last is the last.
    """
    found = paginate_within(matching(access.visible_proposals(user), text), page, page_size)
    return replace(found, rows=_listed(user, found.rows))


def matching(query: ModelSelect, text: str) -> ModelSelect:
    """Narrow a query of proposals to those that fit some words, the newest semester first.

    Each word is part of the SOAR ID, of the title or of the PI's name; the PI's row comes along.
    """
    query = query.join(User, "LEFT OUTER JOIN", on=Proposal.pi).select(Proposal, User)
    for word in text.replace("\x00", "").split():
        query = query.where(
            Proposal.soar_id.contains(word)
            | Proposal.title.contains(word)
            | User.first_name.contains(word)
            | User.last_name.contains(word)
            | User.username.contains(word)
        )
    return query.order_by(Proposal.semester.desc(), Proposal.soar_id.desc())


def total(user: User) -> int:
    """Return how many proposals a person sees."""
    return int(access.visible_proposals(user).count())


def one(user: User, proposal_id: int) -> Listed:
    """Return one proposal as it is listed.

    Raises
    ------
    NotFound
        There is none, or it is not the person's to see.
    """
    return _listed(user, [access.proposal_for(user, Action.VIEW, proposal_id)])[0]


def _listed(user: User, rows: Sequence[Proposal]) -> list[Listed]:
    ids = [row.id for row in rows]
    members = Membership.select(Membership.proposal, fn.COUNT(Membership.id))
    counts = dict(
        members.where(Membership.proposal.in_(ids)).group_by(Membership.proposal).tuples()
    )
    may = access.allowed_in(user, rows)
    return [
        Listed(
            id=row.id,
            soar_id=row.soar_id,
            title=row.title,
            abstract=row.abstract,
            pi=row.pi.full_name if row.pi_id else "",
            n_collaborators=counts.get(row.id, 0),
            may=may[row.id],
        )
        for row in rows
    ]


def collaborators(user: User, ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the collaborators of some proposals, of those that the person sees."""
    seen = access.visible_proposals(user).where(Proposal.id.in_(list(ids)))
    query = Membership.select(Membership.proposal, User).join(User)
    names: dict[int, list[str]] = defaultdict(list)
    for row in query.where(Membership.proposal.in_(seen.select(Proposal.id))).order_by(
        User.username
    ):
        names[row.proposal_id].append(row.user.full_name)
    return names
