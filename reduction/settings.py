"""A proposal's settings: one section per registered block, nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from reduction.registry import all_blocks


@cache
def settings_model() -> type[BaseModel]:
    """Compose the blocks' settings models; a stored or submitted dict is validated by it."""
    fields: dict[str, Any] = {b.name: (b.settings, b.settings()) for b in all_blocks().values()}
    return create_model(
        "ProposalSettings", __config__=ConfigDict(frozen=True, extra="forbid"), **fields
    )
