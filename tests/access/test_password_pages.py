"""Forgotten and first passwords: pages for people who can't sign in."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from db.models import Mail, User
from services.accounts import accounts, password_links, passwords, sessions
from services.mail import letters
from tests.support.web_site import Site

GOOD = "nine cloudy mornings"


@pytest.fixture
def newcomer(site: Site) -> Iterator[User]:
    made, _ = accounts.create_user(
        username="vega", email="vega@observatory.example", first_name="Vera", last_name="Gallardo"
    )
    yield made
    made.delete_instance(recursive=True)


def token_of(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]


def ask(site: Site, name: str) -> tuple[int, str]:
    client = site.client()
    form = {"name": name, "csrf_token": token_of(client.get("/password/forgot").text)}
    answer = client.post("/password/forgot", data=form)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.text.replace(name, "NAME")


def follow(site: Site, person: User) -> FlaskClient:
    """Open a new link of a person in a new browser."""
    client = site.client()
    path = urlsplit(password_links.make(person.id)).path
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, "/password/set")
    assert path.split("/")[-1] not in answer.text
    return client


def set_to(client: FlaskClient, password: str, again: str | None = None) -> tuple[int, str]:
    form = {"password": password, "confirmation": password if again is None else again}
    form["csrf_token"] = token_of(client.get("/password/set").text)
    answer = client.post("/password/set", data=form)
    return answer.status_code, answer.text


@pytest.mark.usefixtures("newcomer")
def test_the_answer_is_the_same_for_everybody(site: Site) -> None:
    known = ask(site, "vega@observatory.example")
    assert known == ask(site, "nobody@observatory.example") == ask(site, "<b>x</b>")
    assert known[0] == 200 and "being sent" in known[1]
    letters.answer_requests()
    assert [row.recipient for row in Mail.select()] == ["vega@observatory.example"]
    for _ in range(2):
        ask(site, "x")
    status, text = ask(site, "vega")
    assert status == 429 and "Too many requests" in text


def test_the_four_rules_are_listed_and_each_broken_one_is_told(site: Site, newcomer: User) -> None:
    client = follow(site, newcomer)
    page = client.get("/password/set").text.replace("&#39;", "'")
    assert all(rule in page for rule in passwords.REQUIREMENTS) and "vega" in page
    assert "Please don't share your credentials" in page
    for password, sentence in (
        ("vera gallardo", passwords.TOO_SIMILAR),
        ("b3&x", passwords.TOO_SHORT),
        ("password1", passwords.TOO_COMMON),
        ("8301749265", passwords.ALL_DIGITS),
    ):
        status, text = set_to(client, password)
        assert status == 200
        told = [
            s
            for s in (
                passwords.TOO_SIMILAR,
                passwords.TOO_SHORT,
                passwords.TOO_COMMON,
                passwords.ALL_DIGITS,
            )
            if s in text.replace("&#39;", "'")
        ]
        assert told == [sentence]
        assert password not in text
    status, text = set_to(client, GOOD, GOOD + "!")
    assert status == 200 and password_links.DIFFERENT in text
    assert User.get_by_id(newcomer.id).password_hash == ""


def test_a_good_password_signs_in_and_ends_what_was_before(site: Site, newcomer: User) -> None:
    elsewhere = site.client()
    with elsewhere.session_transaction() as session:
        session["_user_id"] = sessions.start(newcomer)
    assert elsewhere.get("/api/users/me/").status_code == 200
    client, late = follow(site, newcomer), follow(site, newcomer)
    before = client.get_cookie("gsp_session").value
    token = token_of(late.get("/password/set").text)
    assert set_to(client, GOOD)[0] == 303
    assert client.get("/api/users/me/").json["username"] == "vega"
    assert client.get_cookie("gsp_session").value != before
    assert elsewhere.get("/api/users/me/").status_code == 401
    form = {"password": GOOD, "confirmation": GOOD, "csrf_token": token}
    text = late.post("/password/set", data=form).text
    assert password_links.INVALID in text and "/password/forgot" in text


@pytest.mark.parametrize("key", ["x", "A" * 43, "A" * 42 + ".", "%00", "%3Cscript%3E", "%F0%9F"])
def test_a_forged_link_is_a_sentence_with_the_way_to_a_new_one(site: Site, key: str) -> None:
    answer = site.client().get(f"/password/set/{key}")
    assert answer.status_code == 200
    assert password_links.INVALID in answer.text and 'href="/password/forgot"' in answer.text
    assert "<script>" not in answer.text
    assert password_links.INVALID in site.client().get("/password/set").text


def test_a_form_of_another_site_sets_nothing(site: Site, newcomer: User) -> None:
    client = follow(site, newcomer)
    form = {"password": GOOD, "confirmation": GOOD, "csrf_token": "x"}
    assert client.post("/password/set", data=form).status_code == 403
    form["csrf_token"] = token_of(client.get("/password/set").text)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post("/password/set", data=form, headers=headers).status_code == 403
    assert User.get_by_id(newcomer.id).password_hash == ""
    assert site.client().post("/password/forgot", data={"name": "vega"}).status_code == 403
    assert Mail.select().count() == 0


def test_the_login_page_leads_to_it(site: Site) -> None:
    assert 'href="/password/forgot"' in site.client().get("/login").text
