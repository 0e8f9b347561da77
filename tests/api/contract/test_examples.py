"""Every operation of the document shows what is sent and answered, and nothing that is not so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel

from api import routes
from api.contract import errors
from api.contract.routing import OPERATIONS
from api.document import examples
from api.document.openapi import document
from tests.support.web_site import Site, add_file

assert routes.DECLARING
WHOLE = document()
SHOWN = [
    (f"{method.upper()} {path}", operation)
    for path, methods in WHOLE["paths"].items()
    for method, operation in methods.items()
]


def resolved(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference of the document stands for."""
    if "$ref" not in shown:
        return shown
    found: Any = WHOLE
    for part in shown["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def given(media: dict[str, Any]) -> list[Any]:
    """Return the examples of a media type."""
    several = [shown["value"] for shown in media.get("examples", {}).values()]
    return [media["example"]] if "example" in media else several


def check(example: Any, media: dict[str, Any]) -> None:
    schema = {**media["schema"], "components": WHOLE["components"]}
    Draft202012Validator(schema).validate(example)


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every media type that an operation takes or answers."""
    parts = [operation.get("requestBody", {}), *operation["responses"].values()]
    for part in parts:
        yield from resolved(part).get("content", {}).items()


@pytest.mark.parametrize(("name", "operation"), SHOWN, ids=[name for name, _ in SHOWN])
def test_every_operation_has_examples_that_fit_their_schema(
    name: str, operation: dict[str, Any]
) -> None:
    for kind, media in contents(operation):
        if kind == "application/json" or kind.startswith("text/"):
            assert given(media), f"{name} shows no example of {kind}"
        for example in given(media):
            check(example, media)
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], f"{name}: {parameter['name']} says nothing of itself"
        if parameter["required"] and parameter["in"] == "query":
            check(parameter["example"], parameter)


@pytest.mark.parametrize("declared", OPERATIONS, ids=lambda o: o.name)
def test_examples_are_what_the_models_take(declared: Any) -> None:
    for model in (declared.body, declared.answer):
        if isinstance(model, type) and issubclass(model, BaseModel):
            for example in examples.several(model):
                model.model_validate_json(json.dumps(example))


def test_a_field_without_an_example_is_noticed() -> None:
    class New(BaseModel):
        never_seen_before: int

    with pytest.raises(examples.NoExample, match="never_seen_before"):
        examples.of(New)


def test_every_error_code_has_an_example() -> None:
    codes = {(status, code) for code, status in errors.STATUS.items()}
    codes |= set(errors.HTTP_CODES.items())
    shown = {
        (status, body["error"]["code"])
        for status, bodies in examples.failures().items()
        for body in bodies.values()
    }
    assert shown == codes


def provoke(site: Site) -> dict[str, Any]:
    """Fail in the ways that the examples tell of."""
    (site.config.raw_dirs[0] / "twins").mkdir(exist_ok=True)
    add_file(site.config, f"twins/{site.raw.file_name}", site.own)
    reduce = "/api/files/reduce/"
    return {
        "parameter": site.call("PI", "GET", "/api/files/?gratng=x"),
        "body": site.call("PI", "POST", reduce, data="{", content_type="application/json"),
        "anonymous": site.call(None, "GET", "/api/files/"),
        "token": site.call(None, "GET", "/api/files/", headers={"Authorization": "Token x"}),
        "raw file": site.call("PI", "DELETE", "/api/files/", json={"id": site.raw.id}),
        "file": site.call("PI", "GET", "/api/files/absent.fits/"),
        "run": site.call("PI", "GET", "/api/runs/999999/"),
        "proposal": site.call("PI", "GET", "/api/proposals/999999/"),
        "file name": site.call("PI", "GET", f"/api/files/{site.raw.file_name}/"),
        "ended run": site.call("PI", "POST", f"/api/runs/{site.run.id}/cancel/"),
        "setting": site.call(
            "PI", "POST", reduce, json={"id": site.raw.id, "settings": {"max_target": 1}}
        ),
        "missing": site.call("PI", "POST", reduce, json={}),
        "method": site.call("PI", "PATCH", "/api/files/"),
        "size": site.call(
            "PI", "POST", reduce, data=b" " * 2_000_000, content_type="application/json"
        ),
        "version": site.call(
            "PI",
            "GET",
            f"/api/files/download/?id={site.spectrum.id}",
            headers={"If-Match": '"x"'},
        ),
        "range": site.call(
            "PI",
            "GET",
            f"/api/files/download/?id={site.spectrum.id}",
            headers={"Range": "bytes=99999999-"},
        ),
    }


def test_failures_are_answered_as_the_examples_say(site: Site) -> None:
    told = {
        name: (status, body)
        for status, bodies in examples.failures().items()
        for name, body in bodies.items()
    }
    answers = provoke(site)
    assert set(told) - set(answers) == {"limit", "database"}  # in test_processing and test_wall
    for name, answer in answers.items():
        status, body = told[name]
        assert answer.status_code == status, (name, answer.text)
        said = answer.json
        if "detail" in said["error"]:  # ids of this test's own
            assert said["error"].pop("detail").keys() == body["error"].pop("detail").keys()
        assert said == body, name
        headers = WHOLE["components"]["responses"]
        named = next(r for r in headers.values() if given_code(r) == body["error"]["code"])
        assert set(named["headers"]) <= set(answer.headers.keys()), name


def given_code(response: dict[str, Any]) -> str:
    return str(given(response["content"]["application/json"])[0]["error"]["code"])


def test_texts_look_as_shown(site: Site) -> None:
    path = f"/api/files/data/?id={site.spectrum.id}&format=csv"
    table = csv.reader(io.StringIO(site.call("PI", "GET", path).text))
    shown = WHOLE["paths"]["/api/files/data/"]["get"]["responses"]["200"]["content"]["text/csv"]
    assert next(csv.reader(io.StringIO(shown["example"]))) == next(table)
