"""Administration of proposals by staff: register, find, edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peewee import fn

from db.models import Arrival, Event, File, LogEntry, Membership, Proposal, Run, User
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, events, logs
from services.access import Action
from services.accounts import account_list, accounts
from services.errors import Conflict, NotFound, Unacceptable
from services.paging import Page, paginate_within
from services.proposals import proposal_index, proposals, semesters
from services.unit_of_work import UnitOfWork, transaction

PAGE_SIZE = 25
LONGEST_TITLE = 500
LONGEST_ABSTRACT = 20_000


@dataclass(frozen=True, slots=True)
class ProposalAdminLine:
    """A proposal in staff's list; `pi` is "" while unknown, `n_frames` counts raw frames."""

    id: int
    soar_id: str
    semester: str
    title: str
    pi: str
    is_placeholder: bool
    n_frames: int


@dataclass(frozen=True, slots=True)
class ProposalDetails:
    """A proposal in the form of staff; `pi` is ``Name <address>``, "" while unknown."""

    id: int
    soar_id: str
    semester: str
    title: str
    abstract: str
    pi: str
    is_placeholder: bool


def page(
    user: User, text: str = "", *, waiting: bool = False, page: int = 1, page_size: int = PAGE_SIZE
) -> Page[ProposalAdminLine]:
    """Return a page of the proposals, the newest semester first.

    Parameters
    ----------
    user : User
        Who asks; staff.
    text : str
        Words, each of which is part of the SOAR ID, the title or the PI's name.
    waiting : bool
        Only proposals that arrived with frames and have no PI yet.
    page : int
        From 1; a page beyond the last is the last.
    page_size : int
        Lines per page.
    """
    access.require_site(user, Action.MANAGE)
    query = Proposal.select().where(_waits()) if waiting else Proposal.select()
    found = paginate_within(proposal_index.matching(query, text), page, page_size)
    return replace(found, rows=_lines(found.rows))


def _waits() -> object:
    return Proposal.is_placeholder & (Proposal.soar_id != proposals.UNKNOWN)


def n_waiting(user: User) -> int:
    """Return the number of proposals that arrived with frames and have no PI yet."""
    access.require_site(user, Action.MANAGE)
    return int(Proposal.select().where(_waits()).count())


def _lines(rows: Sequence[Proposal]) -> list[ProposalAdminLine]:
    frames = File.select(File.proposal, fn.COUNT(File.id)).where(
        File.proposal.in_([row.id for row in rows]), File.data_type == DataType.RAW
    )
    counts = dict(frames.group_by(File.proposal).tuples())
    return [
        ProposalAdminLine(
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


def get(user: User, proposal_id: int) -> ProposalDetails:
    """Return a proposal for staff to edit.

    Raises
    ------
    NotFound
        There is none, or it is the one of frames that name no proposal.
    AccessDenied
        The person is not staff.
    """
    return _details(_editable(user, proposal_id))


def _details(row: Proposal) -> ProposalDetails:
    return ProposalDetails(
        id=row.id,
        soar_id=row.soar_id,
        semester=row.semester,
        title=row.title,
        abstract=row.abstract,
        pi=account_list.label(row.pi.full_name, row.pi.email) if row.pi_id else "",
        is_placeholder=row.is_placeholder,
    )


def _editable(user: User, proposal_id: int) -> Proposal:
    access.require_site(user, Action.MANAGE)
    proposal = Proposal.get_or_none(Proposal.id == proposal_id)
    if proposal is None or proposal.soar_id == proposals.UNKNOWN:
        raise NotFound("No such proposal.")
    return proposal


def offered_id(user: User, semester: str) -> str:
    """Return the SOAR ID that the form suggests for a new proposal of a semester."""
    access.require_site(user, Action.MANAGE)
    return semesters.next_soar_id(semester)


def register(
    user: User, *, soar_id: str, semester: str, pi: str, title: str = "", abstract: str = ""
) -> ProposalDetails:
    """Register a proposal; frames that arrived under its SOAR ID belong to it.

    Parameters
    ----------
    user : User
        Who asks; staff.
    soar_id, semester, title, abstract : str
        As typed.
    pi : str
        ``Name <address>``, address or username of the PI.

    Raises
    ------
    Unacceptable
        A value is not valid; `field` names it.
    Conflict
        The SOAR ID is already registered.
    """
    access.require_site(user, Action.MANAGE)
    leader = _leader(pi)
    title, abstract = tidy_texts(title, abstract)
    with transaction() as work:
        proposal = proposals.create(
            user,
            soar_id=soar_id,
            title=title,
            abstract=abstract,
            semester=semesters.check(semester),
            pi=leader,
        )
        _announce_access(work, proposal, leader)
    return _details(proposal)


def edit(
    user: User,
    proposal_id: int,
    *,
    soar_id: str,
    semester: str,
    pi: str,
    title: str,
    abstract: str,
) -> ProposalDetails:
    """Edit a proposal; a placeholder becomes a registered proposal.

    When the SOAR ID changes to that of a placeholder, the frames of the placeholder are added.

    Raises
    ------
    Unacceptable
        A value is not valid; `field` names it.
    Conflict
        The SOAR ID belongs to another registered proposal.
    """
    proposal = _editable(user, proposal_id)
    leader = _leader(pi)
    proposal.title, proposal.abstract = tidy_texts(title, abstract)
    proposal.semester = semesters.check(semester)
    with transaction() as work:
        before, proposal.pi = proposal.pi, leader
        proposal.is_placeholder = False
        _rename(proposal, proposals.clean_id(soar_id))
        proposal.save()
        Membership.delete().where(
            Membership.proposal == proposal, Membership.user == leader
        ).execute()
        if before is not None and before.id != leader.id:
            entry = notice(
                NoticeCode.PI_CHANGED,
                person=user.full_name,
                pi=leader.full_name,
                proposal=proposal.soar_id,
            )
            work.events.append(logs.write(entry, proposal=proposal))
            _announce_access(work, proposal, before)
        _announce_access(work, proposal, leader)
    return _details(proposal)


def _rename(proposal: Proposal, soar_id: str) -> None:
    """Change the SOAR ID; add what belongs to a placeholder of that SOAR ID."""
    if soar_id == proposal.soar_id:
        return
    if not soar_id or soar_id.upper() == proposals.UNKNOWN:
        raise Unacceptable("Enter the SOAR ID.", field="soar_id")
    other = proposals.by_id(soar_id)
    if other is not None and other.id != proposal.id:
        if not other.is_placeholder:
            raise Conflict(f"{other.soar_id} is already registered.", field="soar_id")
        soar_id = other.soar_id  # as its frames spell it
        for table in (File, Run, Arrival, LogEntry, Event):
            table.update(proposal=proposal).where(table.proposal == other).execute()
        other.delete_instance()
    proposal.soar_id = soar_id


def _leader(text: str) -> User:
    leader = accounts.named(text) if text.strip() else None
    if leader is None:
        raise Unacceptable(
            "No account of this name or address. Create one with Add User.",
            field="pi",
        )
    if not leader.is_active:
        raise Unacceptable("The account of this PI is deactivated.", field="pi")
    return leader


def tidy_texts(title: str, abstract: str) -> tuple[str, str]:
    """Return a title and an abstract as they are stored.

    Raises
    ------
    Unacceptable
        One is too long; `field` names it.
    """
    title, abstract = " ".join(title.split()), abstract.replace("\r\n", "\n").strip()
    for field, text, longest in (
        ("title", title, LONGEST_TITLE),
        ("abstract", abstract, LONGEST_ABSTRACT),
    ):
        if len(text) > longest or "\x00" in text:
            raise Unacceptable(f"Enter at most {longest} characters.", field=field)
    return title, abstract


def _announce_access(work: UnitOfWork, proposal: Proposal, person: User) -> None:
    """Record the event on which the person's open pages are updated."""
    work.events.append(events.record("access-changed", person=person, changed=proposal.id))
