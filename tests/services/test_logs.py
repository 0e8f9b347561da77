"""The log: who reads what, and what it can be narrowed to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from peewee import Database

from db.models import LogEntry, User, utc_now
from reduction.notice_codes import Severity
from services import logs
from services.errors import Unacceptable
from tests.support import builders
from tests.support.notices import free


@dataclass
class Written:
    pi: User
    other: User
    staff: User


@pytest.fixture
def written(database: Database) -> Written:
    pi, other = builders.person("pi"), builders.person("other")
    own = builders.proposal("SOAR2024A-001", pi)
    foreign = builders.proposal("SOAR2024A-002", other)
    frame = builders.row("0001_a.fits", own)
    secret = builders.row("0002_secret.fits", foreign)
    logs.write(free("Extracted two targets.", Severity.INFO), proposal=own, file=frame)
    logs.write(free("Every pixel is saturated."), proposal=own, file=frame)
    logs.write(free("A secret failure."), proposal=foreign, file=secret)
    # A sentence of one's own proposal about a frame that is somebody else's.
    logs.write(free("The nearest lamp is far away.", Severity.WARNING), proposal=own, file=secret)
    logs.write(free("The disk is nearly full.", Severity.WARNING))
    return Written(pi, other, builders.person("staff", is_staff=True))


def sentences(user: User, **filters: object) -> list[str]:
    count, entries = logs.page(user, **filters)
    assert count == len(entries)
    return [entry.notice["params"]["text"].split()[-1] for entry in entries]


def test_one_reads_the_own_proposals_and_staff_reads_all(written: Written) -> None:
    assert sentences(written.pi) == ["away.", "saturated.", "targets."]
    assert sentences(written.other) == ["failure."]
    assert len(sentences(written.staff)) == 5
    assert logs.counts(written.pi) == {"info": 1, "warning": 1, "error": 1}
    assert logs.counts(written.other) == {"info": 0, "warning": 0, "error": 1}
    assert logs.counts(written.staff) == {"info": 1, "warning": 2, "error": 2}


def test_filters(written: Written) -> None:
    pi, staff = written.pi, written.staff
    assert sentences(pi, level="error") == ["saturated."]
    assert sentences(pi, text="PIXEL 0001") == ["saturated."]
    assert sentences(pi, text="0001_a") == ["saturated.", "targets."]
    assert sentences(staff, soar_id="SOAR2024A-002") == ["failure."]
    assert sentences(pi, soar_id="SOAR2024A-002") == []
    assert logs.counts(pi, text="pixel") == {"info": 0, "warning": 0, "error": 1}
    LogEntry.update(created=utc_now() - dt.timedelta(days=3)).where(
        LogEntry.level == "info"
    ).execute()
    then = utc_now() - dt.timedelta(days=1)
    assert sentences(pi, until=then) == ["targets."]
    assert sentences(pi, since=then) == ["away.", "saturated."]
    with pytest.raises(Unacceptable):
        logs.page(pi, level="loud")


def test_a_file_that_one_does_not_see_is_neither_found_nor_named(written: Written) -> None:
    assert sentences(written.pi, text="0002_secret") == []
    _, entries = logs.page(written.pi)
    proposals, names = logs.links(written.pi, entries)
    assert list(proposals.values()) == ["SOAR2024A-001"]
    assert list(names.values()) == ["0001_a.fits"]
    _, entries = logs.page(written.staff)
    proposals, names = logs.links(written.staff, entries)
    assert set(names.values()) == {"0001_a.fits", "0002_secret.fits"}
