"""Comments on files."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel


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
