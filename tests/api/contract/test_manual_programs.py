"""The two programs of the manual's chapter 11, letter for letter but for host and key."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from db.models import Mail, Membership, Proposal, User
from tests.support.web_site import Site, add_file

GET_FILES = """\
import requests

api_key = 'some-fake-api-key-that-does-not-work'

# define request headers
headers = {'Authorization': f'Token {api_key}',
           'Content-Type': 'application/json'}

#define parameters
# 0: Raw files
# 1: Calibration Files (Master flats or bias)
# 2: Reduced files
# 3: Extracted 1D spectrum
# 4: Wavelength calibrated
# 5: Flux Calibrated
parameters = {"data_type": "0"}

# remotehost should be replaced with the actual host
# also the url can be composed as http://remotehost/api/files/?data_type=0
# in that case you don't need to pass the params argument.
response = requests.get(
    url='http://remotehost/api/files/',
    params=parameters,
    headers=headers)

if response.status_code == 200:
    json_response = response.json()

# alternatively you can use response.raise_for_status() and catch any exception

from request.exceptions import HTTPError

try:
    response.raise_for_status()
except HTTPError as http_error:
    log.exception(http_error)
"""

ADD_COLLABORATOR = """\
import requests

api_key = 'some-fake-api-key-that-does-not-work'

# define request headers
headers = {'Authorization': f"Token {api_key}",
           'Content-Type': 'application/json'}

#define payload
payload = {
    "email": "user@server.net",
    "action": "add"
}

# remotehost should be replaced with the actual host
response = requests.get(
    url='http://remotehost/api/proposals/collaborators/5/',
    data=payload,
    headers=headers)

if response.status_code == 200:
    json_response = response.json()
"""

PERSON = {
    "id": int,
    "username": str,
    "last_login": (str, type(None)),
    "first_name": str,
    "last_name": str,
    "email": str,
    "is_staff": bool,
    "is_active": bool,
    "date_joined": str,
}
PATH = "/api/proposals/collaborators/5/"
FORM = "email=user%40server.net&action=add"


class Quiet(logging.NullHandler):
    """Nothing of the test's web server is printed."""


@pytest.fixture
def host(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The site behind a real HTTP server, whose address it is configured with."""
    logging.getLogger("werkzeug").addHandler(Quiet())
    logging.getLogger("werkzeug").propagate = False
    server = make_server("127.0.0.1", 0, site.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setitem(site.server.config, "BASE_URL", f"http://127.0.0.1:{server.server_port}")
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)


@pytest.fixture
def five(site: Site) -> Iterator[Proposal]:
    """The manual's proposal, whose number is 5."""
    Proposal.delete().where(Proposal.id == 5).execute()
    yield Proposal.create(
        id=5,
        soar_id="calibrate",
        semester="2020A",
        title="Calibrations",
        pi=site.people["PI"],
        abstract="How calibrations will be handled.",
    )
    Membership.delete().where(Membership.proposal == 5).execute()
    Mail.delete().execute()
    Proposal.delete().where(Proposal.id == 5).execute()


def run(program: str, host: str, key: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run a program of the manual; its ``request`` is a misprint of ``requests``."""
    monkeypatch.setitem(sys.modules, "request", requests)
    monkeypatch.setitem(sys.modules, "request.exceptions", requests.exceptions)
    program = program.replace("remotehost", host)
    program = program.replace("some-fake-api-key-that-does-not-work", key)
    names: dict[str, Any] = {"log": logging.getLogger("program")}
    exec(program, names)
    return names


def test_get_the_list_of_raw_files(site: Site, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(25):
        add_file(site.config, f"2{number:03d}_many.fits", site.own, image_id="34304")
    answer = run(GET_FILES, host, site.tokens["PI"], monkeypatch)["json_response"]
    assert list(answer) == ["count", "next", "previous", "results"]
    assert (answer["count"], answer["previous"], len(answer["results"])) == (26, None, 20)
    assert answer["next"].startswith(f"http://{host}/api/files/?")
    assert "data_type=0" in answer["next"] and "page=2" in answer["next"]
    rest = requests.get(
        answer["next"], headers={"Authorization": f"Token {site.tokens['PI']}"}, timeout=10
    ).json()
    assert (len(rest["results"]), rest["next"]) == (6, None)
    assert {row["data_type"] for row in answer["results"]} == {"0"}


def test_add_a_collaborator(
    site: Site, host: str, five: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = run(ADD_COLLABORATOR, host, site.tokens["PI"], monkeypatch)
    assert names["response"].status_code == 200, names["response"].text
    answer = names["json_response"]
    assert list(answer) == [
        "id",
        "soar_id",
        "semester",
        "title",
        "abstract",
        "user",
        "collaborators",
    ]
    assert (answer["id"], answer["soar_id"], answer["semester"]) == (5, "calibrate", "2020A")
    (person,) = answer["collaborators"]
    for shown in (answer["user"], person):
        assert list(shown) == list(PERSON)
        assert all(isinstance(shown[name], kind) for name, kind in PERSON.items())
    assert (person["email"], person["last_login"]) == ("user@server.net", None)
    account = User.get(User.email == "user@server.net")
    assert account.id == person["id"] and account.password_hash == ""
    assert Mail.get().recipient == "user@server.net"
    again = run(ADD_COLLABORATOR, host, site.tokens["PI"], monkeypatch)["json_response"]
    assert again == answer
    assert Mail.select().count() == 1


def members() -> set[str]:
    return {m.user.email for m in Membership.select().where(Membership.proposal == 5)}


def test_the_get_changes_nothing_in_any_other_form(site: Site, five: Proposal) -> None:
    plain = site.call("PI", "GET", PATH)
    assert (plain.status_code, plain.json["collaborators"]) == (200, [])
    query = site.call("PI", "GET", f"{PATH}?{FORM}")
    assert (query.status_code, query.json["error"]["field"]) == (400, "email")
    browser = site.sign_in("PI")
    token = browser.get_cookie("_csrf_token")
    assert token is not None
    for headers in ({}, {"X-CSRFToken": token.value}):
        for path, data in ((PATH, FORM), (f"{PATH}?{FORM}", None)):
            answer = browser.get(path, data=data, content_type="application/json", headers=headers)
            assert answer.status_code in (400, 403), answer.text
    assert site.call(None, "GET", PATH, data=FORM).status_code == 401
    for role, status in (("user", 404), ("collaborator", 404)):
        assert site.call(role, "GET", PATH, data=FORM).status_code == status
    Membership.create(proposal=5, user=site.people["collaborator"])
    assert site.call("collaborator", "GET", PATH, data=FORM).status_code == 403
    assert members() == {site.people["collaborator"].email}
    assert Mail.select().count() == 0


@pytest.mark.parametrize(
    ("data", "status", "field"),
    [
        ("email=a%40b.example", 422, "action"),
        ("action=add", 422, "email"),
        ("email=a%40b.example&action=promote", 422, "action"),
        ("email=a%40b.example&action=add&is_staff=true", 422, "is_staff"),
        ("email=nonsense&action=add", 422, "email"),
        ("email=%00%40b.example&action=add", 422, "email"),
        ("email=a%40b.example%0ABcc%3A+c%40d.example&action=add", 422, "email"),
        ("{", 400, None),
        ("nonsense", 400, None),
        (b"\xff\xfe=1", 400, None),
    ],
)
def test_bodies_of_the_get_that_are_none(
    site: Site, five: Proposal, data: Any, status: int, field: str | None
) -> None:
    answer = site.call("PI", "GET", PATH, data=data, content_type="application/json")
    assert (answer.status_code, answer.json["error"].get("field")) == (status, field), answer.text
    assert members() == set()


def test_collaborators_by_post_and_as_true_json(site: Site, five: Proposal) -> None:
    body = {"email": " User@Server.net ", "action": "add"}
    for method in ("POST", "GET"):
        answer = site.call("PI", method, PATH, json=body)
        assert answer.status_code == 200, answer.text
        assert [person["email"] for person in answer.json["collaborators"]] == ["user@server.net"]
    answer = site.call("PI", "POST", PATH, json={**body, "action": "remove"})
    assert (answer.status_code, answer.json["collaborators"]) == (200, [])
    answer = site.call("PI", "POST", PATH, json={**body, "action": "remove"})
    assert answer.status_code == 404
