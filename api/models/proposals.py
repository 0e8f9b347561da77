"""Observing proposals and their members."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.models.accounts import Person


class Counts(BaseModel):
    """Number of files you see."""

    observed: int
    calibrations: int


class ProposalMembers(BaseModel):
    """An observing proposal with its people."""

    id: int
    soar_id: str
    semester: str
    title: str
    abstract: str
    user: Person | None = Field(description="The PI.")
    collaborators: list[Person]


class ProposalOut(ProposalMembers):
    """An observing proposal."""

    counts: Counts


class Proposals(BaseModel):
    """The proposals you see."""

    results: list[ProposalOut]
