"""One route for each registered process block."""

from __future__ import annotations

from typing import Any

from flask import g
from pydantic import Field, create_model

from api.contract.routing import operation
from api.models import requests
from api.models.runs import RunOut
from api.resources.files import find
from reduction.registry import Block, all_blocks
from services.calibration.manual import KINDS
from services.runs import read_models
from services.runs import requests as run_requests


def declare(block: Block) -> None:
    """Declare the route of a block, with its settings in the body."""
    title = "".join(part.capitalize() for part in block.name.split("_"))
    settings: Any = (block.request | None, Field(None))
    calibrations: dict[str, Any] = {
        role.replace(" ", "_"): (requests.FileKey | None, None)
        for role in block.calibration_roles
        if role in KINDS
    }
    more: dict[str, Any] = {}
    if calibrations:
        use = create_model(f"{title}Calibrations", __base__=requests.Strict, **calibrations)
        use.__doc__ = "Manual calibrations: ids or file names."
        more["calibrations"] = (use | None, Field(None))
    body: Any = create_model(
        f"{title}Request",
        __base__=requests.FileReference,
        __doc__="The file, and the settings that differ from those of the proposal.",
        settings=settings,
        **more,
    )

    def start(body: Any) -> Any:
        # Only what was sent: a default would override the setting of the proposal.
        given = body.settings.model_dump(mode="json", exclude_unset=True) if body.settings else {}
        asked = getattr(body, "calibrations", None)
        named = asked.model_dump(exclude_none=True) if asked else {}
        use = {role: find(key).id for role, key in named.items()}
        run = run_requests.request(g.user, block.name, find(body.id).id, given, use)
        return read_models.view(run, g.user).as_dict()

    start.__doc__ = (
        "Queue this process block for a file.\n\n"
        "Returns the run. Settings that are not given are those of the proposal."
    )
    operation(
        "POST",
        f"/files/{block.route}/",
        tag="processing",
        name=f"files_{str(block.route).replace('/', '_')}",
        summary=f"{block.label}: {(block.settings.__doc__ or '').strip().partition(chr(10))[0]}",
        status=202,
        body=body,
        answer=RunOut,
        refusals=(403,),
    )(start)


for _block in all_blocks().values():
    if _block.route is not None:
        declare(_block)
