"""Masters on request, reclassification, settings, repeated requests, mail and limits."""

from __future__ import annotations

from typing import Any

import pytest

from api.contract import limits
from db.models import File, LogEntry, Mail, Run
from reduction.notice_codes import NoticeCode
from tests.support.notices import code_of
from tests.support.web.goodman_files import write_goodman_cards
from tests.support.web_site import Site, add_file

CALIBRATIONS = "/api/files/calibrations/"
RECLASSIFY = "/api/files/reclassify/"
REDUCE = "/api/files/reduce/"


def biases(site: Site, series: str, n: int = 10, **facts: Any) -> list[File]:
    given = {"kind": "bias", "obstype": "BIAS", "series": series, "exptime": 0.0, **facts}
    return [add_file(site.config, f"{series}_{i:03d}.fits", site.own, **given) for i in range(n)]


def test_a_master_of_given_frames_is_one_run(site: Site) -> None:
    frames = biases(site, "one")
    ids = [frames[0].id, frames[3].file_name]
    first = site.call("collaborator", "POST", CALIBRATIONS, json={"ids": ids})
    assert first.status_code == 202, first.text
    assert (first.json["block"], len(first.json["runs"])) == ("master_bias", 1)
    assert first.json["id"] == first.json["runs"][0]["id"]
    again = site.call("PI", "POST", CALIBRATIONS, json={"ids": [frames[7].id]})
    assert again.json["id"] == first.json["id"]


def test_masters_by_type_date_and_setup(site: Site) -> None:
    biases(site, "low", roi="Spectroscopic 2x2")
    biases(site, "high", roi="Spectroscopic 1x1")
    body = {"type": "bias", "date": "2022-07-05"}
    both = site.call("PI", "POST", CALIBRATIONS, json=body)
    assert (both.status_code, len(both.json["runs"])) == (202, 2), both.text
    one = site.call("PI", "POST", CALIBRATIONS, json={**body, "roi": "Spectroscopic 1x1"})
    assert len(one.json["runs"]) == 1
    assert one.json["id"] in {run["id"] for run in both.json["runs"]}
    night = site.call("PI", "POST", CALIBRATIONS, json={**body, "date": "2022-07-04"})
    assert len(night.json["runs"]) == 2
    for other in ({"date": "2022-07-09"}, {"type": "flat"}, {"roi": "none"}):
        assert site.call("PI", "POST", CALIBRATIONS, json={**body, **other}).status_code == 404
    assert site.call("user", "POST", CALIBRATIONS, json=body).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "bias"},
        {"date": "2022-07-05"},
        {"ids": []},
        {"ids": [1], "type": "bias"},
        {"type": "arc", "date": "2022-07-05"},
        {"type": "bias", "date": "soon"},
    ],
)
def test_master_requests_that_say_too_little(site: Site, body: dict[str, Any]) -> None:
    assert site.call("PI", "POST", CALIBRATIONS, json=body).status_code == 422


def test_a_master_of_what_is_none(site: Site) -> None:
    answer = site.call("PI", "POST", CALIBRATIONS, json={"ids": [site.raw.id]})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "ids")
    answer = site.call("PI", "POST", CALIBRATIONS, json={"ids": [site.secret.id]})
    assert answer.status_code == 404


def test_the_same_request_is_the_same_run(site: Site) -> None:
    bodies = [{"id": site.raw.id}, {"id": site.raw.file_name}, {"id": site.raw.id, "settings": {}}]
    ids = {site.call("PI", "POST", REDUCE, json=body).json["id"] for body in bodies}
    assert len(ids) == 1
    other = {"id": site.raw.id, "settings": {"ignore_flats": True}}
    assert site.call("PI", "POST", REDUCE, json=other).json["id"] not in ids
    Run.update(state="done").execute()
    assert site.call("PI", "POST", REDUCE, json=bodies[0]).json["id"] not in ids


def test_a_choice_of_technique_is_kept_until_judged_again(site: Site) -> None:
    write_goodman_cards(site.raw)
    body = {"id": site.raw.id, "technique": "Imaging"}
    answer = site.call("collaborator", "POST", RECLASSIFY, json=body)
    assert (answer.json["technique"], answer.json["kind"]) == ("Imaging", "image")
    row = File.get_by_id(site.raw.id)
    assert row.overrides == {"technique": "Imaging"}
    assert File.get_by_id(site.spectrum.id).out_of_date
    answer = site.call("PI", "POST", RECLASSIFY, json={"id": site.raw.id, "obstype": "comp"})
    assert (answer.json["obstype"], answer.json["kind"]) == ("COMP", "arc")
    assert answer.json["technique"] == "Imaging"
    entry = LogEntry.select().order_by(LogEntry.id.desc()).get()
    assert code_of(entry.notice) is NoticeCode.RECLASSIFIED
    assert entry.notice["params"]["file"] == site.raw.file_name
    again = site.call("PI", "POST", RECLASSIFY, json={"id": site.raw.id})
    assert (again.status_code, again.json["kind"]) == (200, "spectrum"), again.text
    assert File.get_by_id(site.raw.id).overrides == {}


def test_what_becomes_a_spectrum_is_reduced(site: Site) -> None:
    frame = biases(site, "odd", 1)[0]
    body = {"id": frame.id, "obstype": "OBJECT", "technique": "Spectroscopy"}
    assert site.call("PI", "POST", RECLASSIFY, json=body).json["kind"] == "spectrum"
    assert Run.select().where(Run.file == frame, Run.block == "reduce", Run.automatic).exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [({"technique": "Polarimetry"}, "technique"), ({"obstype": "NONSENSE"}, "obstype")],
)
def test_choices_that_do_not_exist(site: Site, more: dict[str, str], field: str) -> None:
    answer = site.call("PI", "POST", RECLASSIFY, json={"id": site.raw.id, **more})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    answer = site.call("PI", "POST", RECLASSIFY, json={"id": site.spectrum.id})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "id")


def test_settings_are_replaced_and_hold_for_the_next_run(site: Site) -> None:
    path = f"/api/proposals/settings/{site.own.id}/"
    before = site.call("collaborator", "GET", path).json
    assert before["reduce"]["ignore_bias"] is False
    body = {"reduce": {"ignore_bias": True}}
    after = site.call("PI", "PUT", path, json=body)
    assert after.json == {**before, "reduce": {**before["reduce"], "ignore_bias": True}}
    assert site.call("PI", "GET", path).json == after.json
    run = site.call("PI", "POST", REDUCE, json={"id": site.raw.id}).json
    assert run["settings"]["ignore_bias"] is True
    assert site.call("PI", "PUT", path, json={}).json == before
    entries = LogEntry.select().where(LogEntry.proposal == site.own)
    assert entries.count() == 2 and "Ignore bias" in str(entries.get().notice["params"]["changes"])
    for wrong, field in (
        ({"reduce": {"ignore_bia": True}}, "reduce.ignore_bia"),
        ({"reduces": {}}, "reduces"),
        ({"master_bias": {"minimum": 0}}, "master_bias.minimum"),
    ):
        answer = site.call("PI", "PUT", path, json=wrong)
        assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert site.call("PI", "GET", path).json == before


def test_mail_is_queued_for_the_people_of_a_proposal(site: Site) -> None:
    body = {"proposal_id": site.own.id, "subject": "Clouds", "message": "We wait."}
    answer = site.call("staff", "POST", "/api/email/", json=body)
    assert (answer.status_code, answer.json) == (202, {"queued": 2})
    to = {site.people[role].email for role in ("PI", "collaborator")}
    assert {mail.recipient for mail in Mail.select()} == to
    for wrong, field in (
        ({"subject": "a\nBcc: x@y.example"}, "subject"),
        ({"subject": "a\r\nBcc: x@y.example"}, "subject"),
        ({"message": " "}, "message"),
        ({"recipients": ["x@y.example"]}, "recipients"),
    ):
        answer = site.call("staff", "POST", "/api/email/", json={**body, **wrong})
        assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert Mail.select().count() == 2


def test_a_script_that_runs_away_is_slowed_down(site: Site) -> None:
    for _ in range(limits.LIMITS["mail"]):
        assert site.call("PI", "POST", "/api/email/", json={}).status_code == 422
    answer = site.call("PI", "POST", "/api/email/", json={})
    assert (answer.status_code, answer.json["error"]["code"]) == (429, "too_many_attempts")
    assert 1 <= int(answer.headers["Retry-After"]) <= 3
    assert site.call("PI", "GET", "/api/").status_code == 200
    assert site.call("staff", "POST", "/api/email/", json={}).status_code == 422


def test_buckets_fill_with_time() -> None:
    now = [0.0]
    buckets = limits.Buckets(lambda: now[0])
    size = limits.LIMITS["rare"]
    assert [buckets.take(1, "rare") for _ in range(size)] == [0.0] * size
    wait = buckets.take(1, "rare")
    assert wait == pytest.approx(60 / size)
    now[0] += wait
    assert buckets.take(1, "rare") == 0
    assert buckets.take(1, "rare") > 0
    now[0] += 3600
    assert [buckets.take(1, "rare") for _ in range(size)] == [0.0] * size
    assert buckets.take(1, "rare") > 0
