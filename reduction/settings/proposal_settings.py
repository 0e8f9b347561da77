"""The settings of a proposal: one section per registered block, and a general section."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from reduction.registry import BlockSettings, all_blocks


class GeneralSettings(BlockSettings):
    """General settings of the reduction."""

    redo_stale: bool = Field(
        False,
        title="Reduce Again What Is Stale",
        description="If set to True frames are reduced again by themselves when a better master "
        "calibration has been made since. Every version is kept.",
    )


@cache
def settings_model() -> type[BaseModel]:
    """Compose the settings models of the blocks; it validates stored and submitted settings."""
    fields: dict[str, Any] = {"general": (GeneralSettings, GeneralSettings())}
    fields |= {b.name: (b.settings, b.settings()) for b in all_blocks().values()}
    return create_model(
        "ProposalSettings", __config__=ConfigDict(frozen=True, extra="forbid"), **fields
    )
