"""A proposal's reduction settings: their history, and what a change of them concerns.

The proposal's row holds the settings in force, `SettingsChange` how they came to be so. The id of
the newest change is their version: whoever saves says which version was on the screen, so that two
people who edit at once do not undo each other unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel

from db.models import Proposal, SettingsChange, User
from reduction.settings import form_fields
from services import access, logs
from services.access import Action
from services.calibration import affected
from services.errors import Conflict, NotFound
from services.paging import Page, paginate
from services.proposals import proposals
from services.runs import master_runs, waiting
from services.unit_of_work import transaction

FIRST = 0
"""In place of a change's id: the settings as they were before the oldest change."""
PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class State:
    """The settings in force, and their version (0: nobody has changed them)."""

    settings: BaseModel
    version: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that a change gave another value; None where a release did not have it."""

    name: str
    before: Any
    after: Any


def current(user: User, proposal_id: int) -> State:
    """Return the settings of a proposal that the person may view."""
    proposal = access.proposal_for(user, Action.VIEW, proposal_id)
    return State(proposals.settings_of(proposal), _version(proposal))


def _version(proposal: Proposal) -> int:
    newest = _changes(proposal).first()
    return newest.id if newest else 0


def _changes(proposal: Proposal) -> Any:
    query = SettingsChange.select().where(SettingsChange.proposal == proposal)
    return query.order_by(SettingsChange.id.desc())


def configure(
    user: User, proposal_id: int, settings: BaseModel, *, version: int | None = None
) -> State:
    """Replace the reduction settings of a proposal, for every run that begins from now on.

    Runs that wait or are queued with the settings of before take the new ones.

    Parameters
    ----------
    settings : BaseModel
        A `reduction.settings.proposal_settings.settings_model`.
    version : int, optional
        The version that the person started from; without one whatever is there is replaced.

    Raises
    ------
    Conflict
        Somebody else has changed the settings since that version; says who and when, and
        `detail` is the `State` in force.
    """
    proposal = access.proposal_for(user, Action.CONFIGURE, proposal_id)
    return _replace(user, proposal, settings, version=version)


def restore(user: User, proposal_id: int, change_id: int) -> State:
    """Bring back the settings as a change left them; that is a change, too.

    Parameters
    ----------
    change_id : int
        `FIRST` stands for the settings before the oldest change.

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
    return _replace(user, proposal, proposals.sound(stored), restored=change.created)


def _replace(
    user: User,
    proposal: Proposal,
    settings: BaseModel,
    *,
    version: int | None = None,
    restored: Any = None,
) -> State:
    after = settings.model_dump(mode="json")
    with transaction() as effects:
        # The row first: PostgreSQL lets the second of two wait here for the first.
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
        effects.events.append(logs.write("info", _told(user, change), proposal=proposal))
        pending = affected.take_over(proposal, before, settings)
        effects.after.append(partial(waiting.reassess, pending))
        if _minima(before) != _minima(settings):
            effects.after.append(partial(master_runs.schedule_for_waiting, proposal))
    return State(settings, change.id)


def _minima(settings: BaseModel) -> list[Any]:
    """Return how many frames a master is made of, at least, by block."""
    return [getattr(section, "minimum", None) for _, section in settings]


def _conflict(newest: SettingsChange, settings: BaseModel) -> Conflict:
    who = newest.user.full_name if newest.user else "Somebody"
    return Conflict(
        f"{who} changed the settings at {newest.created:%H:%M} UTC, while you were editing them.",
        detail=State(settings, newest.id),
    )


def _told(user: User, change: SettingsChange) -> str:
    """Return the sentence of the log: the settings that are now others."""
    fields = form_fields.all_fields()
    parts = []
    for one in differences(change.before, change.after):
        field = fields.get(one.name)
        title = field.title if field else one.name
        parts.append(f"{title}: {said(one.name, one.before)} → {said(one.name, one.after)}")
    act = "restored older" if change.restored else "changed the"
    return f"{user.full_name} {act} reduction settings ({'; '.join(parts)})."


def said(name: str, value: Any) -> str:
    """Return a setting's value as it is told to a person."""
    field = form_fields.all_fields().get(name)
    if value is None:
        return "not there"
    return field.said(value) if field else str(value)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return the settings in which two stored states differ, in the order of the form."""
    old, new = form_fields.flat(before), form_fields.flat(after)
    known = list(form_fields.all_fields())
    names = [*known, *sorted((set(old) | set(new)) - set(known))]
    return [
        Difference(name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    ]


def merged(
    started: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a form holds after somebody else saved: what one typed stays, the rest is theirs.

    Parameters
    ----------
    started, theirs : mapping
        `settingfields.values` of what the form began with, and of what is in force now.
    mine : mapping
        Name of a setting to what is in its field, whether it makes sense or not.
    """
    fields = form_fields.all_fields()
    both = {}
    for name, typed in mine.items():
        try:
            value = fields[name].read(typed)
        except ValueError:
            value = None
        same = value is not None and value == started.get(name)
        both[name] = theirs.get(name, typed) if same else typed
    return both


def history(user: User, proposal_id: int, page: int = 1, page_size: int = PAGE_SIZE) -> Page:
    """Return a page of the changes of a proposal's settings (`SettingsChange`), newest first."""
    proposal = access.proposal_for(user, Action.VIEW, proposal_id)
    query = SettingsChange.select(SettingsChange, User).join(User, "LEFT OUTER JOIN")
    query = query.where(SettingsChange.proposal == proposal)
    return paginate(query.order_by(SettingsChange.id.desc()), page, page_size)
