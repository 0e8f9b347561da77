"""Links of the OpenAPI document: from an answer to the operations that accept its id."""

from __future__ import annotations

import re
from typing import Any

from api.contract.routing import OPERATIONS, Operation
from api.models.comments import CommentOut
from api.models.files import FileOut, FilePage
from api.models.proposals import Proposals
from api.models.requests import CommentReference, FileReference, OneFile
from api.models.runs import MasterRuns, RunOut, RunPage

SOURCES: dict[Any, tuple[str, str]] = {
    FileOut: ("file", "id"),
    FilePage: ("file", "results/0/id"),
    RunOut: ("run", "id"),
    MasterRuns: ("run", "id"),
    RunPage: ("run", "results/0/id"),
    CommentOut: ("comment", "id"),
    Proposals: ("proposal", "results/0/id"),
}
"""The kind of object in an answer, and the place of its id."""

PATHS = {"key": "file", "run": "run", "proposal": "proposal"}


def of(declared: Operation) -> dict[str, Any]:
    """Return the links of an operation's answer, by the name of the target operation."""
    source = SOURCES.get(declared.answer)
    if source is None:
        return {}
    kind, where = source
    value = f"$response.body#/{where}"
    taking = {target.name: _taking(target, kind, value) for target in OPERATIONS}
    return {
        name: {"operationId": name, **given} for name, given in taking.items() if given is not None
    }


def _taking(target: Operation, kind: str, value: str) -> dict[str, Any] | None:
    """Return the parameter by which an operation accepts the object; None when it does not."""
    for name in re.findall(r"<(\w+)>", target.path):
        return {"parameters": {name: value}} if PATHS[name] == kind else None
    if kind == "file" and target.query is not None and issubclass(target.query, OneFile):
        return {"parameters": {"id": value}}
    if kind == "file" and target.body is not None and issubclass(target.body, FileReference):
        return {"requestBody": {"id": value}}
    if kind == "comment" and target.body is CommentReference:
        return {"requestBody": {"comment_id": value}}
    return None
