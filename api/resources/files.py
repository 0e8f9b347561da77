"""Files: lists, one file, adding and deleting."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import ConfigDict, Field, field_validator

from api.contract.paging import listing
from api.contract.routing import Receipt, operation
from api.contract.validation import read_body, row_id
from api.models import requests
from api.models.files import Deleted, FileOut, FilePage
from api.models.runs import FileDetail
from db.models import File
from services.errors import InvalidRequest
from services.files import deletion, file_list, lookup, serialization, upload
from services.runs import listing as run_listing
from services.runs import read_models
from services.search.filters import FileFilters

TAG = "files"
MAX_VALUES = 200
MAX_UPLOAD_BYTES = 600 * 1024**2


class Filters(FileFilters):
    """Filters of the list, with a limited number of values."""

    @field_validator(*FileFilters.model_fields)
    @classmethod
    def _short(cls, value: str | None) -> str | None:
        if value is not None and value.count(",") >= MAX_VALUES:
            raise ValueError(f"at most {MAX_VALUES} values")
        return value

    def given(self) -> dict[str, str]:
        """Return the filters that are set."""
        names = self.model_fields_set & FileFilters.model_fields.keys()
        return {name: getattr(self, name) for name in names}

    def filters(self) -> FileFilters:
        """Return the filters alone."""
        return FileFilters.model_validate(self.given())


class FileQuery(Filters, requests.Paging):
    """Filters, ordering and page of the list."""

    model_config = ConfigDict(extra="forbid")
    ordering: str = Field("-date", max_length=60, description="A column; `-` in front: descending.")


def find(key: int | str) -> File:
    """Return the file of an id or a file name."""
    number = row_id(key) if isinstance(key, str) else key
    return lookup.get(g.user, key if number is None else number)


@operation("GET", "/files/", tag=TAG, name="files_list", query=FileQuery, answer=FilePage)
def index(query: FileQuery) -> Any:
    """Get a list of files.

    Every filter also takes a comma-separated list. Only what you may see is listed and counted.
    """
    page = file_list.page(
        g.user,
        query.filters(),
        ordering=query.ordering,
        page=query.page,
        page_size=query.page_size,
    )
    rows = [serialization.as_dict(row, g.user) for row in page.rows]
    return listing(page.count, query.page, query.page_size, rows)


@operation(
    "POST",
    "/files/",
    tag=TAG,
    name="files_create",
    status=201,
    body=requests.NewFile,
    answer=FileOut,
    further={200: "A file with this content exists already; it is returned."},
    refusals=(403, 409, 413),
    upload=True,
    receipt=Receipt(
        "multipart/form-data", MAX_UPLOAD_BYTES, lambda: upload.require_uploader(g.user)
    ),
)
def create() -> ResponseReturnValue:
    """Add a file: staff by its path, or a multipart upload.

    201 with the new file; 200 with the same file when its content is known already. A PI may
    upload into the own proposal.
    """
    if request.mimetype == "multipart/form-data":
        upload.require_uploader(g.user)  # before the body is read
        file, created = _upload()
    else:
        file, created = upload.register(g.user, read_body(requests.NewFile).full_path)
    response = jsonify(serialization.as_dict(file, g.user))
    response.status_code = 201 if created else 200
    return response


def _upload() -> tuple[File, bool]:
    request.max_content_length = MAX_UPLOAD_BYTES
    parts = request.files.getlist("file")
    if len(parts) != 1 or not parts[0].filename or len(request.files) > 1 or request.form:
        raise InvalidRequest("An upload must have exactly one part, named file.", field="file")
    return upload.upload(g.user, parts[0].filename, parts[0].stream)


@operation(
    "DELETE",
    "/files/",
    tag=TAG,
    name="files_delete",
    body=requests.FileReference,
    answer=Deleted,
    refusals=(403,),
)
def delete(body: requests.FileReference) -> Any:
    """Delete a product and everything made from it; raw files can't be deleted."""
    return {"deleted": deletion.delete(g.user, find(body.id).id)}


@operation(
    "GET",
    "/files/<key>/",
    tag=TAG,
    name="files_read",
    answer=FileDetail,
    refusals=(409,),
)
def read(key: str) -> Any:
    """Get one file with its children, runs and warnings."""
    file = find(key)
    children = FileFilters.model_validate({"parent_file_id": str(file.id)})
    made = file_list.page(g.user, children, page_size=100).rows
    return {
        **serialization.as_dict(file, g.user),
        "children": [serialization.as_dict(row, g.user) for row in made if row.id != file.id],
        "runs": [view.as_dict() for view in read_models.views(run_listing.of_file(file), g.user)],
    }
