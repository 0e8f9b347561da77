"""Accounts, their tokens, and messages to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel, Field


class Person(BaseModel):
    """An account."""

    id: int
    username: str
    last_login: dt.datetime | None
    first_name: str
    last_name: str
    email: str
    is_staff: bool
    is_active: bool
    date_joined: dt.datetime


class Profile(Person):
    """Your own account."""

    partner: str
    is_superuser: bool
    visual: dict[str, Any] = Field(description="Your visual options.")


class TokenOut(BaseModel):
    """Your new token; it is not shown again."""

    token: str


class Queued(BaseModel):
    """Queued messages."""

    queued: int = Field(description="Number of recipients.")
