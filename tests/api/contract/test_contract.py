"""The document and the answers agree; and no input whatever makes a 500."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import routes
from api.contract.routing import OPERATIONS
from reduction.registry import all_blocks
from tests.support.web.route_access import TABLE
from tests.support.web_site import Site

assert routes.DECLARING  # their import fills OPERATIONS
QUIET = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CODES = {
    400: "invalid_request",
    401: "not_authenticated",
    403: "access_denied",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "precondition_failed",
    413: "too_large",
    416: "range_not_satisfiable",
    422: "unacceptable",
    429: "too_many_attempts",
    503: "unavailable",
}


def is_failure(answer: Any) -> bool:
    """Check the one shape of failures; tell whether the answer is one."""
    if answer.status_code < 400:
        return False
    assert answer.status_code != 500, answer.text
    error = answer.json["error"]
    assert CODES[answer.status_code] == error["code"]
    assert error["message"].endswith("."), error
    assert set(error) <= {"code", "message", "field", "detail"}
    if answer.status_code in (429, 503):
        assert int(answer.headers["Retry-After"]) > 0
    return True


@pytest.mark.parametrize(
    "declared",
    [o for o in OPERATIONS if o.name != "users_me_token"],  # renewed in the walk of the roles
    ids=lambda o: o.name,
)
def test_answers_are_what_the_document_says(site: Site, declared: Any) -> None:
    path, body = TABLE[(declared.method, f"/api{declared.path}")][1](site)
    answer = site.call("staff", declared.method, path, **body)
    if isinstance(declared.answer, str):
        assert answer.mimetype == declared.answer
        answer.close()
    elif not is_failure(answer):
        assert answer.status_code == declared.status
        model = declared.answer
        model.model_validate(answer.json)
        unknown = set(answer.json) - model.model_fields.keys()
        assert not unknown, f"the document does not know {unknown}"
        for row in answer.json.get("results", [])[:1]:
            item = model.model_fields["results"].annotation.__args__[0]
            assert set(row) == item.model_fields.keys()


def test_the_document_is_sound(site: Site) -> None:
    answer = site.call("user", "GET", "/api/openapi.json")
    document = answer.json
    assert document["openapi"] == "3.1.0"
    rules = {re.sub(r"<(\w+)>", r"{\1}", f"/api{o.path}") for o in OPERATIONS}
    assert set(document["paths"]) == rules
    references = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert references <= set(document["components"]["schemas"])
    names = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    assert len(names) == len(set(names))
    for path in document["paths"].values():
        for shown in path.values():
            assert shown["summary"] and "401" in shown["responses"]


def test_every_block_has_its_route_and_settings(site: Site) -> None:
    document = site.call("user", "GET", "/api/openapi.json").json
    for block in all_blocks().values():
        if block.route is None:
            continue
        shown = document["paths"][f"/api/files/{block.route}/"]["post"]
        assert block.label in shown["summary"]
        properties = document["components"]["schemas"][block.settings.__name__]["properties"]
        assert set(properties) == set(block.settings.model_fields)


def test_only_what_was_sent_overrides_the_proposal(site: Site) -> None:
    site.own.settings = {"reduce": {"ignore_bias": True}}
    site.own.save()
    path = "/api/files/reduce/"
    run = site.call("PI", "POST", path, json={"id": site.raw.id}).json
    assert run["settings"]["ignore_bias"] is True
    settings = {"ignore_flats": True}
    run = site.call("PI", "POST", path, json={"id": site.raw.id, "settings": settings}).json
    assert (run["settings"]["ignore_bias"], run["settings"]["ignore_flats"]) == (True, True)
    for wrong, name in (({"ignore_bia": True}, "ignore_bia"), ({"ignore_bias": []}, "ignore_bias")):
        answer = site.call("PI", "POST", path, json={"id": site.raw.id, "settings": wrong})
        assert answer.status_code == 422
        assert name in answer.json["error"]["field"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/files/", {"GET", "HEAD", "POST", "DELETE"}),
        ("PATCH", "/api/files", {"GET", "HEAD", "POST", "DELETE"}),
        ("POST", "/api/", {"GET", "HEAD"}),
        ("GET", "/api/files/reduce/", None),
        ("DELETE", "/api/openapi.json", {"GET", "HEAD"}),
        ("PUT", "/api/runs/1/cancel", {"POST"}),
    ],
)
def test_other_methods_are_405(
    site: Site, method: str, path: str, allowed: set[str] | None
) -> None:
    answer = site.call("staff", method, path)
    assert is_failure(answer)
    if allowed is None:  # a file of that name might exist: the detail route answers GET
        assert answer.status_code == 404
        return
    assert answer.status_code == 405
    assert {m.strip() for m in answer.headers["Allow"].split(",")} - {"OPTIONS"} == allowed


@pytest.mark.parametrize(
    "path",
    ["/api/nothing", "/api/files/1/2/3", "/api/v1/", "/api//files/", "/api/.."],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_prefix_is_claimed(site: Site, method: str, path: str) -> None:
    answer = site.call("staff", method, path)
    assert answer.status_code in (404, 405)
    assert is_failure(answer)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b'"x"', "application/json"),
        (b'{"id": NaN}', "application/json"),
        (b'{"id": 1}', "text/plain"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"id": ' + b"9" * 5000 + b"}", "application/json"),
        (b"id=1", "application/x-www-form-urlencoded"),
    ],
)
def test_bodies_that_can_not_be_read_are_400(site: Site, data: bytes, kind: str) -> None:
    answer = site.call("PI", "POST", "/api/files/reduce/", data=data, content_type=kind)
    assert answer.status_code == 400
    assert is_failure(answer)


def test_a_huge_body_is_413(site: Site) -> None:
    body = {"id": 1, "text": "x" * 1_100_000}
    answer = site.call("PI", "POST", "/api/files/comments/", json=body)
    assert answer.status_code == 413
    assert is_failure(answer)


numbers = st.integers(-(2**70), 2**70) | st.floats()
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
BODIES = sorted({name for o in OPERATIONS if o.body for name in o.body.model_fields})
QUERIES = sorted({name for o in OPERATIONS if o.query for name in o.query.model_fields})
READING = [o for o in OPERATIONS if o.method == "GET" and o.name != "events"]
WRITING = [o for o in OPERATIONS if o.body is not None]


@QUIET
@given(
    declared=st.sampled_from(READING),
    query=st.dictionaries(
        st.sampled_from(QUERIES) | st.text(max_size=5),
        st.text(max_size=20) | numbers.map(str),
        max_size=3,
    ),
    key=st.text(min_size=1, max_size=20) | st.integers(-1, 2**70).map(str),
)
def test_no_query_makes_a_500(site: Site, declared: Any, query: dict[str, str], key: str) -> None:
    from urllib.parse import quote

    path = "/api" + re.sub(
        r"<\w+>", lambda _: quote(key.encode("utf-8", "replace"), safe=""), declared.path
    )
    clean = {k.encode("utf-8", "replace"): v.encode("utf-8", "replace") for k, v in query.items()}
    answer = site.call("staff", "GET", path, query_string=clean)
    is_failure(answer)
    answer.close()


@QUIET
@given(
    declared=st.sampled_from(WRITING),
    body=st.dictionaries(st.sampled_from(BODIES) | st.text(max_size=5), anything, max_size=4),
)
def test_no_body_makes_a_500(site: Site, declared: Any, body: dict[str, Any]) -> None:
    answer = site.call(
        "staff",
        declared.method,
        f"/api{declared.path}",
        data=json.dumps(body),
        content_type="application/json",
    )
    assert is_failure(answer) or answer.status_code in (200, 201, 202)


@QUIET
@given(header=st.text(max_size=40), value=st.binary(max_size=200))
def test_no_header_or_cookie_makes_a_500(site: Site, header: str, value: bytes) -> None:
    client = site.client()
    text = header.encode("latin-1", "replace").decode("latin-1").replace("\n", "").replace("\r", "")
    for name in ("Authorization", "Range", "Last-Event-ID", "If-None-Match", "Accept", "Origin"):
        answer = client.get("/api/", headers={name: text})
        assert answer.status_code == 401
    client.set_cookie("gsp_session", value.hex())
    client.set_cookie("_csrf_token", value.hex())
    assert client.post("/login", data={"csrf_token": value, "username": header}).status_code == 403
    assert client.get("/api/").status_code == 401
