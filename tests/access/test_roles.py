"""Every role × every route: the table below is complete, or the test fails."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from reduction.registry import all_blocks
from tests.support.web_site import ROLES, Site, add_file, add_run, add_spectrum

# What a stranger (user), collaborator, PI, staff member and superuser get for the own proposal's
# file; anonymous gets 401 everywhere.
ALL_200 = (200, 200, 200, 200, 200)
MEMBERS = (404, 200, 200, 200, 200)
QUEUED = (404, 202, 202, 202, 202)

Request = Callable[[Site], tuple[str, dict[str, Any]]]


def fixed(path: str, **body: Any) -> Request:
    """Return a request that does not depend on the rows."""
    return lambda _: (path, body)


TABLE: dict[tuple[str, str], tuple[tuple[int, ...], Request]] = {
    ("GET", "/api/"): (ALL_200, fixed("/api/")),
    ("GET", "/api/users/me/"): (ALL_200, fixed("/api/users/me/")),
    ("GET", "/api/logs/"): (ALL_200, fixed("/api/logs/")),
    ("GET", "/api/events/"): (ALL_200, fixed("/api/events/")),
    ("GET", "/api/openapi.json"): (ALL_200, fixed("/api/openapi.json")),
    ("GET", "/api/docs/"): (ALL_200, fixed("/api/docs/")),
    ("GET", "/api/docs/<name>"): (ALL_200, fixed("/api/docs/docs.js")),
    ("GET", "/api/proposals/"): (ALL_200, fixed("/api/proposals/")),
    ("GET", "/api/proposals/<proposal>/"): (
        MEMBERS,
        lambda s: (f"/api/proposals/{s.own.id}/", {}),
    ),
    ("GET", "/api/files/"): (ALL_200, fixed("/api/files/")),
    ("POST", "/api/files/"): (
        (403, 403, 403, 422, 422),
        fixed("/api/files/", json={"full_path": "/etc/passwd"}),
    ),
    ("DELETE", "/api/files/"): (
        (404, 403, 200, 200, 200),
        lambda s: ("/api/files/", {"json": {"id": s.spectrum.id}}),
    ),
    ("GET", "/api/files/<key>/"): (MEMBERS, lambda s: (f"/api/files/{s.raw.id}/", {})),
    ("GET", "/api/files/download/"): (
        MEMBERS,
        lambda s: (f"/api/files/download/?id={s.raw.id}", {}),
    ),
    ("GET", "/api/files/header/"): (MEMBERS, lambda s: (f"/api/files/header/?id={s.raw.id}", {})),
    ("GET", "/api/files/data/"): (MEMBERS, lambda s: (f"/api/files/data/?id={s.spectrum.id}", {})),
    ("GET", "/api/files/visualize/"): (
        MEMBERS,
        lambda s: (f"/api/files/visualize/?id={s.spectrum.id}", {}),
    ),
    ("GET", "/api/proposals/settings/<proposal>/"): (
        MEMBERS,
        lambda s: (f"/api/proposals/settings/{s.own.id}/", {}),
    ),
    ("PUT", "/api/proposals/settings/<proposal>/"): (
        (404, 403, 200, 200, 200),
        lambda s: (f"/api/proposals/settings/{s.own.id}/", {"json": {}}),
    ),
    ("GET", "/api/proposals/collaborators/<proposal>/"): (
        MEMBERS,
        lambda s: (f"/api/proposals/collaborators/{s.own.id}/", {}),
    ),
    ("POST", "/api/proposals/collaborators/<proposal>/"): (
        (404, 403, 200, 200, 200),
        lambda s: (
            f"/api/proposals/collaborators/{s.own.id}/",
            {"json": {"email": s.people["user"].email, "action": "add"}},
        ),
    ),
    ("POST", "/api/email/"): (
        (403, 403, 403, 202, 202),
        lambda s: (
            "/api/email/",
            {"json": {"proposal_id": s.own.id, "subject": "Clouds", "message": "We wait."}},
        ),
    ),
    ("POST", "/api/files/calibrations/"): (
        QUEUED,
        lambda s: ("/api/files/calibrations/", {"json": {"ids": [_bias(s)]}}),
    ),
    ("POST", "/api/files/reclassify/"): (
        MEMBERS,
        lambda s: ("/api/files/reclassify/", {"json": {"id": s.raw.id, "technique": "Imaging"}}),
    ),
    ("GET", "/api/files/comments/"): (
        MEMBERS,
        lambda s: (f"/api/files/comments/?id={s.raw.id}", {}),
    ),
    ("POST", "/api/files/comments/"): (
        (404, 201, 201, 201, 201),
        lambda s: ("/api/files/comments/", {"json": {"id": s.raw.id, "text": "seeing 0.8"}}),
    ),
    ("DELETE", "/api/files/comments/"): (
        (404, 403, 200, 200, 200),
        lambda s: ("/api/files/comments/", {"json": {"comment_id": _comment_of_pi(s)}}),
    ),
    ("POST", "/api/files/reduce/"): (
        QUEUED,
        lambda s: ("/api/files/reduce/", {"json": {"id": s.raw.id}}),
    ),
    ("POST", "/api/files/spectrum/extract/"): (
        QUEUED,
        lambda s: ("/api/files/spectrum/extract/", {"json": {"id": _product(s, 2)}}),
    ),
    ("POST", "/api/files/spectrum/calibrate/wavelength/"): (
        QUEUED,
        lambda s: ("/api/files/spectrum/calibrate/wavelength/", {"json": {"id": _product(s, 3)}}),
    ),
    ("GET", "/api/runs/"): (ALL_200, fixed("/api/runs/")),
    ("GET", "/api/runs/<run>/"): (MEMBERS, lambda s: (f"/api/runs/{s.run.id}/", {})),
    ("POST", "/api/runs/<run>/cancel/"): (
        MEMBERS,
        lambda s: (f"/api/runs/{add_run(s.raw, automatic=False).id}/cancel/", {}),
    ),
    ("POST", "/api/runs/<run>/retry/"): (
        MEMBERS,
        lambda s: (f"/api/runs/{add_run(s.raw, automatic=False, state='failed').id}/retry/", {}),
    ),
    # Last: the tokens of the table's callers die here.
    ("POST", "/api/users/me/token/"): (ALL_200, fixed("/api/users/me/token/")),
}


def _comment_of_pi(site: Site) -> int:
    from services.files import comments

    return int(comments.add(site.people["PI"], site.raw.id, "first light").id)


def _bias(site: Site) -> int:
    name = f"bias_{secrets.token_hex(4)}.fits"
    series = f"bias {name}"
    file = add_file(site.config, name, site.own, kind="bias", obstype="BIAS", series=series)
    site.own.settings = {"master_bias": {"minimum": 1}}
    site.own.save()
    return int(file.id)


def _product(site: Site, data_type: int) -> int:
    name = f"product_{data_type}_{secrets.token_hex(4)}.fits"
    facts = {"data_type": data_type, "original": site.raw, "parent": site.raw}
    return int(add_file(site.config, name, site.own, **facts).id)


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
            site.shared_tokens[role] = site.tokens[role]  # for the tests that come later


OF_A_ROW = [
    row
    for row, (statuses, _) in TABLE.items()
    # What takes a given row, and does not first make one of its own.
    if statuses[0] == 404
    and not row[1].endswith(("/extract/", "/wavelength/", "/cancel/", "/retry/", "/calibrations/"))
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
