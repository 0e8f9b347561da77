"""Nothing of the API is undocumented: routes, parameters, settings and error codes."""

from __future__ import annotations

import re

import pytest

from api import routes
from api.contract import errors
from api.contract.routing import OPERATIONS, Operation
from reduction.registry import Block, all_blocks
from tests.support.paths import ROOT
from tests.support.web.route_access import TABLE

REFERENCE = (ROOT / "docs" / "api-reference.md").read_text()
GUIDE = (ROOT / "docs" / "api.md").read_text()
HINT = "run python -m tools.write_api_reference"

assert routes.DECLARING


def section(title: str) -> str:
    """Return what the reference says under a heading."""
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##)", REFERENCE + "##", re.M | re.S)
    assert found, f"{title} is not in docs/api-reference.md: {HINT}"
    return found[1]


@pytest.mark.parametrize("declared", OPERATIONS, ids=lambda o: o.name)
def test_every_route_and_parameter_is_documented(declared: Operation) -> None:
    path = "/api" + re.sub(r"<(\w+)>", r"{\1}", declared.path)
    said = section(f"{declared.method} {path}")
    names = re.findall(r"<(\w+)>", declared.path)
    for model in (declared.query, declared.body):
        names += list(model.model_fields) if model else []
    for name in names:
        assert f"`{name}`" in said, f"{name} of {declared.name}: {HINT}"
    for status in declared.refusals:
        assert str(status) in said, f"{status} of {declared.name}: {HINT}"
    assert (declared.method, f"/api{declared.path}") in TABLE, "no row in the access matrix"


@pytest.mark.parametrize("block", all_blocks().values(), ids=lambda b: b.name)
def test_every_setting_is_documented(block: Block) -> None:
    said = section(f"{block.label} (`{block.name}`)")
    for name, field in block.settings.model_fields.items():
        assert field.description, f"{block.name}.{name} says nothing of itself"
        assert f"| `{name}` |" in said, f"{name} of {block.name}: {HINT}"


def test_every_error_code_is_explained() -> None:
    codes = {(status, code) for code, status in errors.STATUS.items()}
    for status, code in codes | set(errors.HTTP_CODES.items()):
        assert f"| {status} | `{code}` |" in GUIDE, f"{status} {code} is not in docs/api.md"
        assert f"| {status} | `{code}` |" in REFERENCE, f"{code}: {HINT}"
