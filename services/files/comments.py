"""Comments on a file."""

from __future__ import annotations

from typing import Any

from db import database
from db.models import Comment, Event, File, User
from services import access, events, request_coalescing
from services.access import Action
from services.errors import AccessDenied, NotFound, Unacceptable
from services.request_coalescing import Moment

MAX_LENGTH = 4000


def add(user: User, file_id: int, text: str) -> Comment:
    """Add a comment to a file of one's own proposal; staff may comment on every file.

    Raises
    ------
    Unacceptable
        The text is empty or longer than 4000 characters.
    """
    file = access.file_for(user, Action.COMMENT, file_id)
    text = text.replace("\x00", "").strip()
    if not text:
        raise Unacceptable("The comment is empty.", field="text")
    if len(text) > MAX_LENGTH:
        raise Unacceptable(f"A comment has at most {MAX_LENGTH} characters.", field="text")
    with database.atomic():
        comment: Comment = Comment.create(file=file, user=user, text=text)
        event = _event("comment-added", file, comment.id)
    events.publish(event)
    return comment


def listing(user: User, file_id: int, when: Moment | None = None) -> list[Comment]:
    """Return the comments on a file, the oldest first.

    Raises
    ------
    NotFound
        No such file for this person.
    """
    access.require_seen(user, file_id)
    return request_coalescing.read(when, ("comments", file_id), lambda: _of_file(file_id))


def _of_file(file_id: int) -> list[Comment]:
    query = Comment.select(Comment, User).join(User).where(Comment.file == file_id)
    return list(query.order_by(Comment.id))


def delete(user: User, comment_id: int) -> None:
    """Delete a comment: one's own, or as staff any.

    Raises
    ------
    NotFound
        No such comment for this person.
    AccessDenied
        It is another author's.
    """
    comment = Comment.get_or_none(Comment.id == comment_id)
    if comment is None:
        raise NotFound("No such comment.")
    try:
        file = access.file_for(user, Action.VIEW, comment.file_id)
    except NotFound:
        raise NotFound("No such comment.") from None
    if comment.user_id != user.id and not access.sees_everything(user):
        raise AccessDenied("Only the author can delete a comment.")
    with database.atomic():
        comment.delete_instance()
        event = _event("comment-deleted", file, comment_id)
    events.publish(event)


def as_dict(comment: Comment) -> dict[str, Any]:
    """Return a comment as the API returns it."""
    return {
        "id": comment.id,
        "file_id": comment.file_id,
        "user": comment.user.username,
        "author": comment.user.full_name,
        "text": comment.text,
        "created": comment.created.isoformat(),
    }


def _event(name: str, file: File, comment_id: int) -> Event:
    return events.record(name, proposal=file.proposal, file=file.id, comment=comment_id)
