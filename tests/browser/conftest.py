"""How the browser tests are divided between processes, and in which order they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SERVERS = "servers"
"""The folder of tests that start servers of their own, or need none: its modules may run in any
process. Each other folder has one server, whose tests stay together in one process, because two
tests at once would change its pages for each other."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a server together."""
    from xdist.scheduler import LoadScopeScheduling

    class OneProcessPerServer(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = Path(nodeid.partition("::")[0])
            return path.stem if path.parent.name == SERVERS else path.parent.name

    return OneProcessPerServer(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        apart = item.path.is_relative_to(here) and item.path.parent.name != "pages"
        if apart and "demo_site" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid} needs the demo's server: move it to pages/")
    # While the demo night is being reduced the other tests need not wait for its end.
    items.sort(key=lambda item: "whole_night" in getattr(item, "fixturenames", ()))
