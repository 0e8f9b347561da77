"""A proposal's reduction settings: read, save, restore, and merge concurrent edits.

The current settings are in the proposal's row, their history in `SettingsChange`. The id of the
newest change is the version of the settings. An edit names the version that it started from, so
that concurrent edits do not overwrite each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from peewee import ModelSelect
from pydantic import BaseModel

from db.models import Proposal, SettingsChange, User
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.settings import form_fields
from services import access, logs
from services.access import Action
from services.calibration import affected
from services.errors import Conflict, NotFound
from services.proposals import proposals, settings_history
from services.proposals.settings_history import SettingValue
from services.runs import master_runs, waiting
from services.unit_of_work import transaction

FIRST = 0
"""In place of a change's id: the settings before the oldest change."""


@dataclass(frozen=True, slots=True)
class State:
    """The current settings and their version, 0 when they were never changed."""

    settings: BaseModel
    version: int


@dataclass(frozen=True, slots=True)
class ProposalSettings:
    """The settings of a proposal as its page shows them.

    Attributes
    ----------
    values : mapping
        Value of each field of the form by its name.
    may_change : bool
        Whether the person may change them.
    """

    proposal_id: int
    soar_id: str
    values: Mapping[str, SettingValue]
    version: int
    may_change: bool


def current(user: User, proposal_id: int) -> State:
    """Return the settings of a proposal that the person may view."""
    proposal = access.proposal_for(user, Action.VIEW, proposal_id)
    return State(proposals.settings_of(proposal), _version(proposal))


def view(user: User, proposal_id: int) -> ProposalSettings:
    """Return the settings of a proposal as its page shows them.

    Raises
    ------
    NotFound
        There is no such proposal, or the person may not see it.
    """
    proposal = access.proposal_for(user, Action.VIEW, proposal_id)
    return ProposalSettings(
        proposal_id=proposal.id,
        soar_id=proposal.soar_id,
        values=form_fields.values(proposals.settings_of(proposal)),
        version=_version(proposal),
        may_change=Action.CONFIGURE in access.allowed(user, proposal),
    )


def _version(proposal: Proposal) -> int:
    newest = _changes(proposal).first()
    return newest.id if newest else 0


def _changes(proposal: Proposal) -> ModelSelect:
    query = SettingsChange.select().where(SettingsChange.proposal == proposal)
    return query.order_by(SettingsChange.id.desc())


def configure(
    user: User, proposal_id: int, settings: BaseModel, *, version: int | None = None
) -> State:
    """Replace the reduction settings of a proposal for all runs that start from now on.

    Waiting and queued runs that have the previous settings get the new ones.

    Parameters
    ----------
    user : User
        Who asks.
    proposal_id : int
        The proposal.
    settings : BaseModel
        A `reduction.settings.proposal_settings.settings_model`.
    version : int, optional
        The version that was edited; without one the settings are replaced unconditionally.

    Raises
    ------
    Conflict
        Another person changed the settings after that version. The message says who and when, and
        `detail` is the current `State`.
    """
    proposal = access.proposal_for(user, Action.CONFIGURE, proposal_id)
    return _replace(user, proposal, settings, version=version)


def restore(user: User, proposal_id: int, change_id: int) -> State:
    """Restore the settings as they were after a change; this is recorded as a change.

    Parameters
    ----------
    user : User
        Who asks.
    proposal_id : int
        The proposal.
    change_id : int
        The change; `FIRST` means the settings before the oldest one.

    Raises
    ------
    NotFound
        The proposal has no such change.
    """
    proposal = access.proposal_for(user, Action.CONFIGURE, proposal_id)
    changes = SettingsChange.select().where(SettingsChange.proposal == proposal)
    if change_id == FIRST:
        change = changes.order_by(SettingsChange.id).first()
    else:
        change = changes.where(SettingsChange.id == change_id).first()
    if change is None:
        raise NotFound("No such change of the settings.")
    stored = change.before if change_id == FIRST else change.after
    return _replace(user, proposal, proposals.readable(stored), restored=change.created)


def _replace(
    user: User,
    proposal: Proposal,
    settings: BaseModel,
    *,
    version: int | None = None,
    restored: dt.datetime | None = None,
) -> State:
    after = settings.model_dump(mode="json")
    with transaction() as work:
        # Locks the row: on PostgreSQL a concurrent change waits here.
        Proposal.update(id=proposal.id).where(Proposal.id == proposal.id).execute()
        before = proposals.settings_of(Proposal.get_by_id(proposal.id))
        newest = _changes(proposal).first()
        if version is not None and newest is not None and newest.id != version:
            raise _conflict(newest, before)
        if before == settings:
            return State(settings, newest.id if newest else 0)
        Proposal.update(settings=after).where(Proposal.id == proposal.id).execute()
        change = SettingsChange.create(
            proposal=proposal,
            user=user,
            before=before.model_dump(mode="json"),
            after=after,
            restored=restored,
        )
        work.events.append(logs.write(_entry(user, change), proposal=proposal))
        pending = affected.take_over(proposal, before, settings)
        work.after.append(partial(waiting.reassess, pending))
        if _minima(before) != _minima(settings):
            work.after.append(partial(master_runs.schedule_for_waiting, proposal))
    return State(settings, change.id)


def _minima(settings: BaseModel) -> list[int | None]:
    """Return the least number of frames of a master, by block."""
    return [getattr(section, "minimum", None) for _, section in settings]


def _conflict(newest: SettingsChange, settings: BaseModel) -> Conflict:
    who = newest.user.full_name if newest.user else "Somebody"
    return Conflict(
        f"{who} changed the settings at {newest.created:%H:%M} UTC, while you were editing them.",
        detail=State(settings, newest.id),
    )


def _entry(user: User, change: SettingsChange) -> Notice:
    """Return the log entry of a change."""
    changes = [
        {"title": changed.title, "before": changed.before, "after": changed.after}
        for changed in settings_history.differences(change.before, change.after)
    ]
    code = NoticeCode.SETTINGS_RESTORED if change.restored else NoticeCode.SETTINGS_CHANGED
    return notice(code, person=user.full_name, changes=changes)


def merged(
    started: Mapping[str, SettingValue],
    theirs: Mapping[str, SettingValue],
    mine: Mapping[str, SettingValue],
) -> dict[str, SettingValue]:
    """Return the contents of a form after another person has saved.

    Fields that the person has changed keep what was typed; all others take the saved values.

    Parameters
    ----------
    started, theirs : mapping
        `form_fields.values` of the settings that the form started from, and of the current ones.
    mine : mapping
        The contents of the fields by the names of the settings, valid or not.
    """
    fields = form_fields.all_fields()
    both = {}
    for name, typed in mine.items():
        try:
            value = fields[name].read(typed)
        except ValueError:
            value = None
        unchanged = value is not None and value == started.get(name)
        both[name] = theirs.get(name, typed) if unchanged else typed
    return both
