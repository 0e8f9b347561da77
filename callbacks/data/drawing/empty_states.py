"""What the Data page shows in place of a file."""

from __future__ import annotations

from dash import html

from callbacks.core.dash_types import Children
from callbacks.data.address import Address
from services.errors import Conflict


def no_frames(address: Address) -> Children:
    """Return an explanation of what will appear here."""
    of_proposal = " of this proposal" if address.proposal else ""
    return [
        html.H1(f"No frames{of_proposal} yet"),
        html.P(
            "The newest frame appears here as soon as it is complete in a watched folder, followed "
            "by its reduced, extracted and calibrated products."
        ),
    ]


def no_such_file(address: Address) -> Children:
    """Return the message that a file does not exist, or is not visible to this person."""
    return [
        html.H1("No such file"),
        html.P("It was deleted, or it belongs to a proposal that you are not part of."),
        html.P(html.A("Show the newest file", href=address.href(file=None), **{"data-go": ""})),
    ]


def several_files(address: Address, error: Conflict) -> Children:
    """Offer the files of one name."""
    ids = (error.detail or {}).get("ids", [])
    links = [
        html.Li(html.A(f"File {number}", href=address.href(file=str(number)), **{"data-go": ""}))
        for number in ids
    ]
    return [html.H1("Several files have this name"), html.Ul(links)]
