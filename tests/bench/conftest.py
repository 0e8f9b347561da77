"""The head of the table."""

from __future__ import annotations

import pytest

from tests.bench.table import row
from tests.e2e.conftest import demo_site  # noqa: F401 - fixture
from tests.e2e.window import (  # noqa: F401 - fixtures
    chromium,
    demo_session,
    observer,
    open_window,
)


@pytest.fixture(scope="session", autouse=True)
def heading() -> None:
    print()
    row("", "GSP Live", "goal", "goodman-pipeline 3.1.0")
