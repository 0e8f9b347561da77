"""What the pages of all lists share."""

from __future__ import annotations

from pydantic import BaseModel


class Listing(BaseModel):
    """One page of a list."""

    count: int
    next: str | None
    previous: str | None
