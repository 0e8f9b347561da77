"""Files, their headers and spectra."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models.listings import Listing
from api.models.notices import NoticeOut


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
    data_type: Literal["0", "1", "2", "3", "4", "5", "6", "7"]
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
    inputs: list[Any] = Field(description="Names of the calibrations that went in.")
    warnings: list[str] = Field(description="The sentences of `notices`.")
    notices: list[NoticeOut] = Field(
        description="What is to be known of the file, the gravest first.", examples=[[]]
    )
    stale: bool = Field(description="Made with calibrations that are no longer the best.")
    provisional: bool = Field(
        description="Calibrated with what arcs there are: a better one may still come. The file is "
        "then replaced, with the same id and name and another checksum."
    )
    provisional_until: dt.datetime | None = Field(
        description="When a better arc is no longer waited for; null when the file is final."
    )


class FilePage(Listing):
    """One page of files."""

    results: list[FileOut]


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
    """A 1-D product. Unknown values are null; `mask` has the bits of flagged pixels.

    1 bad, 2 saturated, 4 cosmic ray, 8 no flat, 16 interpolated, 64 outside of the range of the
    sensitivity, where there is no flux; 32 is no defect: light of half the wavelength may be added
    in second order. Columns from `systematic` on are those of a flux-calibrated spectrum or of a
    sensitivity, and absent from others.
    """

    file_name: str
    unit: str
    medium: Literal["air", "vacuum", ""] = Field(
        description="Of the wavelengths; empty before the calibration.", examples=["air"]
    )
    wavelength: list[float | None] | None = Field(
        description="In ångström, in `medium`; null before the wavelength calibration."
    )
    pixel: list[float]
    flux: list[float | None]
    uncertainty: list[float | None]
    mask: list[int]
    sky: list[float | None] | None
    loss: list[float | None] | None = Field(
        description="Fraction of the target's light outside the aperture, which `flux` does not "
        "contain; 0 for an optimal extraction; null where it is not known."
    )
    systematic: list[float | None] | None = Field(
        None,
        description="Systematic error (one σ) of the flux calibration, in `unit`; of a sensitivity "
        "as a fraction. `uncertainty` is that of photons and read-out alone.",
    )
    uncorrected: list[float | None] | None = Field(
        None, description="The flux without telluric correction."
    )
    transmission: list[float | None] | None = Field(
        None,
        description="Transmission of the telluric bands: what `flux` was divided by, 1 where there "
        "was no correction; of a sensitivity as measured.",
    )
    own: list[float | None] | None = Field(
        None, description="Of a sensitivity: the fit of its star alone, in `unit`."
    )
    points: list[float | None] | None = Field(
        None, description="Of a sensitivity: the measured ratios, in `unit`."
    )
    point_mask: list[int] | None = Field(
        None,
        description="Of a sensitivity, why the fit leaves a pixel out: 1 Balmer line, 2 helium "
        "line, 4 telluric band, 8 second order, 16 edge, 32 bad pixel, 64 outlier.",
    )
    library: list[float | None] | None = Field(
        None,
        description="Of a sensitivity: the median of earlier nights at the level of its star; null "
        "with fewer than three stars.",
    )
    expected: list[float | None] | None = Field(
        None, description="Of a sensitivity: the expected throughput."
    )


class PlotlyFigure(BaseModel):
    """A Plotly figure, as `plotly.io.from_json` reads it."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]
