"""A small night for the tests of the services of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_night import SmallNight


@pytest.fixture
def night(tmp_path: Path) -> SmallNight:
    return SmallNight(tmp_path)
