"""Status of the site, the own account, the log, and live events."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from api.contract.paging import listing
from api.contract.routing import operation
from api.contract.validation import row_id
from api.document.openapi import version
from api.models import requests
from api.models.accounts import Profile, TokenOut
from api.models.notices import LogPage
from api.models.site import SlitOffsets, Status, ThroughputTrends
from api.pages import stream
from api.pages.listeners import Listener, Stream
from jobs import queue
from reduction.frames import night_of
from services import logs
from services.accounts import accounts, sessions
from services.calibration.zero_points import slit_offsets
from services.errors import InvalidRequest
from services.event_cursor import EventCursor
from services.files import file_list
from services.monitoring import health
from services.night import sensitivities
from services.night.sensitivities import SetupTrend

broadcaster = stream.Broadcaster()


def counts(proposal_id: int | None = None) -> dict[str, int]:
    """Return the number of frames (of a proposal if given) and calibrations one sees."""
    observed, calibrations = file_list.counts(g.user, proposal_id)
    return {"observed": observed, "calibrations": calibrations}


@operation("GET", "/", tag="site", name="status", answer=Status)
def status() -> Any:
    """Get API status: version, parts of the system, and the number of files you see."""
    parts = health.status(queue.state).as_dict()
    return {
        "name": "GSP Live",
        "version": version(),
        "time": dt.datetime.now(dt.UTC).isoformat(),
        **{name: parts[name] for name in ("database", "queue", "workers")},
        "counts": counts(),
    }


@operation("GET", "/users/me/", tag="users", name="users_me", answer=Profile)
def me() -> Any:
    """Get your own profile."""
    return {
        **accounts.as_dict(g.user),
        "partner": g.user.partner,
        "is_superuser": g.user.is_superuser,
        "visual": g.user.visual,
    }


@operation(
    "POST",
    "/users/me/token/",
    tag="users",
    name="users_me_token",
    answer=TokenOut,
    limit="rare",
)
def renew_token() -> Any:
    """Create a new API token; the previous token no longer works.

    It is shown in this answer and never again.
    """
    return {"token": sessions.renew_token(g.user)}


@operation(
    "GET",
    "/slit-offsets/",
    tag="site",
    name="slit_offsets",
    answer=SlitOffsets,
    refusals=(403,),
)
def slit_offset_index() -> Any:
    """Get the offsets of slit masks that spectra have shown. For staff."""
    return {"results": [asdict(row) for row in slit_offsets.listing(g.user)]}


@operation(
    "GET",
    "/throughput/",
    tag="site",
    name="throughput",
    query=requests.MonthsQuery,
    answer=ThroughputTrends,
)
def throughput_index(query: requests.MonthsQuery) -> Any:
    """Get zero points and throughputs of the standard stars of each setup, over months."""
    until = query.until or night_of(dt.datetime.now(dt.UTC))
    trends = sensitivities.over_months(g.user, until, query.days)
    return {"results": [_trend(trend) for trend in trends]}


def _trend(trend: SetupTrend) -> dict[str, Any]:
    points = {
        name: [
            {
                "id": point.frame,
                "file_name": point.name,
                "time": point.time.isoformat(),
                "value": point.value,
                "low": point.low,
                "high": point.high,
            }
            for point in of_quantity
        ]
        for name, of_quantity in trend.points.items()
    }
    return {"camera": trend.camera, "setup": trend.setup, "slit": trend.slit, **points}


@operation("GET", "/logs/", tag="site", name="logs_list", query=requests.LogQuery, answer=LogPage)
def log_index(query: requests.LogQuery) -> Any:
    """Get the important messages, newest first."""
    since = query.since
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=dt.UTC)
    count, rows = logs.page(
        g.user,
        level=query.level,
        since=since,
        proposal_id=query.proposal_id,
        page=query.page,
        page_size=query.page_size,
    )
    return listing(count, query.page, query.page_size, [logs.as_dict(row) for row in rows])


@operation(
    "GET",
    "/events/",
    tag="site",
    name="events",
    query=requests.StreamQuery,
    answer="text/event-stream",
    text_example=stream.EXAMPLE,
)
def event_stream(query: requests.StreamQuery) -> ResponseReturnValue:
    """Stream live events of the data that you may see.

    Each message's data is an event as JSON; its `id` goes into `since` (or `Last-Event-ID`) to
    resume without a loss.
    """
    # On reconnection a browser repeats the address and adds the last event it received.
    known = [number for number in (query.since, _last_event_id()) if number is not None]
    start = max(known) if known else None
    if start is None:
        start = EventCursor.at_newest().resume
    # A HEAD reads no stream, and takes no place.
    body = () if request.method == "HEAD" else _stream_from(start)
    response = Response(body, mimetype="text/event-stream", direct_passthrough=True)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _stream_from(start: int) -> Stream:
    return broadcaster.admit(Listener(g.credential, g.user.id, start))


def _last_event_id() -> int | None:
    text = request.headers.get("Last-Event-ID")
    if text is None or text == "0":
        return None if text is None else 0
    number = row_id(text)
    if number is None:
        raise InvalidRequest("Last-Event-ID is not the id of an event.", field="Last-Event-ID")
    return number
