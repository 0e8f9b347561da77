"""Files that came in and were refused: for staff."""

from __future__ import annotations

from typing import Any

from flask import g

from api.contract.paging import listing
from api.contract.routing import operation
from api.models import requests
from api.models.arrivals import (
    Admission,
    ArrivalOut,
    ArrivalPage,
    ArrivalReference,
    CameraChoice,
    CameraDecisionOut,
    CameraDecisions,
    DecisionReference,
    Withdrawn,
)
from api.models.files import FileOut
from services.files import serialization
from services.files.arrivals import admission, camera_decisions, decisions

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


@operation(
    "POST",
    "/arrivals/admit/",
    tag=TAG,
    name="arrivals_admit",
    body=Admission,
    answer=FileOut,
    refusals=(403, 404, 409, 422),
)
def admit(body: Admission) -> Any:
    """Index a file in quarantine, stating what its header does not state. For staff.

    What is stated is kept with the frame and used in its reduction.
    """
    stated = admission.Stated(**body.model_dump(exclude={"id"}))
    return serialization.as_dict(admission.admit(g.user, body.id, stated), g.user)


@operation(
    "GET",
    "/arrivals/cameras/",
    tag=TAG,
    name="arrivals_cameras",
    answer=CameraDecisions,
    refusals=(403,),
)
def cameras() -> Any:
    """Get the decisions on the camera of frames whose headers leave it open. For staff."""
    found = [camera_decisions.as_dict(decided) for decided in camera_decisions.listed(g.user)]
    return {"results": found}


@operation(
    "POST",
    "/arrivals/cameras/decide/",
    tag=TAG,
    name="arrivals_cameras_decide",
    body=CameraChoice,
    answer=CameraDecisionOut,
    refusals=(403, 404, 409),
)
def decide_camera(body: CameraChoice) -> Any:
    """Decide which camera took the frames of the night and read-out of a frame. For staff.

    The decision is about all frames of that night with the same gain and read noise whose headers
    leave the camera open, also those that come later. A new decision replaces it.
    """
    return camera_decisions.as_dict(camera_decisions.decide(g.user, body.file_id, body.camera))


@operation(
    "POST",
    "/arrivals/cameras/withdraw/",
    tag=TAG,
    name="arrivals_cameras_withdraw",
    body=DecisionReference,
    answer=Withdrawn,
    refusals=(403, 404),
)
def withdraw_camera(body: DecisionReference) -> Any:
    """Withdraw a decision on a camera: its frames wait again. For staff."""
    return {"files": camera_decisions.withdraw(g.user, body.id)}
