"""The head of the table."""

from __future__ import annotations

import pytest

from tests.support.bench.table import row


@pytest.fixture(scope="session", autouse=True)
def heading() -> None:
    print()
    row("", "GSP Live", "goal", "goodman-pipeline 3.1.0")
