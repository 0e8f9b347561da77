"""Lists of proposals: pages of those that a person sees, searched by SOAR ID, PI or title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from peewee import ModelSelect, fn

from db.models import Membership, Proposal, User
from services import access
from services.access import Action
from services.paging import Page, paginate_within

PAGE_SIZE = 20
"""Proposals per page. The search field appears when there are more."""


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal in a list.

    Attributes
    ----------
    pi : str
        Name of the PI, "" while unknown.
    may : frozenset of Action
        What the person may do in the proposal.
    """

    id: int
    soar_id: str
    title: str
    abstract: str
    pi: str
    n_collaborators: int
    may: frozenset[Action]


@dataclass(frozen=True, slots=True)
class Collaborator:
    """A collaborator of a proposal; without a name `full_name` is the username."""

    full_name: str
    email: str


@dataclass(frozen=True, slots=True)
class ProposalMembers:
    """A proposal with its people, as the page Collaborators shows it."""

    proposal: ProposalLine
    collaborators: tuple[Collaborator, ...]


def page(
    user: User, text: str = "", page: int = 1, page_size: int = PAGE_SIZE
) -> Page[ProposalLine]:
    """Return a page of the proposals that a person sees, the newest semester first.

    Parameters
    ----------
    user : User
        Who asks.
    text : str
        Words, each of which is part of the SOAR ID, the PI's name or the title.
    page : int
        From 1; a page beyond the last is the last.
    page_size : int
        Lines per page.
    """
    found = paginate_within(matching(access.visible_proposals(user), text), page, page_size)
    return replace(found, rows=_lines(user, found.rows))


def matching(query: ModelSelect, text: str) -> ModelSelect:
    """Restrict a query of proposals to those that match some words, the newest semester first.

    Each word is part of the SOAR ID, the title or the PI's name. The PI's row is joined.
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
    """Return the number of proposals that a person sees."""
    return int(access.visible_proposals(user).count())


def soar_ids(user: User) -> list[str]:
    """Return the SOAR IDs of the proposals that a person sees, the newest semester first."""
    query = access.visible_proposals(user).select(Proposal.soar_id)
    ordered = query.order_by(Proposal.semester.desc(), Proposal.soar_id)
    return [soar_id for (soar_id,) in ordered.tuples()]


def get(user: User, proposal_id: int) -> ProposalLine:
    """Return one proposal as it is listed.

    Raises
    ------
    NotFound
        There is none, or the person may not see it.
    """
    return _lines(user, [access.proposal_for(user, Action.VIEW, proposal_id)])[0]


def _lines(user: User, rows: Sequence[Proposal]) -> list[ProposalLine]:
    ids = [row.id for row in rows]
    members = Membership.select(Membership.proposal, fn.COUNT(Membership.id))
    counts = dict(
        members.where(Membership.proposal.in_(ids)).group_by(Membership.proposal).tuples()
    )
    may = access.allowed_in(user, rows)
    return [
        ProposalLine(
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


def members(user: User, proposal_id: int) -> ProposalMembers:
    """Return a proposal with its collaborators, ordered by username.

    Raises
    ------
    NotFound
        There is none, or the person may not see it.
    """
    line = get(user, proposal_id)
    query = User.select().join(Membership).where(Membership.proposal == proposal_id)
    people = (Collaborator(row.full_name, row.email) for row in query.order_by(User.username))
    return ProposalMembers(line, tuple(people))


def collaborator_names(user: User, ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the collaborators of some proposals, by the proposal's id.

    Proposals that the person does not see are left out.
    """
    seen = access.visible_proposals(user).where(Proposal.id.in_(list(ids)))
    query = Membership.select(Membership.proposal, User).join(User)
    names: dict[int, list[str]] = defaultdict(list)
    for row in query.where(Membership.proposal.in_(seen.select(Proposal.id))).order_by(
        User.username
    ):
        names[row.proposal_id].append(row.user.full_name)
    return names
