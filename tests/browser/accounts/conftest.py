"""A server without the demo night, for the pages of accounts, proposals and one's own frames.

Nothing is reduced on it, so its tests run beside those of the demo's server.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.live_site import LiveSite


@pytest.fixture(scope="session")
def live_site() -> Iterator[LiveSite]:
    site = LiveSite(GSP_DEMO="off", GSP_WORKERS="1")
    site.raw.mkdir(parents=True)
    site.environment["GSP_RAW_DIRS"] = str(site.raw)
    try:
        yield site.start()
    finally:
        site.clean_up()


@pytest.fixture(scope="session")
def staff(live_site: LiveSite) -> tuple[str, str]:
    """Username and password of a staff account of this server."""
    return live_site.add_inspector()
