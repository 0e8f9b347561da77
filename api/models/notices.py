"""Notices of files and runs, and the log."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models.listings import Listing


class NoticeOut(BaseModel):
    """A message of the pipeline as data: scripts read `code` and `params`."""

    code: str = Field(description="Stable word for scripts.", examples=["degraded_match"])
    severity: Literal["info", "warning", "error"] = Field(examples=["warning"])
    params: dict[str, Any] = Field(
        description="What the code is about; the names depend on the code.",
        examples=[
            {
                "role": "master flat",
                "file": "master_flat.fits",
                "differences": [
                    {
                        "quantity": "slit",
                        "wanted": "1.0_LONG_SLIT",
                        "found": "3.2_LONG_SLIT",
                        "effect": "usable",
                    }
                ],
            }
        ],
    )
    message: str = Field(
        description="The same as a sentence; its wording may change.",
        examples=["Flat taken with a different slit (3.2″; this frame 1.0″)."],
    )


class LogOut(BaseModel):
    """An important message."""

    id: int
    created: dt.datetime
    level: str
    proposal_id: int | None
    file_id: int | None
    run_id: int | None = Field(description="The run that it concerns.")
    sentence: str
    code: str = Field(description="The same as a code.", examples=["file_notice"])
    params: dict[str, Any] = Field(
        description="Parameters of the code.",
        examples=[
            {
                "file": "0317_HZ44.fits",
                "reason": {
                    "code": "gain_or_noise_missing",
                    "severity": "warning",
                    "params": {"keyword": "GAIN"},
                },
            }
        ],
    )


class LogPage(Listing):
    """One page of the log."""

    results: list[LogOut]
