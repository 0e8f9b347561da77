"""Every refusal below ``/api`` has one form, and names the parameter as the caller wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from api import routes
from api.contract.errors import refusal
from api.contract.routing import OPERATIONS
from reduction.settings.proposal_settings import settings_model
from tests.support.web_site import Site

assert routes.DECLARING  # their import fills OPERATIONS

WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    10**30,
    float("inf"),
    "",
    "x" * 5000,
    "1e5",
    [],
    ["x", 1.5, None, {}],
    {},
    {"unknown": 1},
    {"constrained-int": 1},
)
MODELS = sorted(
    {model for o in OPERATIONS for model in (o.query, o.body) if model is not None}
    | {settings_model()},
    key=lambda model: model.__name__,
)


def resolved(schema: dict[str, Any], whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a schema stands for."""
    if "$ref" in schema:
        yield from resolved(whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole)
        return
    yield schema
    for word in ("anyOf", "oneOf", "allOf"):
        for member in schema.get(word, ()):
            yield from resolved(member, whole)


def is_path(path: str, whole: dict[str, Any]) -> bool:
    """Return whether a path leads somewhere in a JSON schema, whose list places are numbers."""
    here = [whole]
    for part in path.split("."):
        inner = []
        for schema in (found for one in here for found in resolved(one, whole)):
            if part in schema.get("properties", {}):
                inner.append(schema["properties"][part])
            elif part.isdigit() and schema.get("prefixItems"):
                inner.extend(schema["prefixItems"][int(part) : int(part) + 1])
            elif part.isdigit() and "items" in schema:
                inner.append(schema["items"])
            elif isinstance(schema.get("additionalProperties"), dict):
                inner.append(schema["additionalProperties"])
        here = inner
    return bool(here)


def places(model: type[BaseModel]) -> Iterator[list[str]]:
    """Yield the path of every field of a model, of those inside others too."""
    whole = model.model_json_schema()

    def walk(schema: dict[str, Any], path: list[str]) -> Iterator[list[str]]:
        for found in resolved(schema, whole):
            for name, inner in found.get("properties", {}).items():
                yield [*path, name]
                yield from walk(inner, [*path, name])

    yield from walk(whole, [])


def nested(path: list[str], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_wrong_value_is_named_by_a_path_of_the_schema(model: type[BaseModel]) -> None:
    whole = model.model_json_schema()
    refused = 0
    for path in places(model):
        for value in WRONG:
            try:
                model.model_validate(nested(path, value))
            except ValidationError as error:
                said = refusal(error, model, what="field")
            else:
                continue
            refused += 1
            assert said.message.endswith(".") and len(said.message) < 500
            if said.field is None:
                continue  # it concerns several fields
            name = said.field
            if said.message.startswith("Unknown field"):
                name = name.rpartition(".")[0]
            assert not name or is_path(name, whole), (path, value, said.field)
    assert refused


@pytest.mark.parametrize("value", [1.5, True, [], {}, -1, "", None])
def test_the_field_of_a_union_is_the_callers(site: Site, value: Any) -> None:
    answer = site.call("PI", "POST", "/api/files/reduce/", json={"id": value})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "id")


def test_a_wrong_setting_is_named_with_its_section(site: Site) -> None:
    body = {"id": site.raw.id, "settings": {"ignore_bias": "perhaps"}}
    answer = site.call("PI", "POST", "/api/files/reduce/", json=body)
    assert answer.json["error"]["field"] == "settings.ignore_bias"


@pytest.mark.parametrize("path", ["/api/logs/", "/api/events/"])
@pytest.mark.parametrize("since", ["0.5", "yesterday", "1e3", "-5", ""])
def test_a_time_that_can_not_be_read_is_malformed(site: Site, path: str, since: str) -> None:
    answer = site.call("PI", "GET", path, query_string={"since": since})
    assert (answer.status_code, answer.json["error"]["field"]) == (400, "since")
    assert answer.json["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_address_without_its_slash_is_the_api(site: Site, accept: str) -> None:
    headers = {"Accept": accept}
    answer = site.client().get("/api", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_authenticated")
    assert site.call("PI", "GET", "/api", headers=headers).json["name"] == "GSP Live"
    assert site.sign_in("PI").get("/api", headers=headers).json["name"] == "GSP Live"
    assert site.call("PI", "POST", "/api").status_code == 405


ALLOWED = {
    "/api/": {"GET", "HEAD"},
    "/api": {"GET", "HEAD"},
    "/api/files/": {"GET", "HEAD", "POST", "DELETE"},
    "/api/files/download/": {"GET", "HEAD", "POST"},
    "/api/users/me/token/": {"POST"},
    "/api/files/1": {"GET", "HEAD"},
}


@pytest.mark.parametrize("path", ALLOWED)
def test_allow_names_the_methods_of_the_address(site: Site, path: str) -> None:
    expected = ALLOWED[path] | {"OPTIONS"}
    for client, headers in (
        (site.client(), {"Authorization": f"Token {site.tokens['PI']}"}),
        (site.sign_in("PI"), {"Sec-Fetch-Site": "same-origin"}),  # no token: it changes nothing
    ):
        answer = client.open(path, method="OPTIONS", headers=headers)
        assert (answer.status_code, answer.data) == (204, b"")
        assert set(answer.headers["Allow"].split(", ")) == expected
    for method in ("TRACE", "BREW", "PROPFIND", "CONNECT"):
        answer = site.call("PI", method, path)
        assert answer.status_code == 405, method
        assert set(answer.headers["Allow"].split(", ")) == expected
        assert answer.json["error"]["code"] == "method_not_allowed"
    assert site.call("PI", "OPTIONS", "/api/nowhere/at/all").status_code == 404
    assert site.client().open(path, method="OPTIONS").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"If-Match": '"other"'}, 412, "precondition_failed"),
        ({"If-Match": '"other"', "Range": "bytes=0-9"}, 412, "precondition_failed"),
        ({"Range": "bytes=99999999-"}, 416, "range_not_satisfiable"),
    ],
)
def test_a_download_that_is_refused_sends_no_file(
    site: Site, headers: dict[str, str], status: int, code: str
) -> None:
    path = f"/api/files/download/?id={site.raw.id}"
    answer = site.call("PI", "GET", path, headers=headers)
    assert answer.status_code == status
    assert answer.json["error"]["code"] == code
    assert "Content-Disposition" not in answer.headers
    if status == 416:
        assert answer.headers["Content-Range"].startswith("bytes */")
    head = site.call("PI", "HEAD", path, headers=headers)
    assert (head.status_code, head.data) == (status, b"")


@pytest.mark.parametrize("path", ["/api/nothing", "/api/runs/0/", "/api/files/?page=0", "/api/"])
def test_head_is_the_get_without_its_body(site: Site, path: str) -> None:
    get, head = site.call("PI", "GET", path), site.call("PI", "HEAD", path)
    assert head.status_code == get.status_code
    assert head.data == b""
    assert head.mimetype == "application/json"


def test_a_post_takes_as_many_files_as_documented(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    import io
    import zipfile

    path = "/api/files/download/"
    answer = site.call("PI", "POST", path, json={"ids": [site.raw.id, site.spectrum.file_name]})
    assert answer.mimetype == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert names == [site.raw.file_name, site.spectrum.file_name]
    assert site.call("PI", "POST", path, json={"ids": [site.secret.id]}).status_code == 404
    with caplog.at_level(logging.ERROR):
        answer = site.call("PI", "POST", path, json={"ids": [site.raw.id] * 2000})
        assert answer.status_code == 200
        answer.close()
        many = site.call("PI", "POST", path, json={"ids": list(range(1, 2002))})
    assert (many.status_code, many.json["error"]["field"]) == (422, "ids")
    long = site.call("PI", "GET", path, query_string={"ids": "1," * 10_001})
    assert (long.status_code, long.json["error"]["field"]) == (422, "ids")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    schema = site.call("PI", "GET", "/api/openapi.json").json
    request = json.dumps(schema["components"]["schemas"]["ArchiveRequest"])
    assert '"maxItems": 2000' in request
