"""Forms of the pages: what is refused is said at its field, and the focus goes there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from db.models import User
from services.accounts import passwords
from tests.support.web.callback_calls import call
from tests.support.web_site import PASSWORD, Site


def submit(site: Site, role: str, form: str, **typed: Any) -> Any:
    """Submit a form as a person of that role; return what the page is told."""
    values = {f"{form}-{name}.value": value for name, value in typed.items()}
    told = call(site, role, f"{form}-error.children", {f"{form}.n_submit": 1, **values})
    return {**told["response"], **told.get("sideUpdate", {})}


def sentences(part: Any) -> list[str]:
    return [line["props"]["children"] for line in part["children"] or ()]


def test_a_refusal_stands_at_its_field_and_the_focus_goes_there(site: Site) -> None:
    User.update(first_name="", last_name="").where(User.username == "user").execute()
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


def test_every_broken_rule_is_a_sentence_of_its_own(site: Site) -> None:
    told = submit(site, "user", "password", old=PASSWORD, password="123", confirmation="123")
    said = sentences(told["password-password-error"])
    assert said == [passwords.TOO_SHORT, passwords.TOO_COMMON, passwords.ALL_DIGITS]
    assert "123" not in json.dumps(told)


def parts_of(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every component of a drawn page."""
    if isinstance(tree, list):
        for part in tree:
            yield from parts_of(part)
    elif isinstance(tree, dict) and "props" in tree:
        yield tree
        yield from parts_of(tree["props"].get("children"))


def test_of_the_buttons_of_a_form_only_one_submits_it(site: Site) -> None:
    # A button without a type submits, and dbc.Button sets none by itself.
    address = {"url.pathname": f"/proposals/{site.own.id}/settings", "url.search": ""}
    page = call(site, "PI", "page.children", address)["response"]["page"]["children"]
    (form,) = (part for part in parts_of(page) if part["props"].get("id") == "settings")
    buttons = [part["props"] for part in parts_of(form) if part["type"] == "Button"]
    assert [one["id"] for one in buttons if one.get("type") != "button"] == ["settings-submit"]
    assert len(buttons) > 3


def test_options_that_do_not_exist_are_refused_and_others_kept(site: Site) -> None:
    person = User.username == "PI".lower()
    chosen = {"colormap": "Cividis", "theme": "light", "show_saturated": False, "show_title": True}
    assert "toast" in submit(site, "PI", "visual", **chosen)
    told = submit(site, "PI", "visual", **{**chosen, "colormap": "Rainbow"})
    assert "Rainbow" in sentences(told["visual-colormap-error"])[0]
    assert {**User.get(person).visual, **chosen} == User.get(person).visual
    page = site.sign_in("PI").get("/data").get_data(as_text=True)
    assert 'data-bs-theme="light"' in page
    User.update(visual={}).where(person).execute()


def test_whoever_signs_out_everywhere_is_out_in_every_browser(site: Site) -> None:
    one, other = site.sign_in("collaborator"), site.sign_in("collaborator")
    token = one.get_cookie("_csrf_token").value
    assert one.post("/logout", headers={"X-CSRFToken": token}).status_code == 303
    assert other.get("/api/users/me/").status_code == 200
    token = other.get_cookie("_csrf_token").value
    third = site.sign_in("collaborator")
    other.post("/logout?everywhere=1", headers={"X-CSRFToken": token})
    assert third.get("/api/users/me/").status_code == 401
    assert site.call("collaborator", "GET", "/api/users/me/").status_code == 200
    person = User.get(User.username == "collaborator")
    site.people["collaborator"].session_version = person.session_version
