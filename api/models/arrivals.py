"""Files that came in and were refused."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models.listings import Listing
from api.models.requests import Strict


class ArrivalOut(BaseModel):
    """A path of the raw folders, and what became of it."""

    id: int
    path: str
    outcome: Literal["indexed", "duplicate", "conflict", "quarantined"]
    seen: dt.datetime
    file_id: int | None = Field(description="The frame that it is, or is in conflict with.")
    proposal_id: int | None
    code: str = Field(description="Why it was refused.", examples=["quarantined"])
    params: dict[str, Any] = Field(description="Parameters of the code.", examples=[{}])
    sentence: str = Field(examples=["0317_HZ44.fits is empty."])


class ArrivalPage(Listing):
    """A page of refused files."""

    results: list[ArrivalOut]


class Admission(Strict):
    """A file in quarantine, and what its header does not state."""

    id: int = Field(ge=1, le=2**31 - 1, examples=[7])
    obstype: str = Field("", max_length=20, description="As `OBSTYPE`.", examples=["COMP"])
    technique: Literal["", "Spectroscopy", "Imaging", "Unknown"] = ""
    camera: Literal["", "Red", "Blue"] = ""
    date_obs: dt.datetime | None = Field(
        None,
        description="Start of the exposure, UTC. Without any date, the time of the file is taken.",
    )
    exptime: float | None = Field(None, ge=0, le=86_400, description="Seconds.", examples=[60.0])
    binning: str = Field("", pattern="^([1-9] [1-9])?$", description="Along x and y.")


class CameraChoice(Strict):
    """The camera of all frames of the night and read-out of a frame."""

    file_id: int = Field(ge=1, le=2**31 - 1, examples=[7])
    camera: Literal["Red", "Blue"]


class CameraDecisionOut(BaseModel):
    """Which camera took the frames of a night whose headers leave it open."""

    id: int
    night: dt.date
    readout: str = Field(examples=["gain 1.4, read noise 4.74"])
    camera: Literal["Red", "Blue"]
    person: str = Field(description="Who decided.", examples=["Ada Ramos"])
    created: dt.datetime
    files: int = Field(description="Indexed frames that it is about.", examples=[38])


class CameraDecisions(BaseModel):
    """All decisions on cameras, newest first."""

    results: list[CameraDecisionOut]


class DecisionReference(Strict):
    """Which decision."""

    id: int = Field(ge=1, le=2**31 - 1, examples=[3])


class Withdrawn(BaseModel):
    """A decision that was withdrawn."""

    files: int = Field(description="Frames that wait for a decision again.", examples=[38])


class ArrivalReference(Strict):
    """Which refused file."""

    id: int = Field(ge=1, le=2**31 - 1, examples=[7])
