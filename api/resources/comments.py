"""Comments on a file."""

from __future__ import annotations

from typing import Any

from flask import g

from api.contract.routing import operation
from api.models import requests
from api.models.comments import CommentOut, Comments, DeletedComment
from api.resources.files import find
from services.files import comments

TAG = "comments"
PATH = "/files/comments/"


@operation(
    "GET",
    PATH,
    tag=TAG,
    name="comments_list",
    query=requests.OneFile,
    answer=Comments,
)
def index(query: requests.OneFile) -> Any:
    """Get the comments on a file, newest last."""
    rows = comments.listing(g.user, find(query.id).id)
    return {"results": [comments.as_dict(row) for row in rows]}


@operation(
    "POST",
    PATH,
    tag=TAG,
    name="comments_create",
    status=201,
    body=requests.NewComment,
    answer=CommentOut,
    refusals=(403,),
)
def create(body: requests.NewComment) -> Any:
    """Comment on a file."""
    return comments.as_dict(comments.add(g.user, find(body.id).id, body.text))


@operation(
    "DELETE",
    PATH,
    tag=TAG,
    name="comments_delete",
    body=requests.CommentReference,
    answer=DeletedComment,
    refusals=(403, 404),
)
def delete(body: requests.CommentReference) -> Any:
    """Delete a comment of your own; staff delete any."""
    comments.delete(g.user, body.comment_id)
    return {"deleted": body.comment_id}
