"""What `docs/security.md` says of roles, limits and tests is what the code says."""

from __future__ import annotations

import re

import pytest

from api.contract import limits, validation
from api.resources import contents
from callbacks.core import received
from security import request_security
from services import access
from services.accounts import login_attempts, passwords, rate_limit
from tests.support.paths import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def table_after(mark: str) -> list[list[str]]:
    """Return the cells of the table that follows a remark."""
    lines = TEXT[TEXT.index(f"<!-- {mark}:") :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return [rows[0], *rows[2:]]


def test_the_table_of_roles_is_that_of_the_code() -> None:
    head, *rows = table_after("roles")
    roles = [access.Role(name) for name in head[1:]]
    assert roles == list(access.GRANTS)
    said = {
        access.Action(action): {role for role, mark in zip(roles, marks, strict=True) if mark}
        for action, *marks in rows
    }
    assert said == {
        action: {role for role, granted in access.GRANTS.items() if action in granted}
        for action in access.Action
    }


PER_MINUTE = [limits.LIMITS[name] for name in ("read", "write", "picture", "mail", "rare")]
MINUTES = int(rate_limit.WINDOW.total_seconds() / 60)
SAID = {
    "failed logins of one account from": f"{rate_limit.MAX_ATTEMPTS} in {MINUTES} minutes",
    "failed logins from one address": f"{rate_limit.MAX_OF_ADDRESS} in {MINUTES} minutes",
    "failed logins of one account over": f"from {login_attempts.SLOW_FROM} in {MINUTES} minutes "
    f"delayed up to {login_attempts.MAX_DELAY_S:.0f} s",
    "passwords hashed": f"{passwords.MAX_WAITING // passwords.MAX_HASHING} wait for each, for "
    f"{passwords.PATIENCE_S:.0f} s",
    "requested links": f"{rate_limit.MAX_ATTEMPTS} in {MINUTES} minutes",
    "wrong tokens": f"{limits.LIMITS['guess']} a minute",
    "API requests": ", ".join(map(str, PER_MINUTE)) + " a minute",
    "JSON body": f"{validation.MAX_JSON_BYTES // 10**6} MB; "
    f"{request_security.MAX_BODY_BYTES // 2**20} MB",
    "files of an archive": str(contents.MAX_ZIPPED),
    "depth": str(received.MAX_DEPTH),
}


@pytest.mark.parametrize("limit", SAID)
def test_the_limits_are_those_of_the_code(limit: str) -> None:
    (row,) = (row for row in table_after("limits") if row[0].startswith(limit))
    assert SAID[limit] in row[1]


def test_every_path_exists() -> None:
    paths = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", TEXT))
    tests = {path for path in paths if path.startswith("tests/")}
    assert len(tests) >= 15
    missing = [path for path in sorted(paths) if not (ROOT / path).is_file()]
    assert not missing
    for path in tests:
        assert "def test_" in (ROOT / path).read_text(encoding="utf-8"), path
