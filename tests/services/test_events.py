from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from peewee import Database

import db
from db import models
from db.models import Event, LogEntry, utc_now
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import context, events, logs, unit_of_work
from services.context import Context
from services.errors import AccessDenied, NotFound, Unacceptable
from services.files import comments
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


class Listener:
    """Stands where the queue's client is; notes what a second connection could see by then."""

    def __init__(self, broken: bool = False) -> None:
        self.heard: list[dict[str, object]] = []
        self.broken = broken

    def publish(self, channel: str, message: str) -> None:
        if self.broken:
            raise ConnectionError("down")
        assert channel == events.CHANNEL
        assert not db.database.in_transaction()
        self.heard.append(json.loads(message))


def test_announced_after_the_commit_or_never() -> None:
    listener, due = Listener(), []
    context.bind(Context(enqueue_run=due.append, publisher=listener))
    with unit_of_work.transaction() as after:
        after.events.append(events.record("file-added", file=1))
        after.due.append(7)
        assert (listener.heard, due) == ([], [])
    assert [heard["name"] for heard in listener.heard] == ["file-added"]
    assert due == [7]
    with pytest.raises(RuntimeError), unit_of_work.transaction() as after:
        after.events.append(events.record("file-added", file=2))
        after.due.append(8)
        raise RuntimeError
    assert (len(listener.heard), due, Event.select().count()) == (1, [7], 1)


def test_a_broken_queue_is_survived() -> None:
    def broken(run_id: int) -> None:
        raise ConnectionError

    context.bind(Context(enqueue_run=broken, publisher=Listener(broken=True)))
    with unit_of_work.transaction() as after:
        after.events.append(events.record("file-added", file=1))
        after.due.append(1)
    assert Event.select().count() == 1


def test_everyone_hears_what_concerns_them() -> None:
    pi, other = builders.person("pi"), builders.person("other")
    staff = builders.person("staff", is_staff=True)
    own = builders.proposal("A", pi)
    first = events.record("file-added", proposal=own, file=1)
    everyones = events.record("file-added", file=2)
    staffs = events.record("log-added", staff_only=True, log=1)
    assert events.since(pi, 0) == [first, everyones]
    assert events.since(other, 0) == [everyones]
    assert events.since(staff, 0) == [first, everyones, staffs]
    assert events.since(staff, first.id, limit=1) == [everyones]
    assert events.latest_id() == staffs.id
    with pytest.raises(ValueError, match="unknown event"):
        events.record("file-eaten")


def test_old_events_go_but_the_newest_stays() -> None:
    for i in range(3):
        events.record("file-added", file=i)
    Event.update(created=utc_now() - dt.timedelta(days=8)).execute()
    latest = events.latest_id()
    assert events.forget_old() == 2
    assert events.latest_id() == latest


def test_logs_are_read_by_those_concerned() -> None:
    pi, other = builders.person("pi"), builders.person("other")
    staff = builders.person("staff", is_staff=True)
    own = builders.proposal("A", pi)
    logs.write(notice(NoticeCode.FILE_EMPTY, file="0001.fits"), proposal=own)
    logs.write(notice(NoticeCode.WAITING_FOR_DISK))
    assert [logs.page(user)[0] for user in (pi, other, staff)] == [1, 0, 2]
    count, (entry,) = logs.page(staff, level="error")
    assert (count, logs.as_dict(entry)["code"]) == (1, NoticeCode.FILE_EMPTY)
    assert logs.page(staff, since=utc_now() + dt.timedelta(seconds=5))[0] == 0
    with pytest.raises(Unacceptable):
        logs.page(staff, level="loud")
    assert LogEntry.select().count() == 2


def test_comments_are_of_those_who_see_the_file() -> None:
    pi, member = builders.person("pi"), builders.person("member")
    stranger = builders.person("stranger")
    file = builders.row("0001.fits", builders.proposal("A", pi, member))
    comment = comments.add(member, file.id, " <b>Cirrus</b> \0")
    assert comments.as_dict(comments.listing(pi, file.id)[0])["text"] == "<b>Cirrus</b>"
    for ask in (comments.listing, lambda user, i: comments.add(user, i, "x")):
        with pytest.raises(NotFound):
            ask(stranger, file.id)
    with pytest.raises(NotFound):
        comments.delete(stranger, comment.id)
    with pytest.raises(AccessDenied):
        comments.delete(pi, comment.id)
    for text in ("", " \n", "x" * 4001):
        with pytest.raises(Unacceptable):
            comments.add(pi, file.id, text)
    comments.delete(member, comment.id)
    assert [event.name for event in Event.select()] == ["comment-added", "comment-deleted"]


def test_the_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    def schema(database: Database) -> list[tuple[str, ...]]:
        rows = database.execute_sql("SELECT type, name, tbl_name, sql FROM sqlite_master")
        kept = [row for row in rows.fetchall() if "schema_migration" not in row[2]]
        # A column that was added later stands behind the constraints: order is no difference.
        return sorted((*row[:3], *sorted((row[3] or "").rstrip(")").split(", "))) for row in kept)

    migrated = db.open_database(f"sqlite:///{tmp_path / 'migrated.db'}")
    declared = db.open_database(f"sqlite:///{tmp_path / 'declared.db'}")
    db.Runner(migrated, str(db.MIGRATIONS)).up()
    with declared.bind_ctx(models.TABLES):
        declared.create_tables(models.TABLES)
    assert schema(migrated) == schema(declared)
    migrated.close()
    declared.close()
