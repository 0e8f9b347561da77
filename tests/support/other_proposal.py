"""Another proposal, of which the people of the site are no part, for the tests of who sees what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from db.models import (
    TABLES,
    Comment,
    File,
    LogEntry,
    Membership,
    Proposal,
    Run,
    Session,
    SettingsChange,
    User,
)
from reduction.frames import DataType
from tests.support.notices import free
from tests.support.web_site import Site, add_file, add_run

OUTSIDERS = ("user", "collaborator", "PI")
MARK = "secret"
"""In every text of the other proposal, and in no address of it."""
FIRST_ID = 880_000
"""Ids of the other proposal's rows, which no count and no coordinate is like."""

Ids = dict[str, Any]
"""The rows of a proposal by what they are: ``file``, ``proposal``, ``run``, …"""


@pytest.fixture
def own(site: Site) -> Ids:
    members = (site.people["PI"], site.people["collaborator"])
    return rows_of(site, site.own, 0, "plain", members)


@pytest.fixture
def foreign(site: Site) -> Iterator[Ids]:
    """A proposal of other people, every text of which holds the mark."""
    people = [
        User.create(
            id=FIRST_ID + number,
            username=f"{MARK}{number}",
            last_name=MARK.title(),
            email=f"{MARK}{number}@observatory.example",
        )
        for number in (1, 2)
    ]
    proposal = Proposal.create(
        id=FIRST_ID + 10,
        soar_id="SOAR2022A-777",
        semester="2022A",
        title="Secret",
        pi=people[0],
        abstract="Secret plans",
        settings={"wavelength": {"arc_name": "secret.fits"}},
    )
    Membership.create(proposal=proposal, user=people[1])
    yield rows_of(site, proposal, FIRST_ID + 20, MARK, (people[0], people[1]))
    for table in (Comment, LogEntry, SettingsChange, Run, File):
        table.delete().execute()
    Proposal.delete().where((Proposal.id == proposal.id) | (Proposal.pi > FIRST_ID)).execute()


def rows_of(
    site: Site, proposal: Proposal, first: int, word: str, people: tuple[User, User]
) -> Ids:
    """Make a file, a stale product, runs, a comment, a log entry and a change of a proposal."""
    pi, member = people

    def number(place: int) -> dict[str, int]:
        return {"id": first + place} if first else {}

    raw = add_file(
        site.config, f"{word}_raw.fits", proposal, object=word, grating=word, **number(1)
    )
    made = add_run(raw, state="done", settings={"cosmic_rays": "none"}, **number(2))
    product = add_file(
        site.config,
        f"{word}_product.fits",
        proposal,
        data_type=DataType.REDUCED,
        object=word,
        original=raw,
        parent=raw,
        run_id=made.id,
        out_of_date=True,
        **number(3),
    )
    reason = {"notice": free(word).to_json()}
    failed = add_run(product, block="extract", state="failed", **reason, **number(4))
    live = add_run(product, block="wavelength", state="waiting", **reason, **number(5))
    comment = Comment.create(file=raw, user=pi, text=word, **number(6))
    LogEntry.create(
        level="error",
        notice=free(f"{word} went wrong").to_json(),
        search_text=f"{word} went wrong",
        proposal=proposal,
    )
    after = {"wavelength": {"arc_name": f"{word}.fits"}}
    session = Session.create(user=pi, version=1, key_hash=f"{word}{proposal.id}", **number(8))
    change = SettingsChange.create(proposal=proposal, user=pi, before={}, after=after, **number(7))
    return {
        "file": raw.id,
        "product": product.id,
        "run": failed.id,
        "live_run": live.id,
        "comment": comment.id,
        "proposal": proposal.id,
        "change": change.id,
        "soar_id": proposal.soar_id,
        "email": member.email,
        "person": pi.id,
        "session": session.id,
    }


def state_of(proposal: int, *, whole: bool) -> str:
    """Return all that is stored of a proposal, or of the whole site, as one text."""
    if whole:
        left_out = ("token", "login_failure", "event")
        rows = [r for t in TABLES if t._meta.table_name not in left_out for r in t.select().dicts()]
        return repr(rows)
    of_it = [
        Proposal.select().where(Proposal.id == proposal),
        *(
            t.select().where(t.proposal == proposal)
            for t in (Membership, File, Run, LogEntry, SettingsChange)
        ),
        Session.select()
        .join(Proposal, on=Proposal.pi == Session.user)
        .where(Proposal.id == proposal),
        Comment.select().join(File).where(File.proposal == proposal),
    ]
    return repr([list(query.order_by(query.model.id).dicts()) for query in of_it])
