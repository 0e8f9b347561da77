"""Declaration of routes: URL rule, validation and OpenAPI operation come from one declaration.

ADR 5 says why this is not left to flask-openapi3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, g, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from api.contract import limits, validation
from api.models.requests import NamesFile

View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of an address, as the OpenAPI document describes it.

    `answer` is a model, or a media type when it is not JSON. `also` is an alternative media type
    and `text_example` an example of it. `further` are other successful statuses with their
    meaning. `refusals` are the error statuses beyond 400, 401, 422, 429 and 503, which every
    operation may return.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: str
    description: str
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    status: int
    answer: type[BaseModel] | str
    further: Mapping[int, str]
    refusals: tuple[int, ...]
    upload: bool
    limit: str
    also: str | None
    text_example: str | None


OPERATIONS: list[Operation] = []


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a route says of a large body before it is received.

    Attributes
    ----------
    mimetype : str
        Of such bodies.
    limit : int
        In bytes.
    check : callable
        Raises a `ServiceError` when the person in ``g.user`` may send none.
    """

    mimetype: str
    limit: int
    check: Callable[[], None]


RECEIPTS: dict[str, Receipt] = {}
"""By endpoint; other routes take the bodies that the wall allows."""

blueprint = Blueprint("api", __name__, url_prefix="/api")


def is_api(path: str) -> bool:
    """Return whether an address belongs to the API, also without its slash."""
    return path == "/api" or path.startswith("/api/")


def operation(
    method: str,
    path: str,
    *,
    tag: str,
    answer: type[BaseModel] | str,
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    further: Mapping[int, str] = MappingProxyType({}),
    refusals: tuple[int, ...] = (),
    upload: bool = False,
    receipt: Receipt | None = None,
    limit: str | None = None,
    also: str | None = None,
    text_example: str | None = None,
    name: str | None = None,
    summary: str | None = None,
) -> Callable[[View], View]:
    """Declare a view as an operation of the API.

    The view gets its path parameters, `query` and `body` as validated models, and returns a
    response or what `jsonify` takes. With `upload` the body may also be multipart with a part
    ``file``; the view reads the body itself.

    Parameters
    ----------
    method, path : str
        `path` begins below ``/api`` and ends in a slash; without the slash it answers the same.
    tag, name, summary : str
        Heading, operation id (default: the view's name) and title in the document (default: the
        first line of the view's docstring).
    answer, status, further, refusals, also, text_example
        See `Operation`. 404 and 409 are implied where the path or a `NamesFile` names an
        object.
    receipt : Receipt, optional
        What is checked before a large body is received (`security.preflight`).
    limit : str, optional
        Which of `api.contract.limits.LIMITS` applies; default ``read`` for GET, else ``write``.
    query, body : type of BaseModel, optional
        The accepted parameters; any other is an error that names it.
    """

    def declare(view: View) -> View:
        first, _, rest = (view.__doc__ or "").strip().partition("\n")
        declared = Operation(
            method,
            path,
            name or view.__name__,
            tag,
            summary or first.rstrip("."),
            " ".join(rest.split()),
            query,
            body,
            status,
            answer,
            further,
            tuple(sorted({*refusals, *_implied(path, query, body)})),
            upload,
            limit or ("read" if method == "GET" else "write"),
            also,
            text_example,
        )
        OPERATIONS.append(declared)
        if receipt is not None:
            RECEIPTS[f"{blueprint.name}.{declared.name}"] = receipt
        blueprint.add_url_rule(
            path,
            endpoint=declared.name,
            view_func=_validated(view, declared),
            methods=[method],
            strict_slashes=False,
        )
        return view

    return declare


def _implied(path: str, *models: type[BaseModel] | None) -> set[int]:
    """Return the errors that are possible because the request names an object."""
    if any(model is not None and issubclass(model, NamesFile) for model in models):
        return {404, 409}
    return {404} if "<" in path else set()


def _validated(view: View, declared: Operation) -> View:
    @wraps(view)
    def wrapper(**given: Any) -> ResponseReturnValue:
        limits.count(g.user.id, declared.limit)
        if declared.query is None:
            validation.refuse_query()
        else:
            given["query"] = validation.read_query(declared.query)
        if declared.body is not None and not declared.upload:
            given["body"] = validation.read_body(declared.body)
        answered = view(**given)
        if isinstance(answered, Response):
            return answered
        return jsonify(answered), declared.status

    return wrapper
