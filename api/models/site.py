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


class ThroughputPoint(BaseModel):
    """A value of a standard star, with the limits outside of which it is remarkable."""

    id: int = Field(description="Of the sensitivity.", examples=[80])
    file_name: str
    time: dt.datetime = Field(examples=["2026-07-05T03:12:44.120000+00:00"])
    value: float = Field(examples=[17.21])
    low: float | None = Field(examples=[16.9])
    high: float | None = Field(examples=[17.5])


class ThroughputTrend(BaseModel):
    """What the standard stars of a camera, setup and slit have shown, ordered by time."""

    camera: str = Field(examples=["Red"])
    setup: str = Field(examples=["400_M2 GG455"])
    slit: str
    zero_point: list[ThroughputPoint] = Field(
        description="Magnitude that gives an electron per second and Å."
    )
    throughput: list[ThroughputPoint] = Field(
        description="Fraction of the photons above the atmosphere, at the best wavelength."
    )


class ThroughputTrends(BaseModel):
    """Zero points and throughputs; the setups with most standard stars come first."""

    results: list[ThroughputTrend]


class Status(BaseModel):
    """The state of the site."""

    name: str
    version: str
    time: dt.datetime
    database: Part
    queue: Part
    workers: Part
    counts: Counts
