"""Strict validation of requests: an unknown parameter is an error that names it."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from api.contract.errors import refusal
from services.errors import InvalidRequest, Unacceptable

Model = TypeVar("Model", bound=BaseModel)

MAX_JSON_BYTES = 1_000_000
MAX_ID = 2**31 - 1


def read_query(model: type[Model]) -> Model:
    """Validate the query string against a model; repeated parameters are an error."""
    given = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise InvalidRequest(f"The query parameter {name!r} is given twice.", field=name)
        given[name] = _printable(values[0], name)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise refusal(error, model, what="query parameter") from None


def refuse_query() -> None:
    """Raise for any query parameter."""
    for name in request.args:
        raise InvalidRequest(f"Unknown query parameter {name!r}.", field=name)


def read_body(model: type[Model]) -> Model:
    """Validate the JSON body against a model.

    Raises
    ------
    InvalidRequest
        Not JSON, or not an object.
    Unacceptable
        Naming the field that is unknown, missing or out of bounds.
    """
    try:
        return model.model_validate(_json_object())
    except ValidationError as error:
        raise refusal(error, model, what="field") from None


def row_id(text: str) -> int | None:
    """Return the number in `text` if it can be the id of a row, else None."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    number = int(text)
    return number if 0 < number <= MAX_ID else None


def _json_object() -> dict[str, Any]:
    request.max_content_length = MAX_JSON_BYTES
    data = request.get_data(cache=True)
    if data and not request.is_json:
        raise InvalidRequest("The body must be JSON, with Content-Type: application/json.")
    try:
        parsed = json.loads(data or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise InvalidRequest("The body must be a JSON object.")
    check_text(parsed)
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def check_text(value: Any, name: str = "") -> None:
    """Raise for text that databases do not store: NUL and lone surrogates."""
    if isinstance(value, str):
        _printable(value, name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _printable(key, "a key")
            check_text(inner, key)
    elif isinstance(value, list):
        for inner in value:
            check_text(inner, name)


def _printable(text: str, name: str) -> str:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Unacceptable(f"{name} contains characters that cannot be stored.", field=name)
    return text
