"""schemathesis walks the whole document, also in sequences, as every role.

No 5xx, no status or shape that the document does not know, nothing but JSON where JSON is said.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import db
from api import routes
from api.contract import limits
from db.models import Comment, Event, File, LogEntry, Mail, Membership, Proposal, Run
from reduction.fits import frame_io
from reduction.frames import DataType, Product
from services.files.visualization import previews
from tests.support import builders
from tests.support.web.goodman_files import write_goodman_cards
from tests.support.web_site import Site

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
SEQUENCES = settings(QUIET, max_examples=40, stateful_step_count=12)
MOST_WALKS = 8
# An endless stream; and what would void the token that the walk itself uses.
CHANGED = (Proposal, Membership, File, Run, Comment, LogEntry, Event, Mail)
"""The tables that a walk changes; each refers to those before it."""
LEFT_OUT = ("/api/events/", "/api/users/me/token/")


def headers_of(site: Site, role: str) -> dict[str, str]:
    # schemathesis does not unpack what it gets from a WSGI application.
    return {"Authorization": f"Token {site.tokens[role]}", "Accept-Encoding": "identity"}


def prepare_images() -> None:
    """Make what the pages show of images: without a queue nobody would."""
    for file in File.select().where(File.data_type << (0, 1)):
        if not previews.exists(file):
            previews.build(file.id)


@pytest.fixture
def schema(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for file in (site.raw, site.secret):
        write_goodman_cards(file)
    path = Path(site.master.full_path)
    path.unlink()
    frame_io.write(Product(path.name, DataType.MASTER, builders.image(100.0)), path)
    prepare_images()
    monkeypatch.setattr(limits, "LIMITS", dict.fromkeys(limits.LIMITS, 10**9))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = schemathesis.openapi.from_wsgi(
            "/api/openapi.json",
            site.server,
            headers=headers_of(site, "user"),
        )
        yield loaded.exclude(path=list(LEFT_OUT))


def modes(operation: Any) -> list[schemathesis.GenerationMode]:
    """Return what can be generated: nothing is wrong in itself without a query or a body."""
    raw = operation.definition.raw
    asks = "requestBody" in raw or any(p["in"] == "query" for p in raw.get("parameters", ()))
    return [schemathesis.GenerationMode.POSITIVE, *[schemathesis.GenerationMode.NEGATIVE] * asks]


class Snapshot:
    """The rows and files as they are: a sequence that is tried again must find the same."""

    def __init__(self) -> None:
        self.rows = {table: list(table.select().tuples()) for table in CHANGED}
        paths = [Path(file.full_path) for file in File.select()]
        self.contents = {path: path.read_bytes() for path in paths}

    def restore(self) -> None:
        with db.database.atomic():
            for table in reversed(CHANGED):
                table.delete().execute()
            for table, rows in self.rows.items():
                if rows:
                    table.insert_many(rows, fields=table._meta.sorted_fields).execute()
        for path, content in self.contents.items():
            if not path.exists():
                path.write_bytes(content)
        prepare_images()


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


def walk_until(walk: Any, followed: set[tuple[str, str, int]], enough: int) -> set[tuple[str, str]]:
    """Walk by another way each time, until enough operations were reached through others."""
    reached: set[tuple[str, str]] = set()
    for number in range(MOST_WALKS):
        seed(number)(walk).run(settings=SEQUENCES)
        reached = {(method, path) for method, path, status in followed if status < 300}
        if len(reached) >= enough:
            break
    return reached


@pytest.mark.parametrize("role", ROLES)
def test_sequences_of_operations_answer_as_documented(site: Site, schema: Any, role: str) -> None:
    """What one operation answers is asked for, changed and deleted by the next ones."""
    followed = set()
    kept = Snapshot()

    class Walk(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            super().setup()
            kept.restore()
            self.orderings = itertools.cycle(("id", "-id", "file_name"))

        def get_call_kwargs(self, _case: Any) -> dict[str, Any]:
            return {"headers": headers_of(site, role)}

        def before_call(self, case: Any) -> None:
            # Any filter made up leaves nothing to go on with.
            if case.method == "GET" and case.path == "/api/files/":
                case.query = {"ordering": next(self.orderings)}
            elif case.method == "GET" and case.path == "/api/runs/":
                case.query = {}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, checks=list(CHECKS), headers=headers_of(site, role))

        def step(self, input: Any) -> Any:
            output = super().step(input)
            if output is not None and input.transition is not None and input.is_applied:
                followed.add((input.case.method, input.case.path, output.response.status_code))
            return output

    reached = walk_until(Walk, followed, 1 if role == "user" else 8)
    assert len(reached) >= 8 or role == "user", reached
    assert {method for method, _ in reached} >= {"GET"}
