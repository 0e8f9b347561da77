"""Every role × every route: the table below is complete, or the test fails."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from reduction.registry import all_blocks
from tests.support.web.route_access import TABLE
from tests.support.web_site import ROLES, Site, add_run, add_spectrum


def test_the_table_is_complete(site: Site) -> None:
    routes = {
        (method, str(rule))
        for rule in site.server.url_map.iter_rules()
        if str(rule).startswith("/api") and rule.endpoint != "api.unknown"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=" ".join)
def test_every_role_gets_what_the_table_says(site: Site, row: tuple[str, str]) -> None:
    method = row[0]
    statuses, request = TABLE[row]
    for role, status in zip(ROLES, statuses, strict=True):
        if row == ("DELETE", "/api/files/") and role in ("staff", "superuser"):
            site.spectrum = add_spectrum(site.config, site.raw, site.run)
        path, body = request(site)
        assert site.call(None, method, path, **body).status_code == 401, role
        answer = site.call(role, method, path, **body)
        answer.close()
        assert answer.status_code == status, (role, answer.get_data(as_text=True))
        if row[1] == "/api/users/me/token/":
            assert site.call(role, "GET", "/api/").status_code == 401
            site.tokens[role] = answer.json["token"]
            assert site.call(role, "GET", "/api/").status_code == 200


MAKES_ITS_OWN = (
    *("/extract/", "/sky/", "/wavelength/", "/flux/", "/sensitivity/"),
    *("/cancel/", "/retry/", "/calibrations/"),
)
OF_A_ROW = [
    row
    for row, (statuses, _) in TABLE.items()
    # What takes a given row, and does not first make one of its own.
    if statuses[0] == 404
    and not row[1].endswith(MAKES_ITS_OWN)
    and row != ("DELETE", "/api/files/comments/")
]


@pytest.mark.parametrize("row", OF_A_ROW, ids=" ".join)
def test_what_is_anothers_looks_absent(site: Site, row: tuple[str, str]) -> None:
    """To members of one proposal, another's rows and rows that never were look alike."""
    request = TABLE[row][1]
    others = replace(
        site, raw=site.secret, spectrum=site.secret, run=site.secret_run, own=site.foreign
    )
    never: Any = SimpleNamespace(id=2_000_000, file_name="0000_ABSENT.fits")
    absent = replace(site, raw=never, spectrum=never, run=never, own=never)
    for role in ("user", "collaborator", "PI"):
        answers = []
        for rows in (others, absent):
            path, body = request(rows)
            answers.append(site.call(role, row[0], path, **body))
        assert [answer.status_code for answer in answers] == [404, 404], role
        assert answers[0].json == answers[1].json


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_anothers_runs_are_out_of_reach(site: Site, action: str) -> None:
    for run in (site.secret_run, add_run(site.secret, automatic=False)):
        answer = site.call("PI", "POST", f"/api/runs/{run.id}/{action}/")
        assert (answer.status_code, answer.json["error"]["message"]) == (404, "No such run.")


@pytest.mark.parametrize("block", [b.name for b in all_blocks().values() if b.route])
def test_anothers_files_are_not_processed(site: Site, block: str) -> None:
    path = f"/api/files/{all_blocks()[block].route}/"
    for key in (site.secret.id, site.secret.file_name, 2_000_000, "0000_ABSENT.fits"):
        answer = site.call("PI", "POST", path, json={"id": key})
        assert (answer.status_code, answer.json["error"]["message"]) == (404, "No such file.")


@pytest.mark.parametrize("role", ["user", "collaborator", "PI"])
def test_lists_and_counts_leave_it_out(site: Site, role: str) -> None:
    own = 0 if role == "user" else 2
    listed = site.call(role, "GET", "/api/files/").json
    names = {row["file_name"] for row in listed["results"]}
    assert listed["count"] == len(names) == own + 1  # the master is everyone's
    assert site.secret.file_name not in names
    for query in (
        "object=Secret%20star",
        f"file_name={site.secret.file_name}",
        f"proposal_id={site.foreign.soar_id}",
        f"original_file_id={site.secret.id}",
        f"parent_file_id={site.secret.id}",
    ):
        assert site.call(role, "GET", f"/api/files/?{query}").json["count"] == 0, query
    assert site.call(role, "GET", "/api/logs/").json["count"] == 0
    counts = site.call(role, "GET", "/api/").json["counts"]
    assert counts == {"observed": min(own, 1), "calibrations": 1}
    runs = site.call(role, "GET", "/api/runs/").json
    assert site.secret_run.id not in {run["id"] for run in runs["results"]}
    assert runs["count"] == len(runs["results"])
    assert site.call(role, "GET", f"/api/runs/?file_id={site.secret.id}").json["count"] == 0
    hidden = f"/api/runs/?proposal_id={site.foreign.soar_id}"
    assert site.call(role, "GET", hidden).json["count"] == 0
    proposals = site.call(role, "GET", "/api/proposals/").json["results"]
    assert site.foreign.soar_id not in {row["soar_id"] for row in proposals}


def test_staff_sees_everything(site: Site) -> None:
    for role in ("staff", "superuser"):
        assert site.call(role, "GET", "/api/files/").json["count"] == 4
        assert site.call(role, "GET", f"/api/files/{site.secret.file_name}/").status_code == 200
        assert site.call(role, "GET", "/api/logs/").json["count"] == 1


def test_raw_files_are_never_deleted(site: Site) -> None:
    for role in ("collaborator", "PI", "staff", "superuser"):
        answer = site.call(role, "DELETE", "/api/files/", json={"id": site.raw.id})
        assert answer.status_code == 403
        assert answer.json["error"]["message"] == "Raw files can't be deleted."
    assert site.call("PI", "GET", f"/api/files/{site.raw.id}/").status_code == 200
