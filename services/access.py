"""Access control: roles, actions, and the visibility scope of a person.

One table of role × action, and functions that load a row and check the action in one step.
Outsiders get "not found", never "forbidden". Lists, counts, choices, logs and events use the same
queries.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from peewee import Expression, ModelSelect

from db.models import Event, File, LogEntry, Membership, Proposal, Run, User
from reduction.frames import SHARED_TYPES
from services.errors import AccessDenied, NotFound


class Role(StrEnum):
    """The role of a person in a proposal."""

    OUTSIDER = "outsider"
    COLLABORATOR = "collaborator"
    PI = "PI"
    STAFF = "staff"
    SUPERUSER = "superuser"


class Action(StrEnum):
    """Actions: first those within a proposal, then those on the whole site."""

    VIEW = "view"
    PROCESS = "process"
    COMMENT = "comment"
    DELETE_OWN = "delete what one's own run made"
    DELETE_PRODUCT = "delete a product"
    CONFIGURE = "change the reduction settings"
    COLLABORATORS = "change the collaborators"
    UPLOAD = "upload a frame"
    REGISTER_PATH = "register a path of the raw folders"
    ACCEPT = "accept a frame for shared calibrations"
    MANAGE = "manage users and proposals"
    SEND_MAIL = "send mail"
    MAKE_STAFF = "make someone staff"


_COLLABORATOR = frozenset({Action.VIEW, Action.PROCESS, Action.COMMENT, Action.DELETE_OWN})
_PI = _COLLABORATOR | {
    Action.DELETE_PRODUCT,
    Action.CONFIGURE,
    Action.COLLABORATORS,
    Action.UPLOAD,
}
_STAFF = _PI | {Action.REGISTER_PATH, Action.ACCEPT, Action.MANAGE, Action.SEND_MAIL}

GRANTS: dict[Role, frozenset[Action]] = {
    Role.OUTSIDER: frozenset(),
    Role.COLLABORATOR: _COLLABORATOR,
    Role.PI: _PI,
    Role.STAFF: _STAFF,
    Role.SUPERUSER: frozenset(Action),
}


def site_role(user: User) -> Role:
    """Return the role a person has everywhere."""
    if not user.is_active:
        return Role.OUTSIDER
    if user.is_superuser:
        return Role.SUPERUSER
    return Role.STAFF if user.is_staff else Role.OUTSIDER


def role(user: User, proposal: Proposal) -> Role:
    """Return the role of a person in a proposal."""
    everywhere = site_role(user)
    if everywhere is not Role.OUTSIDER or not user.is_active:
        return everywhere
    if proposal.pi_id == user.id:
        return Role.PI
    member = Membership.select().where(Membership.proposal == proposal, Membership.user == user)
    return Role.COLLABORATOR if member.exists() else Role.OUTSIDER


def allowed(user: User, proposal: Proposal) -> frozenset[Action]:
    """Return the actions that a person may take in a proposal."""
    return GRANTS[role(user, proposal)]


def allowed_in(user: User, proposals: Iterable[Proposal]) -> dict[int, frozenset[Action]]:
    """Return the actions that a person may take in some proposals, by the id of the proposal."""
    rows = list(proposals)
    everywhere = site_role(user)
    if everywhere is not Role.OUTSIDER or not user.is_active:
        return {row.id: GRANTS[everywhere] for row in rows}
    own = Membership.select(Membership.proposal).where(
        Membership.user == user, Membership.proposal.in_([row.id for row in rows])
    )
    joined = {number for (number,) in own.tuples()}
    found = {}
    for row in rows:
        member = Role.COLLABORATOR if row.id in joined else Role.OUTSIDER
        found[row.id] = GRANTS[Role.PI if row.pi_id == user.id else member]
    return found


def may(user: User, action: Action) -> bool:
    """Return whether a person may do `action` on the whole site."""
    return action in GRANTS[site_role(user)]


def require_site(user: User, action: Action) -> None:
    """Raise `AccessDenied` unless the person may do `action` on the whole site."""
    if not may(user, action):
        raise AccessDenied(f"Only staff may {action}.")


def require(user: User, action: Action, proposal: Proposal) -> None:
    """Raise `NotFound` to an outsider, `AccessDenied` to a role that may not."""
    granted = allowed(user, proposal)
    if Action.VIEW not in granted:
        raise NotFound("No such proposal.")
    if action not in granted:
        raise AccessDenied(f"Your role in {proposal.soar_id} does not allow you to {action}.")


def sees_everything(user: User) -> bool:
    """Return whether a person sees all proposals."""
    return site_role(user) in (Role.STAFF, Role.SUPERUSER)


def proposal_ids(user: User) -> ModelSelect:
    """Return a subquery of the ids of the proposals where a person is PI or collaborator."""
    led = Proposal.select(Proposal.id).where(Proposal.pi == user)
    joined = Membership.select(Membership.proposal).where(Membership.user == user)
    return Proposal.select(Proposal.id).where(
        bool(user.is_active) & (Proposal.id.in_(led) | Proposal.id.in_(joined))
    )


def visible_proposals(user: User) -> ModelSelect:
    """Return the query of the proposals that a person sees."""
    query = Proposal.select()
    return query if sees_everything(user) else query.where(Proposal.id.in_(proposal_ids(user)))


def _own_or_everyones(user: User, proposal: Any, everyones: Any) -> Expression:
    return proposal.in_(proposal_ids(user)) | everyones


def shared() -> Expression:
    """Return the condition for calibrations that everybody sees."""
    return File.data_type.in_(list(SHARED_TYPES)) & File.proposal.is_null()


def is_shared(file: File) -> bool:
    """Return whether a file is a calibration that everybody sees: of a shared type and nobody's.

    A sensitivity that a person made with choices of their own belongs to the proposal of its
    standard star.
    """
    return file.proposal_id is None and file.data_type in SHARED_TYPES


def visible_files(user: User, *columns: Any) -> ModelSelect:
    """Return the query of the files that a person sees: of the own proposals, and all shared."""
    query = File.select(*columns)
    if sees_everything(user):
        return query
    everyones = shared() & bool(user.is_active)
    return query.where(_own_or_everyones(user, File.proposal, everyones))


def passes(seen: tuple[frozenset[int] | None, bool], file: File) -> bool:
    """Return whether `visible_files` includes a file, for the visibility scope of a person."""
    proposals, calibrations = seen
    if proposals is None or file.proposal_id in proposals:
        return True
    return calibrations and is_shared(file)


def visibility_scope(user: User) -> tuple[frozenset[int] | None, bool]:
    """Return which files `visible_files` includes, for callers that have loaded their columns.

    Returns
    -------
    frozenset of int or None
        The ids of the proposals whose files a person sees; None: all, and files without one.
    bool
        Whether the shared calibrations are visible as well.
    """
    if sees_everything(user):
        return None, True
    return frozenset(row.id for row in proposal_ids(user)), bool(user.is_active)


def visible_runs(user: User) -> ModelSelect:
    """Return the query of the runs that a person sees; runs of masters are visible to all."""
    query = Run.select()
    if sees_everything(user):
        return query
    return query.where(
        _own_or_everyones(user, Run.proposal, Run.proposal.is_null() & bool(user.is_active))
    )


def visible_events(user: User) -> ModelSelect:
    """Return the query of the events that a person receives."""
    query = Event.select()
    if sees_everything(user):
        return query
    everyones = Event.proposal.is_null() & ~Event.staff_only & bool(user.is_active)
    everyones |= (Event.person == user.id) & bool(user.is_active)
    return query.where(_own_or_everyones(user, Event.proposal, everyones))


def visible_logs(user: User) -> ModelSelect:
    """Return the query of the log entries that a person may read."""
    query = LogEntry.select()
    return (
        query if sees_everything(user) else query.where(LogEntry.proposal.in_(proposal_ids(user)))
    )


def proposal_for(user: User, action: Action, proposal_id: int) -> Proposal:
    """Load a proposal and check `action`."""
    proposal = Proposal.get_or_none(Proposal.id == proposal_id)
    if proposal is None:
        raise NotFound("No such proposal.")
    require(user, action, proposal)
    return proposal


def _require_of(user: User, action: Action, owner: Proposal | None) -> None:
    """Check `action` on a visible row; without a proposal everybody may view only."""
    if owner is not None:
        require(user, action, owner)
    elif action is not Action.VIEW:
        require_site(user, action)


def file_for(user: User, action: Action, file_id: int) -> File:
    """Load a file and check `action` on its proposal; everybody may view a shared calibration."""
    file = visible_files(user).where(File.id == file_id).get_or_none()
    if file is None:
        raise NotFound("No such file.")
    _require_of(user, action, file.proposal)
    return file


def require_seen(user: User, file_id: int) -> None:
    """Raise `NotFound` unless the person sees a file; the file is not loaded."""
    if not visible_files(user, File.id).where(File.id == file_id).exists():
        raise NotFound("No such file.")


def run_for(user: User, action: Action, run_id: int) -> Run:
    """Load a run and check `action` on its proposal."""
    run = visible_runs(user).where(Run.id == run_id).get_or_none()
    if run is None:
        raise NotFound("No such run.")
    _require_of(user, action, run.proposal)
    return run
