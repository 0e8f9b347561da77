"""Contents of files: downloads, header cards, and the data of a spectrum."""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response, g, jsonify, request, send_file
from flask.typing import ResponseReturnValue
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from werkzeug.exceptions import PreconditionFailed

from api.contract.routing import operation
from api.models import requests
from api.models.files import HeaderOut, SpectrumOut
from api.resources import archive
from api.resources.files import Filters, find
from db.models import File
from services.errors import InvalidRequest, Unacceptable, Unavailable
from services.files import contents, file_list

TAG = "files"
MAX_ZIPPED = 2000
FITS_TYPE = "application/fits"
VACUUM = "wavelength_vacuum"
"""Column of wavelengths in vacuum; those in air are in ``wavelength``."""
PLANES = {
    "systematic": "SYS",
    "uncorrected": "UNCORR",
    "transmission": "TRANSM",
    "own": "OWN",
    "points": "POINTS",
    "point_mask": "PMASK",
    "library": "LIBRARY",
    "expected": "EXPECTED",
}
"""Further columns of a flux or of a sensitivity, by the extension of the file that has them."""
CSV_EXAMPLE = """\
wavelength,pixel,flux,uncertainty,mask,sky,loss
4000.0,0.0,153.2,6.1,0,12.0,0.081
4000.84,1.0,,,1,12.1,0.081
"""


class DownloadQuery(Filters, requests.NamesFile):
    """One file by `id`; several by `ids`, or by the filters of the list."""

    id: str | None = Field(None, min_length=1, max_length=255, description=requests.KEY_DESCRIPTION)
    ids: str | None = Field(
        None,
        min_length=1,
        max_length=20_000,
        description="Comma-separated, at most 20000 characters: 2000 ids; POST takes 2000 names.",
    )


@operation(
    "GET",
    "/files/download/",
    tag=TAG,
    name="files_download",
    query=DownloadQuery,
    answer=FITS_TYPE,
    also="application/zip",
    further={206: "The requested range.", 304: "Not modified (`If-None-Match`)."},
    refusals=(412, 416),
)
def download(query: DownloadQuery) -> ResponseReturnValue:
    """Download a FITS file, or several as one zip.

    One file comes with an `ETag` and in ranges on request; several are streamed.
    """
    if query.id is None:
        return _zip(_chosen(query))
    if query.ids is not None or query.given():
        raise InvalidRequest("Give one of id, ids, or filters of the list.", field="id")
    file = find(query.id)
    path = _path(file)
    is_copy = path != Path(file.full_path)
    etag = f"{file.checksum}-shared" if is_copy else file.checksum
    if request.if_match and not request.if_match.contains(etag):
        raise PreconditionFailed  # werkzeug would look at Range first
    response = send_file(
        path,
        mimetype=FITS_TYPE,
        as_attachment=True,
        download_name=file.file_name,
        etag=etag,
        conditional=True,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _path(file: File) -> Path:
    path = contents.public_path(file)
    if not path.is_file():
        raise Unavailable(f"{file.file_name} is temporarily not available.", retry_after=30)
    return path


def _chosen(query: DownloadQuery) -> list[File]:
    if query.ids is not None:
        if query.given():
            raise InvalidRequest("Give either ids or filters of the list.", field="ids")
        keys = list(dict.fromkeys(part.strip() for part in query.ids.split(",") if part.strip()))
        rows = [find(key) for key in keys[: MAX_ZIPPED + 1]]
    elif not query.given():
        raise InvalidRequest("Give id, ids, or a filter of the list.", field="id")
    else:
        rows = _all_of(query)
    if not rows:
        raise Unacceptable("No file matches.", field="ids")
    if len(rows) > MAX_ZIPPED:
        raise Unacceptable(f"An archive has at most {MAX_ZIPPED} files. Restrict the filters.")
    return rows


def _all_of(query: DownloadQuery) -> list[File]:
    rows: list[File] = []
    while len(rows) <= MAX_ZIPPED:
        page = file_list.page(
            g.user, query.filters(), ordering="id", page=len(rows) // 1000 + 1, page_size=1000
        )
        rows.extend(page.rows)
        if len(page.rows) < 1000:
            break
    return rows


def _zip(rows: list[File]) -> Response:
    names = archive.unique_names([row.file_name for row in rows], [row.id for row in rows])
    members = [(name, _path(row)) for name, row in zip(names, rows, strict=True)]
    response = Response(archive.stream(members), mimetype="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="gsp-files.zip"'
    return response


class ArchiveRequest(requests.NamesFile):
    """Which files: ids, or file names."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": [80, 81]}]})

    ids: list[requests.FileKey] = Field(
        min_length=1, max_length=MAX_ZIPPED, description="Ids or file names."
    )


@operation(
    "POST",
    "/files/download/",
    tag=TAG,
    name="files_download_archive",
    body=ArchiveRequest,
    answer="application/zip",
    limit="read",
)
def download_archive(body: ArchiveRequest) -> ResponseReturnValue:
    """Download up to 2000 files as one zip.

    As the GET with `ids`, whose address has room for some hundred.
    """
    return _zip([find(key) for key in dict.fromkeys(body.ids)])


@operation(
    "GET",
    "/files/header/",
    tag=TAG,
    name="files_header",
    query=requests.OneFile,
    answer=HeaderOut,
)
def header(query: requests.OneFile) -> Any:
    """Get the header of a FITS file: all HDUs, in file order."""
    file = find(query.id)
    cards = [
        {"hdu": c.hdu, "keyword": c.keyword, "value": _finite(c.value), "comment": c.comment}
        for c in contents.header(g.user, file)
    ]
    return {"file_name": file.file_name, "header": cards}


@operation(
    "GET",
    "/files/data/",
    tag=TAG,
    name="files_data",
    query=requests.DataQuery,
    answer=SpectrumOut,
    also="text/csv",
    text_example=CSV_EXAMPLE,
)
def data(query: requests.DataQuery) -> ResponseReturnValue:
    """Get the data of a spectrum, as JSON or CSV.

    Wavelengths are in air, unless `medium` is `vacuum`; the column of the CSV is then named
    `wavelength_vacuum`. A flux-calibrated spectrum and a sensitivity have further columns.
    """
    file = find(query.id)
    spectrum = contents.spectrum(g.user, file)
    as_csv = query.format != "json"
    columns = {
        VACUUM if as_csv and spectrum.medium == "vacuum" else "wavelength": _numbers(
            spectrum.wavelength
        ),
        "pixel": _numbers(spectrum.pixel),
        "flux": _numbers(spectrum.flux),
        "uncertainty": _numbers(spectrum.sigma),
        "mask": None if spectrum.mask is None else [int(bits) for bits in spectrum.mask],
        "sky": _numbers(spectrum.sky),
        "loss": _numbers(spectrum.loss),
        **{
            name: _plane(spectrum.planes[plane])
            for name, plane in PLANES.items()
            if plane in spectrum.planes
        },
    }
    if query.format == "json":
        facts = {"file_name": file.file_name, "unit": spectrum.unit, "medium": spectrum.medium}
        return jsonify(**facts, **columns)
    table = {name: values for name, values in columns.items() if values is not None}
    response = Response(table_as_csv(table), mimetype="text/csv")
    stem = file.file_name.removesuffix(".fits")
    response.headers.set("Content-Disposition", "attachment", **_named(f"{stem}.csv"))
    return response


def _named(name: str) -> dict[str, str]:
    """Return the parameters that name an attachment; beside ASCII as RFC 5987 has it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if plain == name:
        return {"filename": name}
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, errors='replace')}"}


def table_as_csv(columns: dict[str, list[Any]]) -> str:
    """Return columns of numbers as CSV; an unknown number is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _numbers(values: Iterable[float] | None) -> list[float | None] | None:
    return None if values is None else [_finite(float(value)) for value in values]


def _plane(values: NDArray[Any]) -> list[Any]:
    """Return a further column; bits stay whole numbers."""
    if values.dtype.kind in "iu":
        return [int(bits) for bits in values]
    return [_finite(float(value)) for value in values]


def _finite(value: Any) -> Any:
    """Return None for NaN and infinity, which JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
