"""Lists of runs, for those who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from db.models import File, Proposal, Run, User
from services import access
from services.access import Action
from services.errors import Unacceptable
from services.field_paths import first_error
from services.paging import Page, paginate
from services.runs.lifecycle import RunState


class RunFilters(BaseModel):
    """What runs can be listed by.

    `state` is one state, or several separated by commas; `proposal_id` is a SOAR ID.
    """

    model_config = ConfigDict(extra="forbid")

    file_id: int | None = None
    block: str | None = None
    state: str | None = None
    proposal_id: str | None = None


def get(user: User, run_id: int) -> Run:
    """Return a run that the person may see.

    Raises
    ------
    NotFound
        There is no such run, or the person may not see it.
    """
    return access.run_for(user, Action.VIEW, run_id)


def page(
    user: User, filters: RunFilters | Mapping[str, Any], page: int = 1, page_size: int = 20
) -> Page[Run]:
    """Return one page of the runs that a person sees, the newest first.

    Raises
    ------
    Unacceptable
        A filter is unknown or its value makes no sense; names it.
    """
    if not isinstance(filters, RunFilters):
        filters = _validated(filters)
    query = access.visible_runs(user)
    if filters.state is not None:
        query = query.where(Run.state.in_(_states(filters.state)))
    if filters.file_id is not None:
        query = query.where(Run.file == filters.file_id)
        if not access.visible_files(user).where(File.id == filters.file_id).exists():
            query = query.where(Run.id.is_null())  # a master's frame may be another proposal's
    if filters.block is not None:
        query = query.where(Run.block == filters.block)
    if filters.proposal_id is not None:
        ids = Proposal.select(Proposal.id).where(Proposal.soar_id == filters.proposal_id)
        query = query.where(Run.proposal.in_(ids))
    return paginate(query.order_by(Run.id.desc()), page, page_size)


def _validated(filters: Mapping[str, Any]) -> RunFilters:
    try:
        return RunFilters.model_validate(filters)
    except ValidationError as error:
        name, _, message = first_error(error, RunFilters)
        raise Unacceptable(f"{name}: {message}.", field=name) from error


def _states(text: str) -> list[str]:
    states = [part.strip() for part in text.split(",")]
    if not set(states) <= set(RunState):
        raise Unacceptable(f"state is one of {', '.join(RunState)}.", field="state")
    return states


def of_file(file: File) -> list[Run]:
    """Return the runs on a file, the newest first; for a master the run that made it.

    The run of a sensitivity is that of its standard star's spectrum, and shown there.
    """
    of_master = (Run.id == file.run_id) & Run.proposal.is_null()
    which = Run.file == file if file.proposal_id is not None else of_master
    return list(Run.select().where(which).order_by(Run.id.desc()))
