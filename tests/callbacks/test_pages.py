"""The pages' documents and callbacks, asked for without a browser."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

import pytest

from db.models import File
from reduction.frames import DataType
from services.accounts import accounts
from tests.support.web_site import Site

NEW_DATA = {"url.pathname": "/data", "url.search": ""}


def outputs_of(declared: Mapping[str, Any]) -> Any:
    """Return the outputs of a callback as a browser names them: a list, or the only one."""
    names = [name.strip(".") for name in declared["output"].split("...")]
    outputs = [
        dict(zip(("id", "property"), name.split("@")[0].rsplit(".", 1), strict=True))
        for name in names
    ]
    return outputs if declared["output"].startswith("..") else outputs[0]


def call(site: Site, role: str, output: str, values: dict[str, Any]) -> Any:
    """Fire the callback that writes `output`; return the answer's components as text and tree."""
    client = site.sign_in(role)
    declared = next(
        d
        for d in client.get("/_dash-dependencies").get_json()
        if output in d["output"] and not d["clientside_function"]
    )

    def filled(kind: str) -> list[dict[str, Any]]:
        return [
            {**given, "value": values.get(f"{given['id']}.{given['property']}")}
            for given in declared[kind]
        ]

    body = {
        "output": declared["output"],
        "outputs": outputs_of(declared),
        "inputs": filled("inputs"),
        "state": filled("state"),
        "changedPropIds": [f"{given['id']}.{given['property']}" for given in declared["inputs"]],
    }
    token = client.get_cookie("_csrf_token")
    answer = client.post(
        "/_dash-update-component", json=body, headers={"X-CSRFToken": token.value if token else ""}
    )
    assert answer.status_code in (200, 204), answer.get_data(as_text=True)
    return answer.get_json() if answer.status_code == 200 else {}


def test_the_document_has_the_theme_and_no_foreign_address(site: Site) -> None:
    person = site.people["PI"]
    for theme in ("light", "dark"):
        accounts.save_visual(person, theme=theme)
        page = site.sign_in("PI").get("/data").get_data(as_text=True)
        assert f'data-bs-theme="{theme}"' in page
    assert "//cdn" not in page
    assert "https://" not in page


def test_inline_scripts_are_those_of_the_policy(site: Site) -> None:
    answer = site.sign_in("PI").get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    page = answer.get_data(as_text=True)
    assert page.count("<script>") + page.count('<script id="_dash-renderer"') == 1
    assert "'sha256-" in policy


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
    gone = File.update(full_path="/nowhere/gone.fits", data_type=int(DataType.REDUCED))
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
