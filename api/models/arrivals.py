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


class ArrivalReference(Strict):
    """Which refused file."""

    id: int = Field(ge=1, le=2**31 - 1, examples=[7])
