"""Proposals: lookup, creation, collaborators, reduction settings, serialization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import IntegrityError, fn
from pydantic import BaseModel, ValidationError

from db import database
from db.models import Event, Membership, Proposal, User
from reduction.settings.proposal_settings import settings_model
from services import access, events
from services.access import Action
from services.accounts import accounts
from services.errors import Conflict, NotFound, Unacceptable
from services.mail import letters
from services.proposals import semesters
from services.unit_of_work import transaction

DEACTIVATED = (
    "The account of this address is deactivated. Ask the observatory's staff to reactivate it."
)
UNKNOWN = "UNKNOWN"
"""SOAR ID of the proposal of frames that name none; only staff sees it."""


def clean_id(soar_id: str) -> str:
    """Return a SOAR ID as it is stored."""
    return " ".join(soar_id.replace("\x00", "").split())[:80]


def by_id(soar_id: str) -> Proposal | None:
    """Return the proposal of a SOAR ID, whether in upper or lower case."""
    soar_id = clean_id(soar_id)
    same = list(Proposal.select().where(fn.UPPER(Proposal.soar_id) == soar_id.upper()))
    return min(same, key=lambda row: row.soar_id != soar_id, default=None)


def for_frame(soar_id: str) -> Proposal:
    """Return the proposal that a frame names; create a placeholder when it is not known.

    Upper and lower case do not matter. A placeholder has no PI, so only staff sees its files until
    the proposal is registered.
    """
    soar_id = clean_id(soar_id) or UNKNOWN
    found = Proposal.get_or_none(Proposal.soar_id == soar_id) or by_id(soar_id)
    if found is not None:
        return found
    try:
        with database.atomic():
            return Proposal.create(
                soar_id=soar_id, semester=semesters.of_soar_id(soar_id), is_placeholder=True
            )
    except IntegrityError:  # another process created it meanwhile
        return Proposal.get(Proposal.soar_id == soar_id)


def create(
    user: User | None,
    *,
    soar_id: str,
    title: str = "",
    abstract: str = "",
    semester: str = "",
    pi: User | None = None,
) -> Proposal:
    """Create a proposal, or complete the placeholder that was created for its frames.

    Parameters
    ----------
    user : User or None
        Who asks (staff); None on the command line.

    Raises
    ------
    Unacceptable
        The SOAR ID is blank or reserved.
    Conflict
        The proposal exists already.
    """
    if user is not None:
        access.require_site(user, Action.MANAGE)
    soar_id = clean_id(soar_id)
    if not soar_id or soar_id.upper() == UNKNOWN:
        raise Unacceptable("Enter the SOAR ID.", field="soar_id")
    if not soar_id.isprintable():
        raise Unacceptable("A SOAR ID consists of printable characters.", field="soar_id")
    with database.atomic():
        proposal = by_id(soar_id) or Proposal(soar_id=soar_id)
        if proposal.id is not None and not proposal.is_placeholder:
            raise Conflict(f"{proposal.soar_id} is already registered.", field="soar_id")
        proposal.title, proposal.abstract = title.strip(), abstract.strip()
        proposal.semester = (semester.strip() or semesters.of_soar_id(soar_id))[:10]
        proposal.pi, proposal.is_placeholder = pi, False
        proposal.save()
    return proposal


def visible(user: User) -> list[Proposal]:
    """Return the proposals that a person sees, the newest semester first."""
    query = access.visible_proposals(user)
    return list(query.order_by(Proposal.semester.desc(), Proposal.soar_id))


def get(user: User, proposal_id: int) -> Proposal:
    """Return a proposal that the person may view."""
    return access.proposal_for(user, Action.VIEW, proposal_id)


def serialize(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal in the form of the API."""
    return serialize_all([proposal])[0]


def serialize_all(proposals: Sequence[Proposal]) -> list[dict[str, Any]]:
    """Return proposals in the form of the API; their people are read in two queries."""
    leaders = {proposal.pi_id for proposal in proposals if proposal.pi_id is not None}
    people = {user.id: accounts.as_dict(user) for user in User.select().where(User.id.in_(leaders))}
    members: dict[int, list[dict[str, Any]]] = {proposal.id: [] for proposal in proposals}
    joined = (
        Membership.select(Membership, User)
        .join(User)
        .where(Membership.proposal.in_(list(members)))
        .order_by(User.username)
    )
    for membership in joined:
        members[membership.proposal_id].append(accounts.as_dict(membership.user))
    same = ("id", "soar_id", "semester", "title", "abstract")
    return [
        {
            **{name: getattr(proposal, name) for name in same},
            "user": people.get(proposal.pi_id),
            "collaborators": members[proposal.id],
        }
        for proposal in proposals
    ]


def settings_of(proposal: Proposal) -> BaseModel:
    """Return the reduction settings of a proposal: one section per block.

    A section that this release cannot read is replaced by its defaults.
    """
    return readable(proposal.settings)


def readable(stored: Mapping[str, Any]) -> BaseModel:
    """Return stored settings; a section that this release cannot read has its defaults."""
    model = settings_model()
    try:
        return model.model_validate(stored)
    except ValidationError:
        pass
    kept: dict[str, Any] = {}
    for section, values in stored.items():
        try:
            model.model_validate({section: values})
        except ValidationError:
            continue
        kept[section] = values
    return model.model_validate(kept)


def block_settings(proposal: Proposal | None, block_name: str) -> BaseModel:
    """Return a proposal's settings of one block; the defaults when there is no proposal."""
    whole = settings_model()() if proposal is None else settings_of(proposal)
    section: BaseModel = getattr(whole, block_name)
    return section


def add_collaborator(user: User, proposal_id: int, email: str) -> Proposal:
    """Add a collaborator by e-mail address.

    An unknown address gets an account. The person is informed by e-mail. A username is not an
    address: it is refused in the same way whether it exists or not, since the list of collaborators
    would tell the name and address of its owner.

    Raises
    ------
    Unacceptable
        The address is not valid, is that of the PI, or its account is deactivated.
    NotFound, AccessDenied
        The proposal is not the person's to change.
    """
    proposal = access.proposal_for(user, Action.COLLABORATORS, proposal_id)
    with transaction() as work:
        person, _ = accounts.at_address(email)
        if person.id == proposal.pi_id:
            raise Unacceptable("This is the address of the PI.", field="email")
        if not person.is_active:
            raise Unacceptable(DEACTIVATED, field="email")
        if Membership.get_or_create(proposal=proposal, user=person)[1]:
            letters.collaborate(person, proposal, user)
            work.events.append(_access_event(proposal, person))
    return proposal


def remove_collaborator(user: User, proposal_id: int, email: str) -> Proposal:
    """Remove a collaborator, who loses access with the next request.

    Raises
    ------
    NotFound
        The address is not that of a collaborator.
    """
    proposal = access.proposal_for(user, Action.COLLABORATORS, proposal_id)
    person = accounts.by_email(email)
    membership = (Membership.proposal == proposal) & (Membership.user == person)
    with transaction() as work:
        if person is None or not Membership.delete().where(membership).execute():
            raise NotFound("No collaborator has this address.")
        work.events.append(_access_event(proposal, person))
    return proposal


def _access_event(proposal: Proposal, person: User) -> Event:
    """Record the event on which the person's open pages are updated."""
    return events.record("access-changed", person=person, changed=proposal.id)
