"""Whether the body of a request is wanted, which is asked before it is received."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs.serving.errors import Answer

Environ = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Admission:
    """What the application says of a request of which it knows the header only.

    Attributes
    ----------
    limit : int
        Largest body in bytes.
    refusal : tuple or None
        The answer to a request that it refuses whatever its body is.
    """

    limit: int
    refusal: Answer | None = None


Examine = Callable[[Environ], Admission]
"""Asks the application, in a thread of the pool."""

PERSON = "gsp.person"
"""The key of the environ under which the application leaves the id of the person it recognized."""
