"""What a page sends when it asks for a callback: anything else is refused before Dash reads it.

Dash answers a request that none of its pages sends with an error of the server and a traceback.
Such a request gets 400 and one line in the log: it is forged, or comes from a page that was opened
before an upgrade.
"""

from __future__ import annotations

import fnmatch
import json
import logging
from functools import cache
from typing import Annotated, Any, NoReturn

from dash import Dash
from flask import Flask, Response, jsonify, request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
)

from callbacks.core.button_actions import OUT_OF_DATE
from callbacks.core.dash_types import CallbackValue

log = logging.getLogger(__name__)

PATH = "/_dash-update-component"
MAX_DEPTH = 40
LARGEST = 2**53
"""The largest whole number that a browser sends exactly."""

Whole = Annotated[StrictInt, Field(ge=-LARGEST, le=LARGEST)]
RowId = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
Text = StrictStr | None
Clicks = Whole | None
Control = StrictStr | StrictBool | Whole | StrictFloat | list[StrictStr] | None


class _Object(BaseModel):
    """An object of which only some names are read."""

    model_config = ConfigDict(extra="allow")


class _Shown(_Object):
    id: RowId
    checksum: StrictStr = ""


class _SettingsState(_Object):
    proposal: RowId
    version: RowId
    stored: dict[str, Any]


class _Row(_Object):
    id: RowId | StrictStr


class _Sort(_Object):
    colId: StrictStr
    sort: StrictStr


class _RowsRequest(_Object):
    startRow: Annotated[StrictInt, Field(ge=0, le=2**31)]
    endRow: Annotated[StrictInt, Field(ge=0, le=2**31)]
    sortModel: list[_Sort] = []


class _LiveNight(_Object):
    ids: list[RowId] | None = None  # none: the whole page has changed
    night: StrictStr | None = None


SHAPES: dict[str, Any] = {
    "url.pathname": Text,
    "url.search": Text,
    "*.n_clicks": Clicks,
    "*.n_submit": Clicks,
    "*.contents": Text,
    "*.filename": Text,
    "settings-*.value": Control,
    "visual-*.value": Control,
    "*-page.value": Control,
    "*-staff.value": StrictBool | None,
    "*.value": Text,
    "command.data": dict[str, StrictStr | Whole] | None,
    "done.data": Text,
    "header-open.data": StrictBool | None,
    "live-night.data": _LiveNight | Whole | StrictStr | None,
    "live-*.data": Any,
    "newproposal-offered.data": Text,
    "night-columns.data": Annotated[StrictInt, Field(ge=0, le=100)] | None,
    "page-name.data": Text,
    "partners-shown.data": Any,
    "settings-state.data": _SettingsState | None,
    "shown.data": _Shown | None,
    "visual-shown.data": dict[str, Control] | None,
    "search-grid.getRowsRequest": _RowsRequest | None,
    "search-grid.selectedRows": list[_Row] | None,
}
"""What each input and state holds, by its name; the first pattern that fits."""


class Forged(Exception):
    """A request that no page sends."""


def register(app: Dash, server: Flask) -> None:
    """Check the requests of callbacks before Dash answers them."""

    def check() -> tuple[Response, int] | None:
        if request.path != PATH or request.method != "POST":
            return None
        try:
            _check(app.callback_map, _body())
        except Forged as reason:
            log.info("a callback was not asked as a page asks: %s", reason)
            error = {"code": "invalid_request", "message": OUT_OF_DATE}
            return jsonify(error=error), 400
        return None

    server.before_request(check)


def _body() -> CallbackValue:
    try:
        parsed = json.loads(request.get_data(cache=True), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Forged("the body is not JSON") from None
    if not request.is_json or not isinstance(parsed, dict):
        raise Forged("the body is no JSON object")
    _check_texts(parsed, MAX_DEPTH)
    return parsed


def _refuse(_: str) -> NoReturn:
    raise ValueError


def _check_texts(value: CallbackValue, depth: int) -> None:
    """Refuse what no database stores, and what is nested too deeply."""
    if depth == 0:
        raise Forged("the body is nested too deeply")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise Forged("a text cannot be stored")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_texts(name, depth)
            _check_texts(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner, depth - 1)


def _check(known: CallbackValue, body: CallbackValue) -> None:
    output = body.get("output")
    declared = known.get(output) if isinstance(output, str) else None
    if declared is None or "callback" not in declared:
        raise Forged("there is no such callback")
    for kind, given in (("inputs", body.get("inputs", [])), ("state", body.get("state", []))):
        wanted = declared[kind]
        if not isinstance(given, list) or len(given) != len(wanted):
            raise Forged(f"{kind} are not those of the callback")
        for one, expected in zip(given, wanted, strict=True):
            _check_given(one, expected)
    _check_outputs(output, body.get("outputs"))
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(_is_name(one) for one in changed):
        raise Forged("changedPropIds is no list of names")


def _is_name(name: CallbackValue) -> bool:
    """Return whether a text is ``id.property``, where the id of a pattern is a JSON object."""
    if not isinstance(name, str) or "." not in name:
        return False
    identity = name.rpartition(".")[0]
    if not identity.startswith("{"):
        return True
    try:
        return isinstance(json.loads(identity), dict)
    except ValueError:
        return False


def _check_given(given: CallbackValue, expected: CallbackValue) -> None:
    """Check an input or state, or all that fit a pattern, with their values."""
    if not expected["id"].startswith("{"):
        _check_one(given, expected, expected["id"])
        return
    pattern = json.loads(expected["id"])
    if not isinstance(given, list):
        raise Forged(f"{expected['property']} is no list")
    for one in given:
        identity = one.get("id") if isinstance(one, dict) else None
        if not isinstance(identity, dict) or not _fits(identity, pattern):
            raise Forged(f"an id of {expected['property']} does not fit its pattern")
        _check_one({**one, "id": pattern["type"]}, expected, pattern["type"])


def _fits(identity: CallbackValue, pattern: CallbackValue) -> bool:
    same = identity.keys() == pattern.keys()
    return same and all(
        isinstance(identity[key], str) and (isinstance(part, list) or identity[key] == part)
        for key, part in pattern.items()
    )


def _check_one(given: CallbackValue, expected: CallbackValue, identity: str) -> None:
    name = f"{identity}.{expected['property']}"
    if not isinstance(given, dict) or given.get("property") != expected["property"]:
        raise Forged(f"{name} is missing")
    if given.get("id") != identity:
        raise Forged(f"{name} is missing")
    try:
        _adapter(name).validate_python(given.get("value"))
    except ValidationError:
        raise Forged(f"{name} does not hold what pages put there") from None


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(shape_of(name))


def shape_of(name: str) -> Any:
    """Return what an input or state holds, from `SHAPES`.

    Raises
    ------
    KeyError
        The table does not say.
    """
    for pattern, shape in SHAPES.items():
        if fnmatch.fnmatchcase(name, pattern):
            return shape
    raise KeyError(name)


def _check_outputs(output: str, given: CallbackValue) -> None:
    """Check that the outputs named are those of the callback, whose name is made of theirs."""
    several = output.startswith("..")
    names = output.strip(".").split("...") if several else [output]
    listed = given if several else [given]
    if not isinstance(listed, list) or [_name(one) for one in listed] != [
        name.split("@")[0] for name in names
    ]:
        raise Forged("outputs are not those of the callback")


def _name(given: CallbackValue) -> str:
    """Return the name of an output without the mark that tells duplicates apart."""
    if not isinstance(given, dict):
        return ""
    return f"{given.get('id')}.{given.get('property')}".split("@")[0]
