"""The OpenAPI 3.1 document, generated from the declared operations; nothing is written twice."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.models import Error
from api.routing import OPERATIONS, Operation

REF = "#/components/schemas/{model}"
ALWAYS = (401, 422, 429, 503)
DESCRIPTION = (
    "Live reduction for the Goodman spectrograph. Sign in with `Authorization: Token <key>`; "
    "your key is on the user page. Every failure has the same shape, and what you may not see "
    "is not found."
)
SECURITY = {
    "Token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word Token, a space, and your key: `Token abc…`.",
    },
    "Session": {"type": "apiKey", "in": "cookie", "name": "gsp_session"},
}


@cache
def version() -> str:
    """Return the version of the release."""
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    return str(tomllib.loads(project.read_text())["project"]["version"])


@cache
def document() -> dict[str, Any]:
    """Return the document. It is the same for everybody and for as long as the server runs."""
    paths: dict[str, dict[str, Any]] = {}
    for declared in OPERATIONS:
        path = "/api" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", declared.path)
        paths.setdefault(path, {})[declared.method.lower()] = _operation(declared)
    return {
        "openapi": "3.1.0",
        "info": {"title": "GSP Live", "version": version(), "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(o.tag for o in OPERATIONS)],
        "security": [{"Token": []}, {"Session": []}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": SECURITY},
    }


def _operation(declared: Operation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": declared.name,
        "summary": declared.summary,
        "tags": [declared.tag],
        "responses": _responses(declared),
    }
    if declared.description:
        shown["description"] = declared.description
    parameters = _path_parameters(declared.path) + _query_parameters(declared.query)
    if parameters:
        shown["parameters"] = parameters
    if declared.body is not None:
        content: dict[str, Any] = {"application/json": {"schema": _ref(declared.body)}}
        if declared.upload:
            content["multipart/form-data"] = {"schema": _UPLOAD}
        shown["requestBody"] = {"required": True, "content": content}
    return shown


_UPLOAD = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/fits"}},
}


def _responses(declared: Operation) -> dict[str, Any]:
    answer = declared.answer
    content: dict[str, Any] = (
        {answer: {"schema": {"type": "string"}}}
        if isinstance(answer, str)
        else {"application/json": {"schema": _ref(answer)}}
    )
    if declared.also is not None:
        content[declared.also] = {"schema": {"type": "string", "contentMediaType": declared.also}}
    good = {"description": HTTPStatus(declared.status).phrase, "content": content}
    bad = {"application/json": {"schema": _ref(Error)}}
    refusals = sorted({400, *ALWAYS, *declared.refusals})
    return {
        str(declared.status): good,
        **{str(s): {"description": HTTPStatus(s).phrase, "content": bad} for s in refusals},
    }


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"<(?:\w+:)?(\w+)>", path)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=REF)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {k: v for k, v in shape.items() if k != "description"},
            **({"description": shape["description"]} if "description" in shape else {}),
        }
        for name, shape in schema["properties"].items()
    ]


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


def _schemas() -> dict[str, Any]:
    sent = {o.body for o in OPERATIONS if o.body is not None}
    got = {o.answer for o in OPERATIONS if not isinstance(o.answer, str)} | {Error}
    # In "validation" mode a field with a default may be absent: true of errors, too.
    models = [(model, "validation") for model in sorted(sent | got, key=lambda m: m.__name__)]
    _, schema = models_json_schema(models, ref_template=REF)  # type: ignore[arg-type]
    return dict(schema["$defs"])
