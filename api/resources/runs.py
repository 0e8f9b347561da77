"""Runs: list, details, cancel and retry."""

from __future__ import annotations

from typing import Any

from flask import g

from api.contract.paging import listing
from api.contract.routing import operation
from api.contract.validation import row_id
from api.models import requests
from api.models.runs import RunOut, RunPage
from services.errors import NotFound
from services.runs import listing as run_listing
from services.runs import read_models
from services.runs import requests as run_requests

TAG = "processing"


def _id(text: str) -> int:
    number = row_id(text)
    if number is None:
        raise NotFound("No such run.")
    return number


@operation("GET", "/runs/", tag=TAG, name="runs_list", query=requests.RunQuery, answer=RunPage)
def index(query: requests.RunQuery) -> Any:
    """Get a list of runs, newest first."""
    given = query.model_dump(exclude={"page", "page_size"}, exclude_none=True)
    page = run_listing.page(g.user, run_listing.RunFilters(**given), query.page, query.page_size)
    runs = [view.as_dict() for view in read_models.views(page.rows, g.user)]
    return listing(page.count, query.page, query.page_size, runs)


@operation("GET", "/runs/<run>/", tag=TAG, name="runs_read", answer=RunOut)
def read(run: str) -> Any:
    """Get one run: its state, progress, settings, inputs and products."""
    return read_models.view(run_listing.get(g.user, _id(run)), g.user).as_dict()


@operation(
    "POST",
    "/runs/<run>/cancel/",
    tag=TAG,
    name="runs_cancel",
    answer=RunOut,
    refusals=(403, 409),
)
def cancel(run: str) -> Any:
    """Cancel a run that has not ended."""
    return read_models.view(run_requests.cancel(g.user, _id(run)), g.user).as_dict()


@operation(
    "POST",
    "/runs/<run>/retry/",
    tag=TAG,
    name="runs_retry",
    answer=RunOut,
    refusals=(403, 409),
)
def retry(run: str) -> Any:
    """Retry a run that failed or was cancelled."""
    return read_models.view(run_requests.retry(g.user, _id(run)), g.user).as_dict()
