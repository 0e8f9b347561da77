"""Notices: what the pipeline has to say about a file or a run, as a code with parameters.

A notice is stored and passed on as data. The sentence that a person reads is made of it in
`reduction.notice_text`, when it is shown. A new notice is a member of
`reduction.notice_codes.NoticeCode` and a sentence in `reduction.sentences`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from reduction.differences import Difference
from reduction.notice_codes import NoticeCode, Severity


def _plain(value: Any) -> Any:
    """Return a parameter as JSON; TypeError for a type that JSON does not have."""
    if isinstance(value, Notice | Difference):
        return _plain(value.to_json())
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, Sequence):
        return [_plain(entry) for entry in value]
    raise TypeError(f"a notice cannot hold a {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of the pipeline, as data. Use `notice` to create one.

    Parameters
    ----------
    code : NoticeCode
    severity : Severity
    params : mapping
        JSON values: numbers, texts, lists, and the JSON of other notices and of differences.

    Raises
    ------
    ValueError
        A parameter of the code is missing, or one is not among its parameters.
    """

    code: NoticeCode
    severity: Severity
    params: Mapping[str, Any] = field(hash=False, default_factory=dict)

    def __post_init__(self) -> None:
        if set(self.params) != self.code.parameters:
            wanted, given = sorted(self.code.parameters), sorted(self.params)
            raise ValueError(f"notice {self.code} has the parameters {wanted}, not {given}")

    def to_json(self) -> dict[str, Any]:
        """Return the notice as it is stored and as the API shows it."""
        return {
            "code": str(self.code),
            "severity": self.severity.label,
            "params": dict(self.params),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Notice:
        """Return a stored notice.

        Raises
        ------
        ValueError
            The code is unknown, or its parameters are not those of the code.
        """
        severity = Severity[str(stored["severity"]).upper()]
        return cls(NoticeCode(str(stored["code"])), severity, dict(stored["params"]))


def notice(code: NoticeCode, **params: Any) -> Notice:
    """Return a notice with the severity of its code.

    Raises
    ------
    ValueError
        A parameter of the code is missing, or one is not among its parameters.
    TypeError
        A parameter is not JSON, a `Notice`, a `Difference` or a sequence of these.
    """
    return Notice(code, code.severity, {name: _plain(value) for name, value in params.items()})


def by_severity(notices: Iterable[Notice]) -> list[Notice]:
    """Return notices, the most severe first, else in their order."""
    return sorted(notices, key=lambda each: -each.severity)
