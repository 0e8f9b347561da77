"""The head of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.bench.table import row
from tests.support.browser_window import HEADLESS, WITH_WINDOW, chromium_path, launched


@pytest.fixture(scope="session", autouse=True)
def heading() -> None:
    print()
    row("", "GSP Live", "goal", "goodman-pipeline 3.1.0")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser that people have, where this machine has it: its figures are theirs."""
    with launched(chromium_path(WITH_WINDOW, HEADLESS)) as browser:
        yield browser
