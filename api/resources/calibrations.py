"""Masters on request, and the classification of raw frames."""

from __future__ import annotations

from typing import Any

from flask import g

from api.contract.routing import operation
from api.models import requests
from api.models.files import FileOut
from api.models.runs import MasterRuns
from api.resources.files import find
from services.calibration import acceptance, master_requests, reclassify
from services.errors import Unacceptable
from services.files import serialization
from services.runs import read_models
from services.runs import requests as run_requests


@operation(
    "POST",
    "/files/calibrations/",
    tag="processing",
    name="files_calibrations",
    status=202,
    body=requests.MasterRequest,
    answer=MasterRuns,
)
def make(body: requests.MasterRequest) -> Any:
    """Build master calibrations, of given frames or of a kind, date and setup.

    Each series of frames (one kind, night and setup) becomes one master, made of all its frames.
    The answer is the first run; `runs` has all of them.
    """
    given = body.model_dump(exclude_none=True)
    if body.ids is not None:
        if len(given) > 1:
            raise Unacceptable("Give either ids, or type and date with the setup.", field="ids")
        anchors = master_requests.of_files([find(key) for key in body.ids])
    else:
        if body.type is None or body.date is None:
            raise Unacceptable("Give either ids, or type and date with the setup.", field="ids")
        setup = {name: given[name] for name in master_requests.SETUP if name in given}
        anchors = master_requests.of_night(g.user, body.type, body.date, setup)
    runs = [
        run_requests.request(g.user, master_requests.block_of(file).name, file.id)
        for file in anchors
    ]
    shown = [view.as_dict() for view in read_models.views(runs, g.user)]
    return {**shown[0], "runs": shown}


@operation(
    "POST",
    "/files/reclassify/",
    tag="processing",
    name="files_reclassify",
    body=requests.Classification,
    answer=FileOut,
    refusals=(403,),
)
def judge(body: requests.Classification) -> Any:
    """Re-identify the observing technique of a raw frame, or overrule it.

    What was made of the frame as it was before is marked stale; what is due for it now is done.
    """
    file = find(body.id)
    changed = reclassify.reclassify(g.user, file.id, technique=body.technique, obstype=body.obstype)
    return serialization.as_dict(changed, g.user)


@operation(
    "POST",
    "/files/accept/",
    tag="processing",
    name="files_accept",
    body=requests.FileReference,
    answer=FileOut,
    refusals=(403, 409),
)
def accept(body: requests.FileReference) -> Any:
    """Accept a bias or flat for shared calibrations (staff).

    A frame that was uploaded, or whose kind was changed by hand, is not used for masters before.
    """
    accepted = acceptance.accept(g.user, find(body.id).id)
    return serialization.as_dict(accepted, g.user)
