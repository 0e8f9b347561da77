"""What an open Data page asks for when something has happened: parts of it, as HTML.

Not a callback of Dash: the page asks as soon as it hears of the event, for what the event concerns
and no more, and puts the answer in its place (`assets/regions.js`, ADR 10).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from callbacks.core.guard import person
from callbacks.data import calibrations, index, view
from callbacks.data.address import Address, parse
from services import access, request_coalescing
from services.errors import Conflict, InvalidRequest, NotFound
from services.files import lookup

blueprint = Blueprint("live", __name__)

INDEX = "index"
NAMES = (*view.REGIONS, calibrations.REGION, INDEX)
_LARGEST = 2**31 - 1
_HEARD = re.compile(r"[0-9.]{0,200}")


@dataclass(frozen=True, slots=True)
class Asked:
    """An open page: its address, the file it shows, what it wants, the events it has heard of."""

    address: Address
    file: int | None
    checksum: str
    names: frozenset[str]
    heard: str


@blueprint.get("/live/data")
def data() -> Response:
    """Answer the parts that are wanted (`html` by region) and of which moment they are (`at`).

    ``other`` tells that the page is to show another file than it does, or the file anew.
    """
    asked = _read(request.args)
    now = request_coalescing.moment(asked.heard)
    user = person()
    drawn: dict[str, str] = {}
    if INDEX in asked.names:
        drawn |= index.regions(user, asked.address, now)
    wanted = asked.names - {INDEX}
    file = _on_show(user, asked, now) if wanted else None
    if file is not None:
        drawn |= view.regions(user, asked.address, file, wanted, now)
        if calibrations.REGION in wanted:
            drawn |= calibrations.region(user, file, now)
    answer = {"at": now.latest, "other": bool(wanted) and file is None, "html": drawn}
    return jsonify(answer)


def _on_show(user: Any, asked: Asked, now: request_coalescing.Moment) -> Any | None:
    """Return the file that the page shows; None when it is to be shown another, or it anew."""
    try:
        named = asked.address.file
        if named is None or str(asked.file) != named:
            if _found(user, asked.address, now) != asked.file:
                return None
        file = lookup.on_show(user, asked.file or 0, now)
    except (NotFound, Conflict):
        return None
    return file if file.checksum == asked.checksum else None


def _found(user: Any, address: Address, now: request_coalescing.Moment) -> int | None:
    """Return the file that an address means: the same for all who see the same proposals."""

    def find() -> int | None:
        file = view.find(user, address)
        return None if file is None else int(file.id)

    key = ("found", address.file, address.proposal, access.sight(user))
    return request_coalescing.read(now, key, find)


def _read(given: Mapping[str, str]) -> Asked:
    address = parse(given.get("path"), given.get("search"))
    names = frozenset(given.get("want", "").split(","))
    number, heard = given.get("file", ""), given.get("heard", "")
    fits = number == "" or (number.isascii() and number.isdigit() and len(number) < 11)
    if address is None or not names <= set(NAMES) or not fits or not _HEARD.fullmatch(heard):
        raise InvalidRequest("This page is out of date: reload it.")
    file = int(number) if number and int(number) <= _LARGEST else None
    return Asked(address, file, given.get("checksum", ""), names, heard)
