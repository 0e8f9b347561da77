"""What is sent and received, as models: the validation and the OpenAPI document come from them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from api.validate import MAX_ID
from figures.colormaps import STOPS

Colormap = Literal[tuple(STOPS)]  # type: ignore[valid-type]
Finite = Annotated[float, Field(allow_inf_nan=False)]
FileKey = (
    Annotated[StrictInt, Field(ge=1, le=MAX_ID)]
    | Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255)]
)
"""A file, by its id or its file name."""

KEY_DESCRIPTION = "The file: its id or its file name."
BlockState = Literal["waiting", "queued", "running", "done", "failed", "cancelled"]


class Strict(BaseModel):
    """A request: unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


class Failure(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable word for scripts.")
    message: str = Field(description="One sentence for a person.")
    field: str | None = Field(None, description="Parameter, setting or FITS keyword at fault.")
    detail: Any = Field(None, description="Facts about it.")


class Error(BaseModel):
    """The one shape of every failure."""

    error: Failure


class Paging(Strict):
    """Which page of a list."""

    page: int = Field(1, ge=1, le=1_000_000, description="Page, from 1.")
    page_size: int = Field(20, ge=1, le=1000, description="Rows a page.")


class OneFile(Strict):
    """Which file."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=255)] = Field(
        description=KEY_DESCRIPTION
    )


class DataQuery(OneFile):
    """Which spectrum, and as what."""

    format: Literal["json", "csv"] = "json"


class FileReference(Strict):
    """Which file."""

    id: FileKey = Field(description=KEY_DESCRIPTION)


class NewFile(Strict):
    """A frame on the disk of the server."""

    full_path: str = Field(min_length=1, max_length=4096, description="Inside a raw folder.")


class NewComment(FileReference):
    """What to say of which file."""

    text: str = Field(max_length=20_000)


class CommentReference(Strict):
    """Which comment."""

    comment_id: Annotated[StrictInt, Field(ge=1, le=MAX_ID)]


class Classification(FileReference):
    """What a raw frame is. With neither choice it is judged again from its header."""

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


Setup = Annotated[str, StringConstraints(strict=True, max_length=80)]


class MasterRequest(Strict):
    """Which master: `ids` of frames, or `type` and `date` with what else tells the setup.

    A master is made of a whole series: all frames of that kind, night and setup.
    """

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
    """Whom to add to a proposal, or to take out of it."""

    email: Annotated[str, StringConstraints(strict=True, min_length=3, max_length=254)] = Field(
        description="An unknown address becomes an account, and is told by mail.",
        examples=["user@server.net"],
    )
    action: Literal["add", "remove"]


class NewMail(Strict):
    """A message to the people of a proposal, or to registered addresses."""

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
    show_saturated: bool = Field(True, description="Mark saturated pixels in red.")
    show_title: bool = Field(True, description="Observation type, object and proposal on top.")
    width: int = Field(
        1000,
        ge=200,
        le=4000,
        description="Width of the picture, and columns of the figure at most.",
    )


class RunQuery(Paging):
    """Which runs."""

    file_id: int | None = Field(None, ge=1, le=MAX_ID)
    block: str | None = Field(None, max_length=40)
    state: str | None = Field(
        None, max_length=80, description="waiting, queued, running, done, failed, cancelled."
    )
    proposal_id: str | None = Field(None, max_length=80, description="SOAR ID.")


class LogQuery(Paging):
    """Which log entries."""

    level: Literal["info", "warning", "error"] | None = None
    since: dt.datetime | None = Field(None, description="ISO time; without offset it is UTC.")
    proposal_id: int | None = Field(None, ge=1, le=MAX_ID)


class StreamQuery(Strict):
    """From where on."""

    since: int | None = Field(
        None, ge=0, le=MAX_ID, description="Id of the last event known; default: now."
    )


class FileOut(BaseModel):
    """A FITS file: raw frame, master calibration or product."""

    id: int
    created: dt.datetime
    last_modified: dt.datetime
    original_file: str | None
    original_file_id: int | None
    parent_file: str | None
    parent_file_id: int | None
    file_name: str
    directory_name: str
    full_path: str
    obstype: str
    object: str
    filter: str
    filter_2: str
    grating: str
    slit: str
    cam_targ: str | None
    grt_targ: str | None
    obsra: str
    obsdec: str
    gain: str | None
    rdnoise: str | None
    roi: str
    wavmode: str
    proposal_id: str | None
    observation_id: int | str | None
    configuration_id: int | str | None
    block_id: int | str | None
    image_id: int | str | None
    date: dt.date
    data_type: Literal["0", "1", "2", "3", "4", "5"]
    normalized: bool
    technique: str
    saturation_value: int | float | None
    date_obs: dt.datetime
    night: dt.date = Field(description="UTC date at the night's begin.")
    kind: str = Field(description="bias, flat, arc, spectrum, image, focus or unknown.")
    type: str = Field(description="The label of `data_type`.")
    exptime: float | None
    ra_deg: float | None
    dec_deg: float | None
    checksum: str = Field(description="SHA-256 of the file.")
    size: int = Field(description="Bytes.")
    state: str = Field(description="`current` or `superseded`.")
    quality: dict[str, Any]
    inputs: list[Any] = Field(description="Names of the masters and arcs that went in.")
    warnings: list[str]
    stale: bool = Field(description="Made with calibrations that are no longer the best.")


class Made(BaseModel):
    """A file that a run made."""

    id: int
    file_name: str


class RunOut(BaseModel):
    """A run of a process block on a file."""

    id: int
    block: str
    label: str
    file_id: int | None = Field(description="Null in the run of a master, which is everyone's.")
    file_name: str = Field(description="What it runs on; empty in the run of a master.")
    proposal_id: str | None = Field(description="SOAR ID.")
    state: BlockState
    live: bool = Field(description="It has not ended.")
    automatic: bool
    step: str
    progress: float = Field(description="0 to 1.")
    message: str = Field(description="What it waits for, or why it failed.")
    settings: dict[str, Any]
    inputs: list[Any]
    products: list[Made]
    attempt: int
    created: dt.datetime
    queued: dt.datetime | None
    started: dt.datetime | None
    finished: dt.datetime | None


class MasterRuns(RunOut):
    """The run that makes the master; `runs` has all of them when several series were meant."""

    runs: list[RunOut]


class Queued(BaseModel):
    """What will be sent."""

    queued: int = Field(description="How many people it goes to.")


class PlotlyFigure(BaseModel):
    """A Plotly figure: what `plotly.io.from_json` takes."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


class FileDetail(FileOut):
    """A file with what was made of it."""

    children: list[FileOut]
    runs: list[RunOut]


class Listing(BaseModel):
    """One page of a list."""

    count: int
    next: str | None
    previous: str | None


class FilePage(Listing):
    """One page of files."""

    results: list[FileOut]


class RunPage(Listing):
    """One page of runs."""

    results: list[RunOut]


class Deleted(BaseModel):
    """What is gone."""

    deleted: list[str] = Field(description="File names, descendants included.")


class Card(BaseModel):
    """A header card; `hdu` is its extension."""

    hdu: str | int
    keyword: str
    value: Any
    comment: str


class HeaderOut(BaseModel):
    """The headers of all HDUs, in file order."""

    file_name: str
    header: list[Card]


class SpectrumOut(BaseModel):
    """A 1-D product. What is unknown is null; `mask` holds the bits of bad pixels."""

    file_name: str
    unit: str
    wavelength: list[float | None] | None = Field(description="Air, ångström; null before.")
    pixel: list[float]
    flux: list[float | None]
    uncertainty: list[float | None]
    mask: list[int]
    sky: list[float | None] | None


class CommentOut(BaseModel):
    """A comment on a file."""

    id: int
    file_id: int
    user: str
    author: str
    text: str
    created: dt.datetime


class Comments(BaseModel):
    """The comments on a file, newest last."""

    results: list[CommentOut]


class DeletedComment(BaseModel):
    """Which comment is gone."""

    deleted: int


class LogOut(BaseModel):
    """An important message."""

    id: int
    created: dt.datetime
    level: str
    proposal_id: int | None
    file_id: int | None
    run_id: int | None = Field(description="The run it tells of.")
    sentence: str


class LogPage(Listing):
    """One page of the log."""

    results: list[LogOut]


class Person(BaseModel):
    """Who somebody is."""

    id: int
    username: str
    last_login: dt.datetime | None
    first_name: str
    last_name: str
    email: str
    is_staff: bool
    is_active: bool
    date_joined: dt.datetime


class Profile(Person):
    """Who you are."""

    partner: str
    is_superuser: bool
    visual: dict[str, Any] = Field(description="How you like pages and images shown.")


class TokenOut(BaseModel):
    """Your new token: shown this once."""

    token: str


class Counts(BaseModel):
    """How many of each you see."""

    observed: int
    calibrations: int


class ProposalMembers(BaseModel):
    """An observing proposal as the manual's scripts know it."""

    id: int
    soar_id: str
    semester: str
    title: str
    abstract: str
    user: Person | None = Field(description="The PI.")
    collaborators: list[Person]


class ProposalOut(ProposalMembers):
    """An observing proposal."""

    counts: Counts


class Proposals(BaseModel):
    """The proposals you see."""

    results: list[ProposalOut]


class Part(BaseModel):
    """How a part of the system is."""

    model_config = ConfigDict(extra="allow")

    state: str


class Status(BaseModel):
    """How the site is."""

    name: str
    version: str
    time: dt.datetime
    database: Part
    queue: Part
    workers: Part
    counts: Counts
