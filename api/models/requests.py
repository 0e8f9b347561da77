"""What is sent to the API: anything that these models do not know is refused by name."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from api.contract.errors import MALFORMED
from api.contract.validation import MAX_ID
from figures.colormaps import STOPS

Colormap = Literal[tuple(STOPS)]  # type: ignore[valid-type]
Finite = Annotated[float, Field(allow_inf_nan=False)]
FileKey = (
    Annotated[StrictInt, Field(ge=1, le=MAX_ID)]
    | Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255)]
)
"""A file, by its id or its file name."""

KEY_DESCRIPTION = "The file: its id or its file name."
Setup = Annotated[str, StringConstraints(strict=True, max_length=80)]


def _iso_time(value: object) -> object:
    """Refuse a number of seconds, which pydantic takes for a time."""
    if isinstance(value, str) and _TIME.match(value) is None:
        raise PydanticCustomError(MALFORMED, "write a time as 2026-11-29 or 2026-11-29T03:00:00Z")
    return value


def _event_id(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise PydanticCustomError(MALFORMED, "write the id of an event, a whole number from 0")
    return value


_TIME = re.compile(r"\d{4}-\d{2}-\d{2}")
IsoTime = Annotated[dt.datetime, BeforeValidator(_iso_time)]
EventId = Annotated[int, BeforeValidator(_event_id)]


class Strict(BaseModel):
    """A request: unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


class NamesFile(Strict):
    """A request that names a file: there may be none (404), or several of that name (409)."""


class Paging(Strict):
    """Which page of a list."""

    page: int = Field(1, ge=1, le=1_000_000, description="Page, from 1.")
    page_size: int = Field(20, ge=1, le=1000, description="Rows a page.")


class OneFile(NamesFile):
    """Which file."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=255)] = Field(
        description=KEY_DESCRIPTION
    )


class DataQuery(OneFile):
    """Which spectrum, and as what."""

    format: Literal["json", "csv"] = Field("json", description="Arrays, or a table.")


class FileReference(NamesFile):
    """Which file."""

    id: FileKey = Field(description=KEY_DESCRIPTION)


class NewFile(Strict):
    """A frame on the disk of the server."""

    full_path: str = Field(min_length=1, max_length=4096, description="Inside a raw folder.")


class NewComment(FileReference):
    """The text of a comment, and its file."""

    text: str = Field(max_length=20_000)


class CommentReference(Strict):
    """Which comment."""

    comment_id: Annotated[StrictInt, Field(ge=1, le=MAX_ID)]


class Classification(FileReference):
    """What a raw frame is. With neither choice it is judged again from its header."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": 80, "technique": "Spectroscopy", "obstype": "COMP"}, {"id": 80}]
        }
    )

    technique: Literal["Spectroscopy", "Imaging"] | None = Field(
        None, description="Kept until the frame is judged again."
    )
    obstype: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=20)] | None = (
        Field(
            None,
            description="BIAS, ZERO, FLAT, LAMPFLAT, DFLAT, COMP, ARC, OBJECT, SPECTRUM, EXPOSE or "
            "FOCUS; kept until the frame is judged again.",
        )
    )


class MasterRequest(NamesFile):
    """Which master: `ids` of frames, or `type` and `date` with further columns of the setup.

    A master is made of a whole series: all frames of that kind, night and setup.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"ids": [12, 13]},
                {"type": "flat", "date": "2022-07-05", "grating": "400_SYZY"},
            ]
        }
    )

    ids: list[FileKey] | None = Field(
        None, min_length=1, max_length=500, description="Bias or flat frames: ids or file names."
    )
    type: Literal["bias", "flat"] | None = None
    date: dt.date | None = Field(None, description="UTC date of the exposures, or of the night.")
    camera: Setup | None = Field(None, description="Red or Blue.")
    grating: Setup | None = None
    filter: Setup | None = None
    filter_2: Setup | None = None
    slit: Setup | None = None
    roi: Setup | None = None
    wavmode: Setup | None = None


class CollaboratorChange(Strict):
    """A person to add to a proposal, or to remove from it."""

    email: Annotated[str, StringConstraints(strict=True, min_length=3, max_length=254)] = Field(
        description="A new address gets an account and an invitation by e-mail.",
        examples=["user@server.net"],
    )
    action: Literal["add", "remove"]


class NewMail(Strict):
    """A message to the people of a proposal, or to registered addresses."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"proposal_id": 5, "subject": "Closed", "message": "Humidity is above 80 %."},
                {
                    "recipients": ["user@server.net"],
                    "subject": "Closed",
                    "message": "Humidity is above 80 %.",
                },
            ]
        }
    )

    proposal_id: Annotated[StrictInt, Field(ge=1, le=MAX_ID)] | None = Field(
        None, description="Row id of the proposal: its PI and collaborators."
    )
    recipients: list[Annotated[str, StringConstraints(strict=True, max_length=254)]] | None = Field(
        None, min_length=1, max_length=500, description="Addresses of accounts."
    )
    subject: Annotated[str, StringConstraints(strict=True, max_length=1000)] = Field(
        description="One line, at most 200 characters.", examples=["Closed for the night"]
    )
    message: Annotated[str, StringConstraints(strict=True, max_length=100_000)] = Field(
        description="Plain text, at most 20,000 characters.", examples=["Humidity is above 80 %."]
    )


class PictureQuery(OneFile):
    """Which file, and how it is drawn."""

    format: Literal["json", "png"] = Field("json", description="A Plotly figure, or a picture.")
    colormap: Colormap = Field("Gray", description="Of an image.")  # type: ignore[valid-type]
    stretch: Literal["linear", "log", "sqrt", "asinh"] = Field(
        "linear", description="From numbers to colours."
    )
    vmin: Finite | None = Field(None, description="Darkest value; default: zscale's.")
    vmax: Finite | None = Field(None, description="Brightest value; default: zscale's.")
    invert: bool = Field(False, description="Turn the colour map round.")
    x0: Finite | None = Field(None, description="Left edge in pixels from 0; default: the whole.")
    x1: Finite | None = Field(None, description="Right edge.")
    y0: Finite | None = Field(None, description="Lower edge.")
    y1: Finite | None = Field(None, description="Upper edge.")
    show_apertures: bool = Field(
        False, description="Draw trace, aperture and background windows of the spectra."
    )
    show_saturated: bool = Field(True, description="Mark saturated pixels in red.")
    show_cosmic_rays: bool = Field(False, description="Mark what was hit by cosmic rays in blue.")
    show_title: bool = Field(True, description="Observation type, object and proposal on top.")
    width: int = Field(
        1000,
        ge=200,
        le=4000,
        description="Width of the picture, and columns of the figure at most.",
    )


class RunQuery(Paging):
    """Which runs."""

    file_id: int | None = Field(None, ge=1, le=MAX_ID, description="What they run on.")
    block: str | None = Field(None, max_length=40, description="Name of a process: `reduce`, …")
    state: str | None = Field(
        None, max_length=80, description="waiting, queued, running, done, failed, cancelled."
    )
    proposal_id: str | None = Field(None, max_length=80, description="SOAR ID.")


class LogQuery(Paging):
    """Which log entries."""

    level: Literal["info", "warning", "error"] | None = Field(None, description="Of importance.")
    since: IsoTime | None = Field(None, description="ISO time; without offset it is UTC.")
    proposal_id: int | None = Field(None, ge=1, le=MAX_ID, description="Id, not the SOAR ID.")


class MonthsQuery(Strict):
    """Which nights."""

    until: dt.date | None = Field(None, description="The last night; default: now.")
    days: int = Field(400, ge=0, le=4000, description="How many nights before it.")


class StreamQuery(Strict):
    """From where on."""

    since: EventId | None = Field(
        None, ge=0, le=MAX_ID, description="Id of the last event known; default: now."
    )
