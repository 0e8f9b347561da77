"""Visual options that a page keeps with the account."""

from __future__ import annotations

from typing import Any

import pytest

from db.models import User
from tests.support.web.callback_calls import call
from tests.support.web_site import Site


@pytest.fixture(autouse=True)
def no_options(site: Site) -> None:
    User.update(visual={}).execute()


def save(site: Site, role: str, options: Any) -> Any:
    client = site.sign_in(role)
    token = client.get_cookie("_csrf_token").value
    return client.post("/options", json=options, headers={"X-CSRFToken": token})


def stored(role: str) -> dict[str, Any]:
    return dict(User.get(User.username == role.lower()).visual)


def test_only_what_was_changed_is_stored(site: Site) -> None:
    assert save(site, "PI", {"colormap": "Viridis"}).json == {"saved": ["colormap"]}
    assert save(site, "PI", {"show_title": False}).status_code == 200
    assert stored("PI") == {"colormap": "Viridis", "show_title": False}
    assert stored("staff") == {}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"colormap": "Rainbow"}, "colormap"),
        ({"show_title": "yes"}, "show_title"),
        ({"unknown": 1}, "unknown"),
        ({"theme": None}, "theme"),
    ],
)
def test_what_does_not_exist_is_refused(site: Site, options: Any, field: str) -> None:
    answer = save(site, "PI", options)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert stored("PI") == {}


def test_another_site_changes_nothing(site: Site) -> None:
    assert site.client().post("/options", json={"theme": "light"}).status_code == 401
    assert site.sign_in("PI").post("/options", json={"theme": "light"}).status_code == 403
    assert stored("PI") == {}


def test_the_form_of_the_user_page_changes_only_what_was_changed_in_it(site: Site) -> None:
    shown = {"colormap": "Gray", "theme": "dark", "show_saturated": True, "show_title": True}
    save(site, "PI", {"theme": "light"})  # in another window
    values = {f"visual-{name}.value": value for name, value in shown.items()}
    values |= {"visual.n_submit": 1, "visual-shown.data": shown, "visual-show_title.value": False}
    call(site, "PI", "visual-error.children", values)
    assert stored("PI") == {"theme": "light", "show_title": False}
