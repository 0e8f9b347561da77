"""What an open page asks for after an event: its own, at once, and never another's."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.data.live import NAMES
from db.models import Comment, File, Membership, Run
from services import events
from services.files import comments
from tests.support.web_site import ROLES, Site, add_file, add_run


def something_happens() -> None:
    events.record("log-added", staff_only=True)


def ask(
    site: Site,
    role: str,
    shown: File,
    want: str = ",".join(NAMES),
    at_once: bool = False,
    **more: str,
) -> Any:
    """Ask as a page that shows a file; unless `at_once`, something has happened since the last."""
    if not at_once:
        something_happens()
    query = {
        "path": f"/data/{shown.id}",
        "search": "",
        "want": want,
        "file": str(shown.id),
        "checksum": shown.checksum,
        **more,
    }
    return site.sign_in(role).get("/live/data", query_string=query)


def drawn(answer: Any) -> dict[str, str]:
    told = answer.get_json()
    assert answer.status_code == 200
    assert told["other"] is False
    return dict(told["html"])


def test_a_page_gets_what_it_wants_and_no_more(site: Site) -> None:
    comments.add(site.people["PI"], site.raw.id, "thin <b>cirrus</b>")
    assert set(drawn(ask(site, "PI", site.raw, "comments"))) == {"comments"}
    told = drawn(ask(site, "PI", site.raw))
    assert set(told) == set(NAMES) - {"index"} | {
        "index-heads",
        "file-list",
        "pager",
        "index-proposals",
    }
    assert "thin &lt;b&gt;cirrus&lt;/b&gt;" in told["comments"]
    assert site.spectrum.file_name in told["view-head"]
    assert "0042_WD" in told["file-list"]
    run = add_run(site.raw, state="running", step="cosmic rays", progress=0.4)
    lines = drawn(ask(site, "PI", site.raw, "view-runs"))["view-runs"]
    assert "cosmic rays" in lines
    assert 'value="40"' in lines
    assert f'data-run="{run.id}"' in lines


def test_what_is_read_for_one_is_shown_to_another_only_as_far_as_allowed(site: Site) -> None:
    comments.add(site.people["PI"], site.raw.id, "seeing 0.8")
    something_happens()
    own, others = (
        drawn(ask(site, role, site.raw, at_once=True)) for role in ("PI", "collaborator")
    )
    assert "delete-comment" in own["comments"]
    assert "delete-comment" not in others["comments"]
    assert "delete-comment" in drawn(ask(site, "staff", site.raw, at_once=True))["comments"]
    # The spectrum was made by nobody of them: only the PI deletes it.
    own, others = (
        drawn(ask(site, role, site.spectrum, at_once=True)) for role in ("PI", "collaborator")
    )
    assert "data-question" in own["view-actions"]
    assert "data-question" not in others["view-actions"]
    for role in ROLES:
        told = ask(site, role, site.raw, "index", at_once=True).get_json()["html"]["file-list"]
        assert ("0042_WD" in told) == (role != "user")
        assert ("SECRET" in told) == (role in ("staff", "superuser"))


def test_a_member_of_a_family_that_went_to_others_is_not_shown(site: Site) -> None:
    facts = {"original": site.raw, "parent": site.raw}
    add_file(site.config, "theirs_0042.fits", site.foreign, data_type=2, **facts)
    something_happens()
    for role, sees in (("staff", True), ("PI", False), ("superuser", True)):
        told = drawn(ask(site, role, site.raw, "view-head", at_once=True))
        assert ("theirs_0042.fits" in told["view-head"]) == sees


@pytest.mark.parametrize("role", ["user", "collaborator", "PI"])
def test_anothers_file_looks_like_none_whoever_looks_at_it_now(site: Site, role: str) -> None:
    comments.add(site.people["staff"], site.secret.id, "Secret words")
    something_happens()
    assert "Secret words" in drawn(ask(site, "staff", site.secret, at_once=True))["comments"]
    want = "view-head,view-why,view-actions,view-runs,comments"
    theirs = ask(site, role, site.secret, want, at_once=True)
    absent = ask(site, role, File(id=2_000_000, checksum=site.secret.checksum), want, at_once=True)
    assert theirs.status_code == absent.status_code == 200
    told = {"other": True, "html": {}, "at": events.latest_id()}
    assert theirs.get_json() == absent.get_json() == told


def test_a_right_that_is_taken_away_ends_it_at_once(site: Site) -> None:
    something_happens()
    assert drawn(ask(site, "collaborator", site.raw, "view-head", at_once=True))["view-head"]
    Membership.delete().where(Membership.user == site.people["collaborator"]).execute()
    told = ask(site, "collaborator", site.raw, "view-head,index", at_once=True).get_json()
    assert told["other"] is True
    assert "view-head" not in told["html"]
    assert "0042_WD" not in told["html"]["file-list"]
    assert drawn(ask(site, "PI", site.raw, "view-head", at_once=True))["view-head"]


def test_an_event_is_followed_by_what_it_told(site: Site) -> None:
    """Whoever asks after an event never gets what was read before it."""
    something_happens()
    assert "later" not in drawn(ask(site, "PI", site.raw, "comments", at_once=True))["comments"]
    comments.add(site.people["PI"], site.raw.id, "later")
    answer = ask(site, "collaborator", site.raw, "comments", at_once=True)
    assert "later" in drawn(answer)["comments"]
    assert answer.get_json()["at"] == events.latest_id()
    Comment.delete().execute()  # no event: within the moment it may be told once more
    again = drawn(ask(site, "PI", site.raw, "comments"))["comments"]
    assert "later" not in again


def test_another_file_is_to_be_shown(site: Site) -> None:
    """One that was replaced or deleted, or the newest, which one follows."""

    def other(**more: str) -> bool:
        return bool(ask(site, "PI", site.raw, "view-head", **more).get_json()["other"])

    assert not other()
    assert other(checksum="what it was")
    assert other(path="/data/2000000")
    assert other(path=f"/data/{site.spectrum.id}")
    assert other(file="")
    # Whoever follows the newest frame is shown its furthest product.
    assert other(path="/data")
    newest = {"path": "/data", "file": str(site.spectrum.id), "checksum": site.spectrum.checksum}
    assert not other(**newest)
    assert not other(path=f"/data/{site.raw.file_name}")
    Run.delete().where(Run.file == site.spectrum).execute()
    File.delete().where(File.id == site.spectrum.id).execute()
    assert other(**newest)


@pytest.mark.parametrize(
    "given",
    [
        {"path": "/search"},
        {"path": "/data/1/advanced"},
        {"want": "everything"},
        {"want": ""},
        {"file": "1; DROP TABLE file"},
        {"file": "-1"},
    ],
    ids=str,
)
def test_a_question_without_sense_is_a_sentence(site: Site, given: dict[str, str]) -> None:
    answer = ask(site, "PI", site.raw, **given)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"] == "This page is out of date: reload it."


def test_nobody_asks_without_a_session(site: Site) -> None:
    assert site.client().get("/live/data").status_code == 401
