"""The state of the site."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field

from api.models.proposals import Counts


class Part(BaseModel):
    """The state of a part of the system."""

    model_config = ConfigDict(extra="allow")

    state: str = Field(description="`ok` or `down`.", examples=["ok"])


class SlitOffsetOut(BaseModel):
    """Offset of the spectra behind a slit mask from arcs through another."""

    camera: str = Field(examples=["Blue"])
    arc_mask: str = Field(examples=["0.45_LONG_SLIT"])
    mask: str = Field(examples=["3_LONG_SLIT"])
    offset: float = Field(description="Sky minus arc scale, unbinned pixels.", examples=[-35.6])
    scatter: float = Field(
        description="Standard deviation of the nights, unbinned pixels.", examples=[1.2]
    )
    spectra: int = Field(examples=[14])
    nights: int = Field(examples=[3])
    last: dt.date = Field(description="The last night.", examples=["2026-07-05"])


class SlitOffsets(BaseModel):
    """What the skies of spectra have shown of each pair of slit masks."""

    results: list[SlitOffsetOut]


class Status(BaseModel):
    """The state of the site."""

    name: str
    version: str
    time: dt.datetime
    database: Part
    queue: Part
    workers: Part
    counts: Counts
