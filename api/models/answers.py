"""Models of the answers of the API."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

BlockState = Literal["waiting", "queued", "running", "done", "failed", "cancelled"]


class Failure(BaseModel):
    """An error."""

    code: str = Field(description="Stable identifier for scripts.")
    message: str = Field(description="One sentence for the user.")
    field: str | None = Field(None, description="Invalid parameter, setting or FITS keyword.")
    detail: Any = Field(None, description="Further facts.")


class Error(BaseModel):
    """The format of all errors."""

    error: Failure


class NoticeOut(BaseModel):
    """What the pipeline has to say, as data: scripts read `code` and `params`."""

    code: str = Field(description="Stable word for scripts.", examples=["degraded_match"])
    severity: Literal["info", "warning", "error"] = Field(examples=["warning"])
    params: dict[str, Any] = Field(
        description="What the code is about; the names depend on the code.",
        examples=[
            {
                "role": "master flat",
                "file": "master_flat.fits",
                "differences": [
                    {
                        "quantity": "slit",
                        "wanted": "1.0_LONG_SLIT",
                        "found": "3.2_LONG_SLIT",
                        "effect": "usable",
                    }
                ],
            }
        ],
    )
    message: str = Field(
        description="The same as a sentence; its wording may change.",
        examples=["Flat taken with a different slit (3.2″; this frame 1.0″)."],
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
    warnings: list[str] = Field(description="The sentences of `notices`.")
    notices: list[NoticeOut] = Field(
        description="What is to be known of the file, the gravest first.", examples=[[]]
    )
    stale: bool = Field(description="Made with calibrations that are no longer the best.")


class Made(BaseModel):
    """A file that a run has made."""

    id: int
    file_name: str


class RunOut(BaseModel):
    """A run of a process block on a file."""

    id: int
    block: str
    label: str
    file_id: int | None = Field(description="Null in the run of a master, which is visible to all.")
    file_name: str = Field(description="The file it processes; empty in the run of a master.")
    proposal_id: str | None = Field(description="SOAR ID.")
    state: BlockState
    live: bool = Field(description="Whether the run has not ended.")
    automatic: bool
    step: str
    progress: float = Field(description="0 to 1.")
    message: str = Field(description="What the run waits for, or why it failed.")
    code: str | None = Field(description="The same as a code.", examples=[None])
    severity: Literal["info", "warning", "error"] | None = Field(examples=[None])
    params: dict[str, Any] = Field(description="Parameters of the code.", examples=[{}])
    settings: dict[str, Any]
    inputs: list[Any]
    calibrations: dict[str, int] = Field(
        description="Calibrations that a person chose, whatever fits better: their file ids.",
        examples=[{}],
    )
    products: list[Made] = Field(examples=[[]])
    attempt: int
    created: dt.datetime
    queued: dt.datetime | None
    started: dt.datetime | None
    finished: dt.datetime | None


class MasterRuns(RunOut):
    """The run that makes the master; `runs` has all of them when there are several series."""

    runs: list[RunOut]


class Queued(BaseModel):
    """Queued messages."""

    queued: int = Field(description="Number of recipients.")


class PlotlyFigure(BaseModel):
    """A Plotly figure, as `plotly.io.from_json` reads it."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


class FileDetail(FileOut):
    """A file with the files made from it and its runs."""

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
    """Deleted files."""

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
    """A 1-D product. Unknown values are null; `mask` has the bits of bad pixels."""

    file_name: str
    unit: str
    wavelength: list[float | None] | None = Field(
        description="Air wavelength in ångström; null before the wavelength calibration."
    )
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
    """A deleted comment."""

    deleted: int


class LogOut(BaseModel):
    """An important message."""

    id: int
    created: dt.datetime
    level: str
    proposal_id: int | None
    file_id: int | None
    run_id: int | None = Field(description="The run that it concerns.")
    sentence: str
    code: str = Field(description="The same as a code.", examples=["file_notice"])
    params: dict[str, Any] = Field(
        description="Parameters of the code.",
        examples=[
            {
                "file": "0317_HZ44.fits",
                "reason": {
                    "code": "gain_or_noise_missing",
                    "severity": "warning",
                    "params": {"keyword": "GAIN"},
                },
            }
        ],
    )


class LogPage(Listing):
    """One page of the log."""

    results: list[LogOut]


class Person(BaseModel):
    """An account."""

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
    """Your own account."""

    partner: str
    is_superuser: bool
    visual: dict[str, Any] = Field(description="Your visual options.")


class TokenOut(BaseModel):
    """Your new token; it is not shown again."""

    token: str


class Counts(BaseModel):
    """Number of files you see."""

    observed: int
    calibrations: int


class ProposalMembers(BaseModel):
    """An observing proposal with its people."""

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
    """The state of a part of the system."""

    model_config = ConfigDict(extra="allow")

    state: str = Field(description="`ok` or `down`.", examples=["ok"])


class Status(BaseModel):
    """The state of the site."""

    name: str
    version: str
    time: dt.datetime
    database: Part
    queue: Part
    workers: Part
    counts: Counts
