"""Every callback as every role, each id in every input and state replaced by a foreign one.

The callbacks are found in the running application; `callback_rows` says what each is asked. To
somebody who is no part of a proposal a callback neither shows nor changes anything of it, and
answers as if it did not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask_login import login_user

from tests.support import other_proposal
from tests.support.callback_rows import ROWS, Row
from tests.support.other_proposal import MARK, OUTSIDERS, Ids, state_of
from tests.support.web.callback_calls import HELP, asked, filled, fire, has_ids, server_side
from tests.support.web_site import Site

own, foreign = other_proposal.own, other_proposal.foreign

ABSENT: Ids = {
    name: 2_000_000 + number
    for number, name in enumerate(
        ("file", "product", "run", "live_run", "comment", "proposal", "change", "person", "session")
    )
} | {"soar_id": "SOAR2099Z-001", "email": "nobody@observatory.example"}


# --- the callbacks of the application ---------------------------------------------------------


def variants(template: dict[str, Any], own: Ids, foreign: Ids) -> Iterator[dict[str, Any]]:
    """Yield the inputs with a foreign id in one place at a time, and in all at once."""
    places = [name for name, value in template.items() if has_ids(value)]
    for chosen in [*({place} for place in places if len(places) > 1), set(places)]:
        yield {
            name: filled(value, foreign if name in chosen else own)
            for name, value in template.items()
        }


def without_ids(text: str, ids: Ids) -> str:
    """Return an answer in which rows have no names: what is left is to look alike."""
    for value in ids.values():
        text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(str(value))}(?![0-9])", "ID", text)
    return re.sub(r'"[0-9a-f]{8}"', '"nonce"', text)


# --- the tests ----------------------------------------------------------------------------------

CASES = [(name, row) for name, rows in ROWS.items() for row in rows]


def test_every_callback_has_its_rows_and_every_row_a_callback(site: Site) -> None:
    known = set(server_side(site.sign_in("PI")))
    missing = sorted(known - set(ROWS))
    assert not missing, "".join(f"No row for {name!r}.{HELP.format(name=name)}" for name in missing)
    gone = sorted(set(ROWS) - known)
    assert not gone, (
        f"these rows of tests/support/callback_rows.py have no callback any more: {gone}"
    )


def test_every_page_is_asked_for(site: Site) -> None:
    from pages.core import missing
    from pages.core.site import PAGES
    from security.login import SignedIn
    from services.accounts import sessions

    answered = set()
    with site.server.test_request_context():
        login_user(
            SignedIn(site.people["staff"], sessions.start(site.people["staff"]))
        )  # some pages are staff's alone
        for row in ROWS["page.children ← url.pathname"]:
            path = filled(row.values["url.pathname"], ABSENT)
            answered.add(next((p for p in PAGES if p.answers(path)), missing.PAGE).name)
    absent = {page.name for page in (*PAGES, missing.PAGE)} - answered
    assert not absent, (
        f"the pages {sorted(absent)} need a path in the rows of 'page.children ← url.pathname' "
        "in tests/support/callback_rows.py"
    )


@pytest.mark.parametrize("role", OUTSIDERS)
def test_what_is_anothers_is_neither_shown_nor_changed(
    site: Site, own: Ids, foreign: Ids, role: str
) -> None:
    client = site.sign_in(role)
    known = server_side(client)
    for name, row in CASES:
        declared = known.get(name)
        if declared is None:  # another test tells of it
            continue
        template = asked(declared, name, row)
        before = state_of(foreign["proposal"], whole=row.manages)
        both = zip(variants(template, own, foreign), variants(template, own, ABSENT), strict=True)
        for given, nothing in both:
            said = fire(client, declared, row, given)
            assert MARK not in said.lower(), (name, given)
            if not row.manages and given != template:
                like = fire(client, declared, row, nothing)
                for _ in range(2):  # an answer may tell of time that has passed between the two
                    if without_ids(said, foreign) == without_ids(like, ABSENT):
                        break
                    said = fire(client, declared, row, given)
                    like = fire(client, declared, row, nothing)
                assert without_ids(said, foreign) == without_ids(like, ABSENT), (name, given)
        assert state_of(foreign["proposal"], whole=row.manages) == before, name


def test_staff_sees_by_each_row_what_the_others_do_not(site: Site, foreign: Ids) -> None:
    client = site.sign_in("staff")
    known = server_side(client)
    for name, row in CASES:
        if row.shows and name in known:
            given = filled(asked(known[name], name, row), foreign)
            said = fire(client, known[name], row, given).lower()
            assert MARK in said, f"this row of {name!r} proves nothing: {given}"


@pytest.mark.parametrize(
    ("name", "row"), [pytest.param(name, row, id=name) for name, row in CASES if row.acts]
)
def test_staff_changes_by_each_row_what_the_others_can_not(
    site: Site, foreign: Ids, name: str, row: Row
) -> None:
    client = site.sign_in("staff")
    declared = server_side(client)[name]
    before = state_of(foreign["proposal"], whole=row.manages)
    said = fire(client, declared, row, filled(asked(declared, name, row), foreign))
    changed = state_of(foreign["proposal"], whole=row.manages) != before
    assert changed, f"this row proves nothing: {said[:400]}"


def test_who_is_not_signed_in_reaches_no_callback(site: Site) -> None:
    for declared in server_side(site.sign_in("PI")).values():
        answer = site.client().post("/_dash-update-component", json={"output": declared["output"]})
        assert answer.status_code == 401
