"""Forms of the pages: what is refused is said at its field, and the focus goes there."""

from __future__ import annotations

import json
from typing import Any

from db.models import User
from services import passwords, profile
from tests.api.conftest import PASSWORD, Site
from tests.api.test_pages import call


def submit(site: Site, role: str, form: str, **typed: Any) -> Any:
    """Submit a form as a person of that role; return what the page is told."""
    values = {f"{form}-{name}.value": value for name, value in typed.items()}
    return call(site, role, f"{form}-error.children", {f"{form}.n_submit": 1, **values})["response"]


def sentences(part: Any) -> list[str]:
    return [line["props"]["children"] for line in part["children"] or ()]


def test_a_refusal_stands_at_its_field_and_the_focus_goes_there(site: Site) -> None:
    told = submit(site, "user", "user", first_name="N\x07", last_name="Núñez")
    assert "printable" in sentences(told["user-first_name-error"])[0]
    assert sentences(told["user-last_name-error"]) == []
    assert told["focus"]["data"]["id"] == "user-first_name"
    assert "toast" not in told
    assert User.get(User.username == "user").last_name == ""


def test_an_accepted_form_says_so_and_clears_what_was_wrong(site: Site) -> None:
    told = submit(site, "user", "user", first_name=" Nina ", last_name="Núñez")
    assert sentences(told["user-first_name-error"]) == []
    assert told["toast"]["data"]["kind"] == "success"
    assert User.get(User.username == "user").full_name == "Nina Núñez"
    profile.rename(site.people["user"], first_name="", last_name="")


def test_every_broken_rule_is_a_sentence_of_its_own(site: Site) -> None:
    told = submit(site, "user", "password", old=PASSWORD, password="123", confirmation="123")
    said = sentences(told["password-password-error"])
    assert said == [passwords.TOO_SHORT, passwords.TOO_COMMON, passwords.ALL_DIGITS]
    assert "123" not in json.dumps(told)
