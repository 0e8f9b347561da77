"""Proposals, their collaborators and reduction settings."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from flask import g, request
from pydantic import ValidationError

from api.contract.errors import refusal
from api.contract.routing import operation
from api.contract.validation import MAX_JSON_BYTES, check_text, row_id
from api.models import requests
from api.models.proposals import ProposalMembers, ProposalOut, Proposals
from db.models import Proposal
from reduction.settings.proposal_settings import settings_model
from services.errors import AccessDenied, InvalidRequest, NotFound
from services.files import file_list
from services.proposals import proposals, reduction_settings

TAG = "proposals"
SETTINGS = settings_model()


def _id(text: str) -> int:
    number = row_id(text)
    if number is None:
        raise NotFound("No such proposal.")
    return number


def _shown(rows: list[Proposal]) -> list[dict[str, Any]]:
    """Return proposals with the number of their frames and calibrations that the person sees."""
    observed, calibrations = file_list.counts_by_proposal(g.user)
    return [
        {**row, "counts": {"observed": observed.get(row["id"], 0), "calibrations": calibrations}}
        for row in proposals.serialize_all(rows)
    ]


@operation("GET", "/proposals/", tag=TAG, name="proposals_list", answer=Proposals)
def index() -> Any:
    """Get the proposals where you are PI or collaborator."""
    return {"results": _shown(proposals.visible(g.user))}


@operation(
    "GET",
    "/proposals/<proposal>/",
    tag=TAG,
    name="proposals_read",
    answer=ProposalOut,
)
def read(proposal: str) -> Any:
    """Get one proposal."""
    return _shown([proposals.get(g.user, _id(proposal))])[0]


@operation(
    "GET",
    "/proposals/settings/<proposal>/",
    tag=TAG,
    name="proposals_settings",
    answer=SETTINGS,
)
def settings(proposal: str) -> Any:
    """Get the reduction settings of a proposal, one section for each process."""
    return proposals.settings_of(proposals.get(g.user, _id(proposal))).model_dump(mode="json")


@operation(
    "PUT",
    "/proposals/settings/<proposal>/",
    tag=TAG,
    name="proposals_configure",
    body=SETTINGS,
    answer=SETTINGS,
    refusals=(403,),
)
def configure(proposal: str, body: Any) -> Any:
    """Replace the reduction settings of a proposal.

    Settings that are left out take their defaults. They apply to every run that starts from now on.
    """
    return reduction_settings.configure(g.user, _id(proposal), body).settings.model_dump(
        mode="json"
    )


@operation(
    "GET",
    "/proposals/collaborators/<proposal>/",
    tag=TAG,
    name="proposals_collaborators",
    answer=ProposalMembers,
    refusals=(403, 409, 413),
)
def collaborators(proposal: str) -> Any:
    """Get a proposal with its collaborators.

    As in the manual's example, a GET that carries both a token and a body (`email` and `action`,
    form-encoded or JSON, whatever its Content-Type) changes the collaborators like a POST.
    New scripts use POST.
    """
    number = _id(proposal)
    request.max_content_length = MAX_JSON_BYTES
    data = request.get_data()
    if not data:
        return proposals.serialize(proposals.get(g.user, number))
    if g.credential[0] != "token":
        # Another site can make a browser send its cookie, but not a token.
        raise AccessDenied("A GET changes something only with a token; use POST.")
    return _change(number, _change_in(data))


@operation(
    "POST",
    "/proposals/collaborators/<proposal>/",
    tag=TAG,
    name="proposals_collaborators_change",
    body=requests.CollaboratorChange,
    answer=ProposalMembers,
    refusals=(403, 409),
)
def change_collaborators(proposal: str, body: requests.CollaboratorChange) -> Any:
    """Add or remove a collaborator; for the PI and staff."""
    return _change(_id(proposal), body)


def _change(number: int, change: requests.CollaboratorChange) -> Any:
    act = proposals.add_collaborator if change.action == "add" else proposals.remove_collaborator
    return proposals.serialize(act(g.user, number, change.email))


def _change_in(data: bytes) -> requests.CollaboratorChange:
    """Read the body of the GET in the manual: a form labelled as JSON, or JSON."""
    try:
        text = data.decode()
        if text.lstrip().startswith("{"):
            given: Any = json.loads(text)
        else:
            given = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True))
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is neither a form nor JSON.") from None
    check_text(given)
    try:
        return requests.CollaboratorChange.model_validate(given)
    except ValidationError as error:
        raise refusal(error, requests.CollaboratorChange, what="field") from None
