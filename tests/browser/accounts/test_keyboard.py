"""Every form is filled and submitted by the keyboard alone (settings and collaborators: there)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from callbacks import user
from tests.support.browser.keyboard import choose, expect, tab_to, turn, write
from tests.support.browser_window import Window, given_focus
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.browser


@dataclass
class Typist:
    """A staff account whose owner has no mouse."""

    name: str = "typist"
    password: str = "seven clear nights"


@pytest.fixture(scope="module")
def typist(live_site: LiveSite) -> Typist:
    made = Typist()
    live_site.add_user(made.name, made.password, "--staff")
    return made


@dataclass(frozen=True)
class Form:
    """A form: where it is, what is written into its fields, what it says, what is kept then."""

    path: str
    typed: dict[str, str]
    said: str
    query: str
    kept: tuple[Any, ...]
    chosen: tuple[str, str] | None = None
    turned: str = ""


FORMS = {
    "newuser": Form(
        "/management/users/new",
        {
            "first_name": "Tabea",
            "last_name": "Keys",
            "username": "tabea",
            "email": "tabea@observatory.example",
        },
        "Account tabea created",
        "SELECT first_name, last_name, email FROM user WHERE username = 'tabea'",
        ("Tabea", "Keys", "tabea@observatory.example"),
    ),
    "newproposal": Form(
        "/management/proposals/new",
        {
            "pi": "typist@example.org",
            "soar_id": "SOAR2026B-808",
            "title": "Without a mouse",
            "abstract": "Keys only.\nIn two lines.",
        },
        "Proposal SOAR2026B-808 registered.",
        "SELECT title, abstract, username FROM proposal JOIN user ON user.id = pi_id "
        "WHERE soar_id = 'SOAR2026B-808'",
        ("Without a mouse", "Keys only.\nIn two lines.", "typist"),
    ),
    "partner": Form(
        "/management/partners",
        {"name": "Keyboard Institute"},
        "Keyboard Institute",
        "SELECT name FROM partner WHERE name LIKE 'Keyb%'",
        ("Keyboard Institute",),
    ),
    "user": Form(
        "/user",
        {"first_name": "Ty", "last_name": "Pist"},
        user.SAVED,
        "SELECT first_name, last_name FROM user WHERE username = 'typist'",
        ("Ty", "Pist"),
    ),
    "visual": Form(
        "/user",
        {},
        user.VISUAL_SAVED,
        "SELECT json_extract(visual, '$.theme'), json_extract(visual, '$.show_title') "
        "FROM user WHERE username = 'typist'",
        ("light", 0),
        chosen=("theme", "Light"),
        turned="show_title",
    ),
}


def enter(window: Window, typist: Typist, path: str) -> Any:
    """Sign in (without a mouse, as in all tests) and return the page when it is there."""
    page = window.sign_in(typist.name, typist.password, path)
    window.settle()
    return page


def told(page: Any, sentence: str) -> None:
    expect(page.get_by_role("status").filter(has_text=sentence)).to_be_visible()


@pytest.mark.parametrize("name", FORMS)
def test_keys_fill_and_submit_a_form(
    open_window: Callable[..., Window], live_site: LiveSite, typist: Typist, name: str
) -> None:
    form = FORMS[name]
    page = enter(open_window(), typist, form.path)
    for field, text in form.typed.items():
        write(page, f"{name}-{field}", text)
    if form.chosen:
        choose(page, f"{name}-{form.chosen[0]}", form.chosen[1])
    if form.turned:
        turn(page, f"{name}-{form.turned}")
    tab_to(page, f"{name}-submit")
    page.keyboard.press("Enter")
    told(page, form.said)
    assert live_site.rows(form.query) == [form.kept]


def test_a_form_that_nobody_has_sent_is_not_busy(
    open_window: Callable[..., Window], typist: Typist
) -> None:
    # It was, until an answer nobody had asked for came: Enter was not heard meanwhile.
    window = open_window()
    page = window.sign_in(typist.name, typist.password)
    asked: list[list[str]] = []
    page.on("request", lambda one: asked.append((one.post_data_json or {}).get("changedPropIds")))
    window.open("/management/users/new")
    window.settle()
    assert asked
    assert ["newuser.n_submit"] not in asked


def test_keys_change_the_password_and_ask_for_a_forgotten_one(
    open_window: Callable[..., Window], typist: Typist
) -> None:
    page = enter(open_window(), typist, "/user")
    new = "eight windy evenings"
    for field, text in (("old", typist.password), ("password", new), ("confirmation", new)):
        write(page, f"password-{field}", text)
    page.keyboard.press("Enter")
    told(page, user.PASSWORD_SAVED)
    typist.password = new
    enter(open_window(), typist, "/user")

    page = open_window().open("/login")
    given_focus(page, "username")
    tab_to(page, "forgot")
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/forgot")
    given_focus(page, "name")
    page.keyboard.type("nobody@observatory.example")
    page.keyboard.press("Enter")
    told(page, "is being sent by e-mail")
