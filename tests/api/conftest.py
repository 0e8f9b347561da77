"""The whole site, for tests that ask it as a person or a script would."""

from __future__ import annotations

import pytest

from tests.support.web_site import Site


@pytest.fixture
def site(web_site: Site) -> Site:
    return web_site
