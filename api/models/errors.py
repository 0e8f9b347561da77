"""The format of errors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Failure(BaseModel):
    """An error."""

    code: str = Field(description="Stable identifier for scripts.")
    message: str = Field(description="One sentence for the user.")
    field: str | None = Field(None, description="Invalid parameter, setting or FITS keyword.")
    detail: Any = Field(None, description="Further facts.")


class Error(BaseModel):
    """The format of all errors."""

    error: Failure
