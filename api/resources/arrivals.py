"""Files that came in and were refused: for staff."""

from __future__ import annotations

from typing import Any

from flask import g

from api.contract.paging import listing
from api.contract.routing import operation
from api.models import requests
from api.models.arrivals import ArrivalOut, ArrivalPage, ArrivalReference
from api.models.files import FileOut
from services.files import serialization
from services.files.arrivals import decisions

TAG = "files"


@operation(
    "GET",
    "/arrivals/",
    tag=TAG,
    name="arrivals_list",
    query=requests.Paging,
    answer=ArrivalPage,
    refusals=(403,),
)
def index(query: requests.Paging) -> Any:
    """Get a list of the files that were refused, newest first. For staff.

    They are in quarantine because they cannot be used, or in conflict with a frame that is indexed.
    """
    count, rows = decisions.refused(g.user, query.page, query.page_size)
    found = [decisions.as_dict(row) for row in rows]
    return listing(count, query.page, query.page_size, found)


@operation(
    "POST",
    "/arrivals/retry/",
    tag=TAG,
    name="arrivals_retry",
    body=ArrivalReference,
    answer=ArrivalOut,
    refusals=(403, 404, 409),
)
def retry(body: ArrivalReference) -> Any:
    """Examine a refused file again. For staff."""
    return decisions.as_dict(decisions.retry(g.user, body.id))


@operation(
    "POST",
    "/arrivals/accept/",
    tag=TAG,
    name="arrivals_accept",
    body=ArrivalReference,
    answer=FileOut,
    refusals=(403, 404, 409),
)
def accept(body: ArrivalReference) -> Any:
    """Accept a frame that was changed on disk as a new version of the frame. For staff.

    The checksum of the old version is kept. What was made of it is out of date and made again.
    """
    return serialization.as_dict(decisions.accept(g.user, body.id))
