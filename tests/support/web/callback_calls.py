"""Callbacks of the running application, fired as a browser does."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.callback_rows import COMMON, Row
from tests.support.other_proposal import Ids
from tests.support.web_site import Site

NEW_DATA = {"url.pathname": "/data", "url.search": ""}
PATTERN = {"block": "reduce"}
"""What stands in a pattern-matching id for ALL and MATCH."""
HELP = """
Every callback needs a row in tests/support/callback_rows.py, so that it is asked, as every role,
for what is somebody else's. Add

    "{name}": (Row({{"url.pathname": "/…/{{proposal}}", …}}, shows=True),),

with the inputs and states that carry ids; see the head of that file.
"""


def call(site: Site, role: str, output: str, values: dict[str, Any]) -> Any:
    """Fire the callback that writes `output`, as a person of this role; return its answer."""
    client = site.sign_in(role)
    declared = next(
        d
        for d in client.get("/_dash-dependencies").get_json()
        if output in d["output"] and not d["clientside_function"]
    )

    def with_values(kind: str) -> list[dict[str, Any]]:
        return [
            {**given, "value": values.get(f"{given['id']}.{given['property']}")}
            for given in declared[kind]
        ]

    changed = [f"{given['id']}.{given['property']}" for given in declared["inputs"]]
    return send(client, declared, with_values("inputs"), with_values("state"), changed)


def send(
    client: FlaskClient, declared: dict[str, Any], inputs: Any, state: Any, changed: list[str]
) -> dict[str, Any]:
    """Post the request of a callback; return its answer, empty when nothing changes."""
    body = {
        "output": declared["output"],
        "outputs": outputs_of(declared),
        "inputs": inputs,
        "state": state,
        "changedPropIds": changed,
    }
    token = client.get_cookie("_csrf_token")
    answer = client.post(
        "/_dash-update-component", json=body, headers={"X-CSRFToken": token.value if token else ""}
    )
    assert answer.status_code in (200, 204), answer.get_data(as_text=True)
    return dict(answer.get_json()) if answer.status_code == 200 else {}


def outputs_of(declared: Mapping[str, Any]) -> Any:
    """Return the outputs of a callback as a browser names them: a list, or the only one."""
    names = [name.strip(".") for name in declared["output"].split("...")]
    outputs = [
        dict(zip(("id", "property"), name.split("@")[0].rsplit(".", 1), strict=True))
        for name in names
    ]
    return outputs if declared["output"].startswith("..") else outputs[0]


def server_side(client: FlaskClient) -> dict[str, dict[str, Any]]:
    """Return every callback that runs on the server by the name of its row."""
    declared = client.get("/_dash-dependencies").get_json()
    return {name_of(one): one for one in declared if not one["clientside_function"]}


def name_of(declared: dict[str, Any]) -> str:
    first = re.sub(r"@[0-9a-f]+$", "", declared["output"].strip(".").split("...")[0])
    return f"{first} ← {prop(declared['inputs'][0])}"


def prop(given: dict[str, Any]) -> str:
    """``id.property``; of a pattern-matching id its type."""
    identity = given["id"]
    if identity.startswith("{"):
        identity = json.loads(identity)["type"]
    return f"{identity}.{given['property']}"


def value_of(name: str, row: Row, given: str) -> Any:
    if given in row.values:
        return row.values[given]
    for pattern, value in COMMON.items():
        if fnmatch.fnmatchcase(given, pattern):
            return value
    pytest.fail(f"The row of {name!r} does not say what {given!r} holds.{HELP.format(name=name)}")


def asked(declared: dict[str, Any], name: str, row: Row) -> dict[str, Any]:
    """Return what each input and state holds, placeholders and all."""
    given = [*declared["inputs"], *declared["state"]]
    return {prop(one): value_of(name, row, prop(one)) for one in given}


def filled(value: Any, ids: Ids) -> Any:
    """Put ids in the place of placeholders; a text that is nothing else becomes the id itself."""
    if isinstance(value, dict):
        return {key: filled(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    whole = value.strip("{}")
    return ids[whole] if value == f"{{{whole}}}" and whole in ids else value.format(**ids)


def has_ids(value: Any) -> bool:
    return bool(re.search(r"\{[a-z_]+\}", json.dumps(value)))


def fire(client: FlaskClient, declared: dict[str, Any], row: Row, values: dict[str, Any]) -> str:
    """Fire a callback; return the text of its answer, "" when nothing changes."""

    def sent(given: dict[str, Any]) -> Any:
        value = values[prop(given)]
        if not given["id"].startswith("{"):
            return {**given, "value": value}
        wild = {
            k: PATTERN.get(k, "x") if isinstance(v, list) else v
            for k, v in json.loads(given["id"]).items()
        }
        return [{"id": wild, "property": given["property"], "value": value}]

    def identity(given: Any) -> str:
        one = given[0] if isinstance(given, list) else given
        inner = one["id"]
        text = inner if isinstance(inner, str) else json.dumps(inner, separators=(",", ":"))
        return f"{text}.{one['property']}"

    inputs = [sent(given) for given in declared["inputs"]]
    state = [sent(given) for given in declared["state"]]
    answer = send(client, declared, inputs, state, [row.trigger or identity(inputs[0])])
    return json.dumps(answer) if answer else ""
