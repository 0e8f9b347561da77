"""What tests of frames that arrive share: a raw folder, and small blocks that need no wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.calibration import master_selection
from services.context import Site
from tests.support import builders


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small process blocks in place of the real ones."""
    # The frames are of long ago: without this each would wait a moment for the rest of its night.
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    with builders.small_blocks():
        yield


@pytest.fixture
def raw(site: Site) -> Path:
    """The site's raw folder."""
    return site.raw_roots[0]
