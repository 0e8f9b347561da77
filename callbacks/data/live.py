"""Regions of an open Data page as HTML, requested when an event concerns them.

Not a callback of Dash: the page requests the regions that an event concerns as soon as it receives
the event, and puts them in place itself (`assets/data/regions.js`, ADR 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request

from callbacks.core.guard import person
from callbacks.data import calibrations, file_index, file_view, ids
from callbacks.data.address import Address, parse
from db.models import User
from services import access, request_coalescing
from services.errors import Conflict, InvalidRequest, NotFound
from services.files import lookup
from services.request_coalescing import Moment

blueprint = Blueprint("live", __name__)

INDEX = "index"
NAMES = (*file_view.REGIONS, ids.CALIBRATIONS, INDEX)
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """An open page: its address, the file it shows and the regions it wants."""

    address: Address
    file: int | None
    checksum: str
    names: frozenset[str]


@blueprint.get("/live/data")
def data() -> Response:
    """Return the requested regions (`html`) and the newest event they include (`at`).

    With ``other`` the page is to show another file, or to load its file again.
    """
    page = _read(request.args)
    now = request_coalescing.moment()
    user = person()
    html: dict[str, str] = {}
    if INDEX in page.names:
        html |= file_index.regions(user, page.address, now)
    of_file = page.names - {INDEX}
    file_id = _file_on_show(user, page, now) if of_file else None
    if file_id is not None:
        html |= file_view.regions(user, page.address, file_id, of_file, now)
        if ids.CALIBRATIONS in of_file:
            html |= calibrations.region(user, file_id, now)
    is_other = bool(of_file) and file_id is None
    return jsonify({"at": now.newest, "other": is_other, "html": html})


def _file_on_show(user: User, page: LiveRequest, now: Moment) -> int | None:
    """Return the id of the file that the page shows; None when it has to show another."""
    try:
        named = page.address.file
        if named is None or str(page.file) != named:
            if _file_of_address(user, page.address, now) != page.file:
                return None
        file = lookup.on_show(user, page.file or 0, now)
    except (NotFound, Conflict):
        return None
    return page.file if file.checksum == page.checksum else None


def _file_of_address(user: User, address: Address, now: Moment) -> int | None:
    """Return the id of an address's file: the same for all who see the same proposals."""
    key = ("file of", address.file, address.proposal, access.visibility_scope(user))
    return request_coalescing.read(now, key, lambda: file_view.find(user, address))


def _read(values: Mapping[str, str]) -> LiveRequest:
    address = parse(values.get("path"), values.get("search"))
    names = frozenset(values.get("want", "").split(","))
    number = values.get("file", "")
    is_valid = number == "" or (number.isascii() and number.isdigit() and len(number) < 11)
    if address is None or not names <= set(NAMES) or not is_valid:
        raise InvalidRequest("This page is out of date: reload it.")
    file = int(number) if number and int(number) <= _LARGEST else None
    return LiveRequest(address, file, values.get("checksum", ""), names)
