"""schemathesis walks the whole document, also in sequences, as every role.

No 5xx, no status or shape that the document does not know, nothing but JSON where JSON is said.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api import limits, routes
from services import previews
from tests.api.conftest import Site
from tests.api.test_pictures import as_raw

assert routes.DECLARING
ROLES = ("user", "PI", "staff", "superuser")
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
QUIET = settings(
    max_examples=4,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# An endless stream; and what would void the token that the walk itself uses.
LEFT_OUT = ("/api/events/", "/api/users/me/token/")


def headers_of(site: Site, role: str) -> dict[str, str]:
    # schemathesis does not unpack what it gets from a WSGI application.
    return {"Authorization": f"Token {site.tokens[role]}", "Accept-Encoding": "identity"}


@pytest.fixture
def schema(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    as_raw(site.raw)
    for file in (site.raw, site.secret):
        as_raw(file)
        previews.build(file.id)
    monkeypatch.setattr(limits, "LIMITS", dict.fromkeys(limits.LIMITS, 10**9))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = schemathesis.openapi.from_wsgi(
            "/api/openapi.json", site.server,
            headers=headers_of(site, "user"),
        )  # fmt: skip
        yield loaded.exclude(path=list(LEFT_OUT))


def modes(operation: Any) -> list[schemathesis.GenerationMode]:
    """Return what can be generated: nothing is wrong in itself without a query or a body."""
    raw = operation.definition.raw
    asks = "requestBody" in raw or any(p["in"] == "query" for p in raw.get("parameters", ()))
    return [schemathesis.GenerationMode.POSITIVE, *[schemathesis.GenerationMode.NEGATIVE] * asks]


@pytest.mark.parametrize("role", ROLES)
def test_every_operation_answers_as_documented(site: Site, schema: Any, role: str) -> None:
    headers = headers_of(site, role)
    seen = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in modes(operation):

            @QUIET
            @given(case=operation.as_strategy(generation_mode=mode))
            def walk(case: Any) -> None:
                response = case.call(headers=headers)
                case.validate_response(response, checks=list(CHECKS), headers=headers)
                seen.add((case.method, case.path, response.status_code))

            walk()
    assert len({(method, path) for method, path, _ in seen}) > 25
    assert {200, 404, 422} <= {status for *_, status in seen}
