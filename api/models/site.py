"""The state of the site."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field

from api.models.proposals import Counts


class Part(BaseModel):
    """The state of a part of the system."""

    model_config = ConfigDict(extra="allow")

    state: str = Field(description="`ok` or `down`.", examples=["ok"])


class Status(BaseModel):
    """The state of the site."""

    name: str
    version: str
    time: dt.datetime
    database: Part
    queue: Part
    workers: Part
    counts: Counts
