"""The OpenAPI 3.1 document, generated from the declared operations."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.contract.routing import OPERATIONS, Operation
from api.document import examples, links
from api.models.errors import Error

REF = "#/components/schemas/{model}"
FAILURE = "#/components/responses/{name}"
ALWAYS = (400, 401, 422, 429, 503)
TAGS = {
    "site": "Status of the site, its log, live events, and mail to observers.",
    "files": "Raw frames, master calibrations and products: lists, downloads, headers, data.",
    "processing": "Reduction steps and their runs.",
    "comments": "Comments on files.",
    "proposals": "Observing proposals, their collaborators and reduction settings.",
    "users": "Your own account.",
}
DESCRIPTION = (
    "Live reduction for the Goodman spectrograph. Sign in with `Authorization: Token <key>`; "
    "create a key on the user page. Errors share one format; data you cannot access returns 404."
)
PATH_PARAMETERS = {
    "key": "The file: its id or its file name.",
    "run": "Id of the run.",
    "proposal": "Id of the proposal, a number; not its SOAR ID.",
}
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
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    return str(tomllib.loads(project.read_text())["project"]["version"])


@cache
def document() -> dict[str, Any]:
    """Return the document; it does not change while the server runs."""
    paths: dict[str, dict[str, Any]] = {}
    for declared in OPERATIONS:
        path = "/api" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", declared.path)
        paths.setdefault(path, {})[declared.method.lower()] = _operation(declared)
    return {
        "openapi": "3.1.0",
        "info": {"title": "GSP Live", "version": version(), "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": tag, "description": TAGS[tag]}
            for tag in dict.fromkeys(o.tag for o in OPERATIONS)
        ],
        "security": [{"Token": []}, {"Session": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": _failures(),
            "securitySchemes": SECURITY,
        },
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
        content: dict[str, Any] = {"application/json": _shown(declared.body)}
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
    content = _content(declared)
    following = links.of(declared)
    answered = {"content": content, **({"links": following} if following else {})}
    good = {declared.status: HTTPStatus(declared.status).phrase, **declared.further}
    refusals = sorted({*ALWAYS, *declared.refusals})
    return {
        **{
            str(status): {"description": description, **(answered if status != 304 else {})}
            for status, description in good.items()
        },
        **{str(status): {"$ref": FAILURE.format(name=_name(status))} for status in refusals},
    }


def _content(declared: Operation) -> dict[str, Any]:
    """Return the content of a successful response, by media type."""
    answer = declared.answer
    if isinstance(answer, str):
        content: dict[str, Any] = {answer: _of_no_model(answer, declared)}
    else:
        content = {"application/json": _shown(answer)}
    if declared.also is not None:
        content[declared.also] = _of_no_model(declared.also, declared)
    return content


def _of_no_model(media: str, declared: Operation) -> dict[str, Any]:
    if not media.startswith("text/"):
        return {"schema": {"type": "string", "contentMediaType": media}}
    return {"schema": {"type": "string"}, "example": declared.text_example}


def _shown(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model, with examples."""
    given = examples.several(model)
    if len(given) == 1:
        return {"schema": _ref(model), "example": given[0]}
    named = {f"{n}: {', '.join(value)}": {"value": value} for n, value in enumerate(given, 1)}
    return {"schema": _ref(model), "examples": named}


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def _failures() -> dict[str, Any]:
    """Return a response for each error status, with examples."""
    return {
        _name(status): {
            "description": HTTPStatus(status).phrase,
            "headers": {name: _HEADERS[name] for name in HEADERS_OF.get(status, ())},
            "content": {
                "application/json": {
                    "schema": _ref(Error),
                    "examples": {name: {"value": body} for name, body in bodies.items()},
                }
            },
        }
        for status, bodies in examples.failures().items()
    }


HEADERS_OF = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_HEADERS = {
    "Retry-After": {
        "description": "Seconds until the request may succeed.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
    "Allow": {"description": "The methods of this address.", "schema": {"type": "string"}},
}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"<(?:\w+:)?(\w+)>", path)
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH_PARAMETERS[name],
            "schema": {"type": "string"},
        }
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
            **({"example": examples.of(model)[name]} if name in required else {}),
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
    # In "validation" mode a field with a default may be absent, as in errors.
    models = [(model, "validation") for model in sorted(sent | got, key=lambda m: m.__name__)]
    _, schema = models_json_schema(models, ref_template=REF)  # type: ignore[arg-type]
    return dict(schema["$defs"])
