"""How the browser tests are divided between processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SERVERS = "servers"
"""The folder of tests that start servers of their own, or need none. With ``-n 2`` each of its
modules may run in the other process; the pages of the demo's server are tested in one process,
because two tests at once would change them for each other."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of the demo's server together."""
    from xdist.scheduler import LoadScopeScheduling

    class OneDemo(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = Path(nodeid.partition("::")[0])
            return path.stem if path.parent.name == SERVERS else "demo"

    return OneDemo(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        apart = item.path.parent.name == SERVERS
        if apart and "demo_site" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid} needs the demo's server: move it to pages/")
