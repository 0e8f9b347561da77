"""Files: lists, one file, its bytes, header and numbers; adding and deleting."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Response, g, jsonify, request, send_file
from flask.typing import ResponseReturnValue
from pydantic import ConfigDict, Field, field_validator

from api import archive, models
from api.paging import listing
from api.routing import operation
from api.validate import read_body, row_id
from db.models import File
from services import files, ingest, runs
from services.errors import InvalidRequest, Unacceptable, Unavailable
from services.files import FileFilters

TAG = "files"
MAX_ZIPPED = 2000
MAX_VALUES = 200
MAX_UPLOAD_BYTES = 600 * 1024**2
FITS_TYPE = "application/fits"


class Filters(FileFilters):
    """The list's filters, of a length that every database takes."""

    @field_validator(*FileFilters.model_fields)
    @classmethod
    def _short(cls, value: str | None) -> str | None:
        if value is not None and value.count(",") >= MAX_VALUES:
            raise ValueError(f"at most {MAX_VALUES} values")
        return value

    def filters(self) -> FileFilters:
        """Return the filters alone."""
        return FileFilters.model_validate(_given(self))


class FileQuery(Filters, models.Paging):
    """Which files, in which order."""

    model_config = ConfigDict(extra="forbid")
    ordering: str = Field("-date", max_length=60, description="A column; `-` in front: descending.")


class DownloadQuery(Filters):
    """One file by `id`; several by `ids`, or by the filters of the list."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = Field(None, min_length=1, max_length=255, description=models.KEY_DESCRIPTION)
    ids: str | None = Field(None, min_length=1, max_length=20_000, description="Comma-separated.")


def _given(query: FileFilters) -> dict[str, Any]:
    names = query.model_fields_set & FileFilters.model_fields.keys()
    return {name: getattr(query, name) for name in names}


def find(key: int | str) -> File:
    """Return the file that the signed-in person names by id or by file name."""
    number = row_id(key) if isinstance(key, str) else key
    return files.get(g.user, key if number is None else number)


@operation("GET", "/files/", tag=TAG, name="files_list", query=FileQuery, answer=models.FilePage)
def index(query: FileQuery) -> Any:
    """Get a list of files.

    Every filter also takes a comma-separated list. Only what you may see is listed and counted.
    """
    page = files.page(
        g.user,
        query.filters(),
        ordering=query.ordering,
        page=query.page,
        page_size=query.page_size,
    )
    rows = [files.as_dict(row) for row in page.rows]
    return listing(page.count, query.page, query.page_size, rows)


@operation(
    "POST",
    "/files/",
    tag=TAG,
    name="files_create",
    status=201,
    body=models.NewFile,
    answer=models.FileOut,
    refusals=(403, 409, 413),
    upload=True,
)
def create() -> ResponseReturnValue:
    """Add a file: staff by its path, or a multipart upload.

    201 with the new file; 200 with the same file when its content is known already. A PI may
    upload into the own proposal.
    """
    if request.mimetype == "multipart/form-data":
        file, created = _upload()
    else:
        file, created = ingest.register(g.user, read_body(models.NewFile).full_path)
    response = jsonify(files.as_dict(file))
    response.status_code = 201 if created else 200
    return response


def _upload() -> tuple[File, bool]:
    request.max_content_length = MAX_UPLOAD_BYTES
    parts = request.files.getlist("file")
    if len(parts) != 1 or not parts[0].filename or len(request.files) > 1 or request.form:
        raise InvalidRequest("An upload has exactly one part, named file.", field="file")
    return ingest.upload(g.user, parts[0].filename, parts[0].stream)


@operation(
    "DELETE",
    "/files/",
    tag=TAG,
    name="files_delete",
    body=models.FileReference,
    answer=models.Deleted,
    refusals=(403, 404, 409),
)
def delete(body: models.FileReference) -> Any:
    """Delete a product and what was made of it; it can't be raw data."""
    return {"deleted": files.delete(g.user, find(body.id).id)}


@operation(
    "GET",
    "/files/<key>/",
    tag=TAG,
    name="files_read",
    answer=models.FileDetail,
    refusals=(404, 409),
)
def read(key: str) -> Any:
    """Get one file with its children, runs and warnings."""
    file = find(key)
    children = FileFilters.model_validate({"parent_file_id": str(file.id)})
    made = files.page(g.user, children, page_size=100).rows
    return {
        **files.as_dict(file),
        "children": [files.as_dict(row) for row in made if row.id != file.id],
        "runs": [runs.as_dict(row) for row in runs.of_file(file)],
    }


@operation(
    "GET",
    "/files/download/",
    tag=TAG,
    name="files_download",
    query=DownloadQuery,
    answer=FITS_TYPE,
    refusals=(404, 409, 416),
)
def download(query: DownloadQuery) -> ResponseReturnValue:
    """Download a FITS file, or several as one zip.

    One file comes with an `ETag` and in ranges on request; several are streamed.
    """
    if query.id is None:
        return _zip(_chosen(query))
    if query.ids is not None or _given(query):
        raise InvalidRequest("Give id alone, or ids, or the filters of the list.", field="id")
    file = find(query.id)
    response = send_file(
        _path(file),
        mimetype=FITS_TYPE,
        as_attachment=True,
        download_name=file.file_name,
        etag=file.checksum,
        conditional=True,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _path(file: File) -> Path:
    path = files.open_path(file)
    if not path.is_file():
        raise Unavailable(f"The bytes of {file.file_name} can't be reached now.", retry_after=30)
    return path


def _chosen(query: DownloadQuery) -> list[File]:
    if query.ids is not None:
        if _given(query):
            raise InvalidRequest("Give ids, or the filters of the list.", field="ids")
        keys = list(dict.fromkeys(part.strip() for part in query.ids.split(",") if part.strip()))
        rows = [find(key) for key in keys[: MAX_ZIPPED + 1]]
    elif not _given(query):
        raise InvalidRequest("Say which: id, ids, or a filter of the list.", field="id")
    else:
        rows = []
        while len(rows) <= MAX_ZIPPED:
            page = files.page(
                g.user, query.filters(), ordering="id", page=len(rows) // 1000 + 1, page_size=1000
            )
            rows.extend(page.rows)
            if len(page.rows) < 1000:
                break
    if not rows:
        raise Unacceptable("No file matches.", field="ids")
    if len(rows) > MAX_ZIPPED:
        raise Unacceptable(f"A zip holds at most {MAX_ZIPPED} files; narrow the filters.")
    return rows


def _zip(rows: list[File]) -> Response:
    names = archive.unique_names([row.file_name for row in rows], [row.id for row in rows])
    members = [(name, _path(row)) for name, row in zip(names, rows, strict=True)]
    response = Response(archive.stream(members), mimetype="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="gsp-files.zip"'
    return response


@operation(
    "GET",
    "/files/header/",
    tag=TAG,
    name="files_header",
    query=models.OneFile,
    answer=models.HeaderOut,
    refusals=(404, 409),
)
def header(query: models.OneFile) -> Any:
    """Get the header of a FITS file: all HDUs, in file order."""
    file = find(query.id)
    cards = [
        {"hdu": c.hdu, "keyword": c.keyword, "value": _finite(c.value), "comment": c.comment}
        for c in files.header(g.user, file)
    ]
    return {"file_name": file.file_name, "header": cards}


@operation(
    "GET",
    "/files/data/",
    tag=TAG,
    name="files_data",
    query=models.DataQuery,
    answer=models.SpectrumOut,
    refusals=(404, 409),
)
def data(query: models.DataQuery) -> ResponseReturnValue:
    """Get the numbers of a spectrum, as JSON or CSV."""
    file = find(query.id)
    spectrum = files.spectrum(g.user, file)
    columns = {
        "wavelength": _numbers(spectrum.wavelength),
        "pixel": _numbers(spectrum.pixel),
        "flux": _numbers(spectrum.flux),
        "uncertainty": _numbers(spectrum.sigma),
        "mask": None if spectrum.mask is None else [int(bits) for bits in spectrum.mask],
        "sky": _numbers(spectrum.sky),
    }
    if query.format == "json":
        return jsonify(file_name=file.file_name, unit=spectrum.unit, **columns)
    table = {name: values for name, values in columns.items() if values is not None}
    response = Response(_csv(table), mimetype="text/csv")
    stem = file.file_name.removesuffix(".fits")
    response.headers.set("Content-Disposition", "attachment", filename=f"{stem}.csv")
    return response


def _csv(columns: dict[str, list[Any]]) -> str:
    """Write columns of numbers; an unknown one is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _numbers(values: Iterable[float] | None) -> list[float | None] | None:
    return None if values is None else [_finite(float(value)) for value in values]


def _finite(value: Any) -> Any:
    """Return None for the numbers that JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
