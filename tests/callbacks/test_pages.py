"""The pages' documents and callbacks, asked for without a browser."""

from __future__ import annotations

import html
import json
import re

import pytest

from db.models import File
from reduction.frames import DataType
from services.accounts import visual_options
from tests.support.web.callback_calls import NEW_DATA, call
from tests.support.web_site import Site


def test_the_document_has_the_theme_and_no_foreign_address(site: Site) -> None:
    person = site.people["PI"]
    for theme in ("light", "dark"):
        visual_options.save(person, theme=theme)
        page = site.sign_in("PI").get("/data").get_data(as_text=True)
        assert f'data-bs-theme="{theme}"' in page
    assert "//cdn" not in page
    assert "https://" not in page


def test_no_script_is_inline(site: Site) -> None:
    answer = site.sign_in("PI").get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.split("script-src")[1].split(";")[0].split() == ["'self'"]
    scripts = re.findall(r"<script([^>]*)>", answer.get_data(as_text=True))
    assert any("_dash-renderer" in script for script in scripts)
    assert all("src=" in script or "application/json" in script for script in scripts)


@pytest.mark.parametrize(("role", "sees"), [("user", 0), ("collaborator", 1), ("PI", 1)])
def test_the_file_index_holds_ones_own_frames(site: Site, role: str, sees: int) -> None:
    text = json.dumps(call(site, role, "index-parts.data", NEW_DATA))
    assert ("0042_WD" in text) == bool(sees)
    assert "SECRET" not in text
    assert ("Nothing observed yet" in text) == (not sees)
    assert "SECRET" in json.dumps(call(site, "staff", "index-parts.data", NEW_DATA))


def test_another_proposals_file_looks_like_no_file(site: Site) -> None:
    def shown(file_id: int) -> str:
        url = {"url.pathname": f"/data/{file_id}", "url.search": ""}
        answer = call(site, "PI", "view-parts.data", url)
        del answer["response"]["view-parts"]["data"]["at"]  # an event's id may be like a file's
        return json.dumps(answer).replace(str(file_id), "N")

    theirs = shown(site.secret.id)
    assert theirs == shown(site.secret.id + 100_000)
    assert "No such file" in theirs


def test_a_spectrum_is_left_to_the_browser(site: Site) -> None:
    url = {"url.pathname": f"/data/{site.spectrum.id}", "url.search": ""}
    drawn = call(site, "PI", "view-parts.data", url)["response"]
    assert "figure" not in drawn["image"]["data"]
    facts = drawn["image"]["data"]
    assert (facts["kind"], facts["id"]) == ("spectrum", site.spectrum.id)
    assert facts["checksum"] == site.spectrum.checksum[:16]


def test_an_unreadable_file_is_a_sentence_and_the_page_lives(site: Site) -> None:
    gone = File.update(full_path="/nowhere/gone.fits", data_type=DataType.REDUCED)
    gone.where(File.id == site.spectrum.id).execute()
    url = {"url.pathname": f"/data/{site.spectrum.id}", "url.search": ""}
    drawn = call(site, "PI", "view-parts.data", url)["response"]
    assert "unreadable" in drawn["view"]["className"]
    notes = drawn["view-parts"]["data"]["html"]["view-notes"]
    assert "can't be shown" in html.unescape(notes)


@pytest.mark.parametrize(
    "command",
    [
        {"command": "run", "block": "reduce", "file": "{secret}"},
        {"command": "delete", "file": "{secret}"},
        {"command": "delete", "file": "{raw}"},
        {"command": "cancel", "run": "{secret_run}"},
        {"command": "retry", "run": "{secret_run}"},
        {"command": "delete-comment", "comment": "1"},
        {"command": "nonsense"},
        {"command": "run", "block": "reduce", "file": "1; DROP TABLE file"},
    ],
)
def test_a_command_that_may_not_be_is_a_sentence(site: Site, command: dict[str, str]) -> None:
    ids = {"secret": site.secret.id, "raw": site.raw.id, "secret_run": site.secret_run.id}
    filled = {key: value.format(**ids) for key, value in command.items()}
    before = File.select().count()
    answer = call(site, "PI", "done.data", {"command.data": filled, **NEW_DATA})
    said = answer["sideUpdate"]["toast"]["data"]
    assert said["kind"] == "danger"
    assert "Traceback" not in said["text"]
    assert File.select().count() == before
