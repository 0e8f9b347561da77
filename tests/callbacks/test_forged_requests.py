"""Whatever is posted to Dash's address: no traceback, no error of the server, one quiet line."""

from __future__ import annotations

import copy
import json
import logging
import random
from typing import Any

import pytest
from flask.testing import FlaskClient

from callbacks.core import received
from tests.support import other_proposal
from tests.support.callback_rows import ROWS
from tests.support.other_proposal import Ids
from tests.support.web.callback_calls import asked, filled, outputs_of, prop, server_side
from tests.support.web_site import Site

own = other_proposal.own

PATH = "/_dash-update-component"
WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    7,
    10**30,
    1.5,
    1e308,
    "",
    "x",
    "\x00",
    "\ud800",
    "/data/" + "9" * 40,
    "?page=" + "9" * 40,
    "%00",
    "x" * 20_000,
    "é{}()[]'\"",
    [],
    [1],
    [[]],
    [{"id": 1}],
    [{"id": "x"}],
    [{}],
    {},
    {"id": 1},
    {"id": "x", "checksum": 1},
    {"command": "run"},
    {"command": ["run"], "file": {}},
    {"command": "run", "file": "x", "block": "nothing"},
    {"proposal": 1, "version": 1, "stored": {"reduce": 1}},
    {"proposal": 1, "version": 1, "stored": {"reduce.ignore_bias": []}},
    {"startRow": 0, "endRow": 10**9, "sortModel": [{"colId": "x", "sort": "y"}]},
    {"startRow": 5, "endRow": 1, "sortModel": [{}]},
    {"ids": [10**12], "night": "x"},
)


def post(client: FlaskClient, body: Any, **more: Any) -> Any:
    token = client.get_cookie("_csrf_token").value
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-CSRFToken": token}
    return client.post(
        PATH, data=data, headers=headers, **{"content_type": "application/json", **more}
    )


def genuine(site: Site, ids: Ids, client: FlaskClient) -> list[dict[str, Any]]:
    """Return the requests that pages send, one of each callback at least."""
    bodies = []
    for name, declared in server_side(client).items():
        for row in ROWS[name]:
            values = filled(asked(declared, name, row), ids)

            def sent(given: dict[str, Any], values: dict[str, Any] = values) -> Any:
                return {**given, "value": values[prop(given)]}

            if any(given["id"].startswith("{") for given in declared["inputs"]):
                continue
            inputs = [sent(given) for given in declared["inputs"]]
            body = {
                "output": declared["output"],
                "outputs": outputs_of(declared),
                "inputs": inputs,
                "state": [sent(given) for given in declared["state"]],
                "changedPropIds": [f"{inputs[0]['id']}.{inputs[0]['property']}"],
            }
            bodies.append(body)
    return bodies


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return site.sign_in("staff")


def test_every_input_and_state_says_what_it_holds(client: FlaskClient) -> None:
    for declared in server_side(client).values():
        for given in (*declared["inputs"], *declared["state"]):
            received.shape_of(prop(given))  # add a line to SHAPES for a new one


def test_values_that_no_page_sends(
    site: Site, own: Ids, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Every input and state of every callback with every wrong value, one at a time."""
    said = set()
    seen = set()
    wrong: list[Any] = []
    with caplog.at_level(logging.INFO):
        for body in genuine(site, own, client):
            for kind in ("inputs", "state"):
                for place, given in enumerate(body[kind]):
                    key = (body["output"], kind, place)
                    if key in seen:
                        continue
                    seen.add(key)
                    for value in WRONG:
                        forged = copy.deepcopy(body)
                        forged[kind][place]["value"] = value
                        answer = post(client, forged)
                        said.add(answer.status_code)
                        wrong += [
                            (body["output"], prop(given), value, record.exc_info)
                            for record in caplog.records
                            if record.exc_info or answer.status_code >= 500
                        ]
                        caplog.clear()
    assert not wrong, f"{len(wrong)} tracebacks, the first ones: {wrong[:5]}"
    assert said == {200, 204, 400}


def forgeries(body: dict[str, Any], others: list[dict[str, Any]]) -> list[Any]:
    other = others[0] if others[0]["output"] != body["output"] else others[1]
    changed: list[Any] = [{**body, name: other[name]} for name in ("output", "outputs")]
    for name in body:
        changed.append({key: value for key, value in body.items() if key != name})
        changed += [{**body, name: value} for value in WRONG[:26]]
    for kind in ("inputs", "state"):
        if body[kind]:
            changed += [
                {**body, kind: [*body[kind], body[kind][0]]},
                {**body, kind: body[kind][1:]},
                {**body, kind: [{**body[kind][0], "id": "other"}, *body[kind][1:]]},
                {**body, kind: [{**body[kind][0], "id": {"type": "x"}}, *body[kind][1:]]},
                {**body, kind: [{**body[kind][0], "property": None}, *body[kind][1:]]},
                {**body, kind: [body[kind], *body[kind][1:]]},
            ]
    changed += [{**body, "changedPropIds": ["{x.n_clicks"]}, {**body, "changedPropIds": ["x"]}]
    return changed


def test_bodies_that_no_page_sends(
    site: Site, own: Ids, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = genuine(site, own, client)
    chosen = random.Random(1).sample(bodies, 6)
    whole = [forged for body in chosen for forged in forgeries(body, bodies)]
    whole += [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"x"',
        b"null",
        b'{"output": NaN}',
        b"[" * 100_000,
        b'{"output": ' + b"9" * 5000 + b"}",
        b"{" * 30 + b"}" * 30,
        {"output": {"id": "page"}},
        {"output": "..page.children..."},
        {"output": "__proto__.x"},
    ]
    assert len(whole) > 600
    refused = 0
    with caplog.at_level(logging.INFO):
        for forged in whole:
            caplog.clear()
            answer = post(client, forged)
            assert not [r for r in caplog.records if r.exc_info], forged
            assert answer.status_code in (200, 204, 400), forged
            if answer.status_code == 400:
                refused += 1
                assert answer.json["error"]["code"] == "invalid_request"
                lines = [r.getMessage() for r in caplog.records]
                assert len(lines) == 1 and "\n" not in lines[0]
    assert refused > 500
    assert post(client, bodies[0], content_type="text/plain").status_code == 400


def test_what_pages_send_is_answered(site: Site, own: Ids, client: FlaskClient) -> None:
    for body in genuine(site, own, client):
        assert post(client, body).status_code in (200, 204), body["output"]
