"""Where a value that is not valid stands in what the caller sent.

pydantic names, besides fields and places in lists, also the member of a union and the kind of
constraint that it tried (``id.constrained-int``). Those are no part of the caller's request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError


def first_error(error: ValidationError, model: type[BaseModel]) -> tuple[str, str, str]:
    """Return field path, type and message of the first error of a validation.

    Parameters
    ----------
    error : ValidationError
        As raised by `model`.
    model : type of BaseModel
        The model that was asked.
    """
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    first = errors[0]
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    path = path_of(model, first["loc"], unknown=first["type"] == "extra_forbidden")
    if len({path_of(model, other["loc"]) for other in errors}) == 1 < len(errors):
        # No member of a union fits: what the last one expects says no more than that of the first.
        said = dict.fromkeys(other["msg"].removeprefix("Value error, ") for other in errors)
        message = " or ".join(said).rstrip(".")
    return path, first["type"], message


def path_of(model: type[BaseModel], loc: Sequence[str | int], *, unknown: bool = False) -> str:
    """Return the place that `loc` names, as the caller wrote it: ``settings.extract.sigma``.

    Parameters
    ----------
    model : type of BaseModel
        The model that was validated.
    loc : sequence of str or int
        As pydantic gives it.
    unknown : bool
        Whether the last part is a name that the model does not have.
    """
    found: list[str] = []
    here: list[Any] = [model]
    for place, part in enumerate(loc):
        inner = [kind for one in here for kind in _inside(one, part)]
        if inner or (unknown and place == len(loc) - 1):
            found.append(str(part))
            here = inner
    return ".".join(found)


def _inside(kind: Any, part: str | int) -> Iterable[Any]:
    """Yield the types of what is at `part` in a value of a type; nothing if it has no such part."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _inside(arguments[0], part)
    elif origin in (Union, UnionType):
        for member in arguments:
            yield from _inside(member, part)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if part in (name, field.alias):
                yield field.annotation
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield arguments[1]
    elif isinstance(origin, type) and issubclass(origin, Iterable) and isinstance(part, int):
        members = [member for member in arguments if member is not Ellipsis]
        yield members[part] if origin is tuple and part < len(members) else members[-1]
