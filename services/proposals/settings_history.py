"""The history of a proposal's reduction settings: who changed what, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from db.models import SettingsChange, User
from reduction.settings import form_fields
from services import access
from services.access import Action
from services.paging import Page, paginate

PAGE_SIZE = 20

SettingValue: TypeAlias = bool | int | float | str | None
"""The value of a setting; None where a release does not have the setting."""


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """A setting that was changed: its title and both values, as they are shown."""

    name: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SettingsChangeLine:
    """A change of the settings.

    Attributes
    ----------
    created : datetime.datetime
        UTC.
    author : str
        Name of the person, "" when the account no longer exists.
    restored : datetime.datetime or None
        UTC time of the earlier change whose result was restored.
    """

    id: int
    created: dt.datetime
    author: str
    restored: dt.datetime | None
    differences: tuple[SettingDifference, ...]


def value_text(name: str, value: SettingValue) -> str:
    """Return the value of a setting as it is shown."""
    field = form_fields.all_fields().get(name)
    if value is None:
        return "not set"
    return field.text_of(value) if field else str(value)


def differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[SettingDifference, ...]:
    """Return the settings in which two stored states differ, in the order of the form.

    Parameters
    ----------
    before, after : mapping
        Settings as they are stored: values by setting, by section.
    """
    fields = form_fields.all_fields()
    old, new = form_fields.flat(before), form_fields.flat(after)
    names = [*fields, *sorted((set(old) | set(new)) - set(fields))]
    return tuple(
        SettingDifference(
            name,
            fields[name].title if name in fields else name,
            value_text(name, old.get(name)),
            value_text(name, new.get(name)),
        )
        for name in names
        if old.get(name) != new.get(name)
    )


def page(
    user: User, proposal_id: int, page: int = 1, page_size: int = PAGE_SIZE
) -> Page[SettingsChangeLine]:
    """Return a page of the changes of a proposal's settings, newest first.

    Raises
    ------
    NotFound
        There is no such proposal, or the person may not see it.
    """
    proposal = access.proposal_for(user, Action.VIEW, proposal_id)
    query = SettingsChange.select(SettingsChange, User).join(User, "LEFT OUTER JOIN")
    query = query.where(SettingsChange.proposal == proposal)
    found = paginate(query.order_by(SettingsChange.id.desc()), page, page_size)
    return replace(found, rows=[_line(change) for change in found.rows])


def _line(change: SettingsChange) -> SettingsChangeLine:
    return SettingsChangeLine(
        id=change.id,
        created=change.created.astimezone(dt.UTC),
        author=change.user.full_name if change.user else "",
        restored=change.restored.astimezone(dt.UTC) if change.restored else None,
        differences=differences(change.before, change.after),
    )
