"""The visual options that pages keep with the account while they are used."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from flask_login import current_user
from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr

from api.contract.validation import read_body
from services.accounts import visual_options

blueprint = Blueprint("options", __name__)


class Chosen(BaseModel):
    """The options that were changed: no others are stored."""

    model_config = ConfigDict(extra="forbid")

    theme: StrictStr = ""
    colormap: StrictStr = ""
    show_saturated: StrictBool = False
    show_title: StrictBool = False


@blueprint.post("/options")
def save() -> Response:
    """Store the options that were changed; a page sends the next ones after this answer."""
    chosen: dict[str, Any] = read_body(Chosen).model_dump(exclude_unset=True)
    visual_options.save(current_user.row, **chosen)
    return jsonify(saved=sorted(chosen))
