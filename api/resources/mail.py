"""Mail to observers, by staff."""

from __future__ import annotations

from typing import Any

from flask import g

from api.contract.routing import operation
from api.models import requests
from api.models.accounts import Queued
from services.mail import outbox


@operation(
    "POST",
    "/email/",
    tag="site",
    name="email",
    status=202,
    body=requests.NewMail,
    answer=Queued,
    refusals=(403, 404),
    limit="mail",
)
def send(body: requests.NewMail) -> Any:
    """Send e-mail notifications: staff only, to the people of a proposal or to accounts.

    Give `proposal_id` or `recipients`. Each person gets a message of the own, as text and HTML;
    answers go to you. It is sent from a queue and tried again when the mail server is away.
    """
    queued = outbox.send(
        g.user,
        body.subject,
        body.message,
        proposal_id=body.proposal_id,
        recipients=body.recipients,
    )
    return {"queued": queued}
