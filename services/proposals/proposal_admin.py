"""Staff's administration of proposals: register, find, correct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peewee import fn

from db.models import Arrival, Event, File, LogEntry, Membership, Proposal, Run, User
from services import access, events, logs
from services.access import Action
from services.accounts import account_admin
from services.errors import Conflict, NotFound, Unacceptable
from services.paging import Page, paginate_within
from services.proposals import proposal_index, proposals, semesters
from services.unit_of_work import UnitOfWork, transaction

PAGE_SIZE = 25
LONGEST_TITLE = 500
LONGEST_ABSTRACT = 20_000


@dataclass(frozen=True, slots=True)
class Registered:
    """A proposal in staff's list; `pi` is "" while unknown, `n_frames` counts raw frames."""

    id: int
    soar_id: str
    semester: str
    title: str
    pi: str
    is_placeholder: bool
    n_frames: int


def page(
    user: User, text: str = "", *, waiting: bool = False, page: int = 1, page_size: int = PAGE_SIZE
) -> Page:
    """Return a page of the proposals (`Registered`), the newest semester first.

    Parameters
    ----------
    text : str
        Words; each of them is part of the SOAR ID, of the title or of the PI's name.
    waiting : bool
        Only those that came with frames and wait for staff.
    page : int
        One beyond the last is the last.
    """
    access.require_site(user, Action.MANAGE)
    query = Proposal.select().where(_waits()) if waiting else Proposal.select()
    found = paginate_within(proposal_index.matching(query, text), page, page_size)
    return replace(found, rows=_listed(found.rows))


def _waits() -> object:
    return Proposal.is_placeholder & (Proposal.soar_id != proposals.UNKNOWN)


def n_waiting(user: User) -> int:
    """Return how many proposals came with frames and wait for staff."""
    access.require_site(user, Action.MANAGE)
    return int(Proposal.select().where(_waits()).count())


def _listed(rows: Sequence[Proposal]) -> list[Registered]:
    frames = File.select(File.proposal, fn.COUNT(File.id)).where(
        File.proposal.in_([row.id for row in rows]), File.data_type == 0
    )
    counts = dict(frames.group_by(File.proposal).tuples())
    return [
        Registered(
            id=row.id,
            soar_id=row.soar_id,
            semester=row.semester,
            title=row.title,
            pi=row.pi.full_name if row.pi_id else "",
            is_placeholder=row.is_placeholder,
            n_frames=counts.get(row.id, 0),
        )
        for row in rows
    ]


def get(user: User, proposal_id: int) -> Proposal:
    """Return a proposal for staff to change; not the one of frames that name none."""
    access.require_site(user, Action.MANAGE)
    proposal = Proposal.get_or_none(Proposal.id == proposal_id)
    if proposal is None or proposal.soar_id == proposals.UNKNOWN:
        raise NotFound("No such proposal.")
    return proposal


def offered_id(user: User, semester: str) -> str:
    """Return the SOAR ID that a new proposal of a semester is offered."""
    access.require_site(user, Action.MANAGE)
    return semesters.next_soar_id(semester)


def register(
    user: User, *, soar_id: str, semester: str, pi: str, title: str = "", abstract: str = ""
) -> Proposal:
    """Make a proposal; frames that came under its id before belong to it at once.

    Parameters
    ----------
    pi : str
        ``Name <address>``, address or username of its PI.

    Raises
    ------
    Unacceptable
        A field can't be so; names it.
    Conflict
        The SOAR ID is taken.
    """
    access.require_site(user, Action.MANAGE)
    leader = _leader(pi)
    title, abstract = tidy_texts(title, abstract)
    with transaction() as effects:
        made = proposals.create(
            user,
            soar_id=soar_id,
            title=title,
            abstract=abstract,
            semester=semesters.check(semester),
            pi=leader,
        )
        _tell(effects, made, leader)
    return made


def amend(
    user: User,
    proposal_id: int,
    *,
    soar_id: str,
    semester: str,
    pi: str,
    title: str,
    abstract: str,
) -> Proposal:
    """Correct a proposal; a placeholder gets complete by it.

    With another SOAR ID, the frames that wait under that id come to it; those it has stay.
    """
    proposal = get(user, proposal_id)
    leader = _leader(pi)
    proposal.title, proposal.abstract = tidy_texts(title, abstract)
    proposal.semester = semesters.check(semester)
    with transaction() as effects:
        before, proposal.pi = proposal.pi, leader
        proposal.is_placeholder = False
        _rename(proposal, proposals.clean_id(soar_id))
        proposal.save()
        Membership.delete().where(
            Membership.proposal == proposal, Membership.user == leader
        ).execute()
        if before is not None and before.id != leader.id:
            said = f"{user.full_name} made {leader.full_name} the PI of {proposal.soar_id}."
            effects.events.append(logs.write("info", said, proposal=proposal))
            _tell(effects, proposal, before)
        _tell(effects, proposal, leader)
    return proposal


def _rename(proposal: Proposal, soar_id: str) -> None:
    """Give a proposal another SOAR ID, with what waits under it."""
    if soar_id == proposal.soar_id:
        return
    if not soar_id or soar_id.upper() == proposals.UNKNOWN:
        raise Unacceptable("A proposal needs its SOAR ID.", field="soar_id")
    other = proposals.by_id(soar_id)
    if other is not None and other.id != proposal.id:
        if not other.is_placeholder:
            raise Conflict(f"{other.soar_id} exists already.", field="soar_id")
        soar_id = other.soar_id  # as its frames spell it
        for table in (File, Run, Arrival, LogEntry, Event):
            table.update(proposal=proposal).where(table.proposal == other).execute()
        other.delete_instance()
    proposal.soar_id = soar_id


def _leader(text: str) -> User:
    leader = account_admin.named(text) if text.strip() else None
    if leader is None:
        raise Unacceptable(
            "Please choose the PI among the accounts; new people are made with Add User.",
            field="pi",
        )
    if not leader.is_active:
        raise Unacceptable("The account of this PI is switched off.", field="pi")
    return leader


def tidy_texts(title: str, abstract: str) -> tuple[str, str]:
    """Return a title and an abstract as they are stored.

    Raises
    ------
    Unacceptable
        One is too long.
    """
    title, abstract = " ".join(title.split()), abstract.replace("\r\n", "\n").strip()
    for field, text, longest in (
        ("title", title, LONGEST_TITLE),
        ("abstract", abstract, LONGEST_ABSTRACT),
    ):
        if len(text) > longest or "\x00" in text:
            raise Unacceptable(f"The {field} has at most {longest} characters.", field=field)
    return title, abstract


def _tell(effects: UnitOfWork, proposal: Proposal, person: User) -> None:
    """Let the person's open pages look again."""
    effects.events.append(events.record("access-changed", person=person, changed=proposal.id))
