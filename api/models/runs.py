"""Runs of the process blocks, and a file together with its runs."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models.files import FileOut
from api.models.listings import Listing

BlockState = Literal["waiting", "queued", "running", "done", "failed", "cancelled"]


class Made(BaseModel):
    """A file that a run has made."""

    id: int
    file_name: str


class RunOut(BaseModel):
    """A run of a process block on a file."""

    id: int
    block: str
    label: str
    file_id: int | None = Field(description="Null in the run of a master, which is visible to all.")
    file_name: str = Field(description="The file it processes; empty in the run of a master.")
    proposal_id: str | None = Field(description="SOAR ID.")
    state: BlockState
    live: bool = Field(description="Whether the run has not ended.")
    automatic: bool
    step: str
    progress: float = Field(description="0 to 1.")
    message: str = Field(description="What the run waits for, or why it failed.")
    code: str | None = Field(description="The same as a code.", examples=[None])
    severity: Literal["info", "warning", "error"] | None = Field(examples=[None])
    params: dict[str, Any] = Field(description="Parameters of the code.", examples=[{}])
    settings: dict[str, Any]
    inputs: list[Any]
    calibrations: dict[str, int] = Field(
        description="Calibrations that a person chose, whatever fits better: their file ids.",
        examples=[{}],
    )
    products: list[Made] = Field(examples=[[]])
    attempt: int
    created: dt.datetime
    queued: dt.datetime | None
    started: dt.datetime | None
    finished: dt.datetime | None


class MasterRuns(RunOut):
    """The run that makes the master; `runs` has all of them when there are several series."""

    runs: list[RunOut]


class RunPage(Listing):
    """One page of runs."""

    results: list[RunOut]


class FileDetail(FileOut):
    """A file with the files made from it and its runs."""

    children: list[FileOut]
    runs: list[RunOut]
