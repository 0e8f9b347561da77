"""The banner of every page: what affects the whole site, as text."""

from __future__ import annotations

import pytest

from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services.monitoring import site_conditions
from tests.support.web_site import Site


def test_the_banner_shows_a_folder_by_name_to_staff_only(site: Site) -> None:
    hostile = "/raw/<img src=x onerror=alert(1)>"
    site_conditions.record([notice(NoticeCode.RAW_FOLDER_MISSING, folder=hostile)])
    shown = site.sign_in("staff").get("/live/conditions").get_data(as_text=True)
    assert "is missing" in shown
    assert "&lt;img" in shown
    assert "<img" not in shown
    others = site.sign_in("PI").get("/live/conditions").get_data(as_text=True)
    assert "A folder of raw frames is missing" in others
    assert "/raw/" not in others


@pytest.mark.parametrize("path", ["/live/conditions", "/live/conditions?x=1"])
def test_it_needs_a_session(site: Site, path: str) -> None:
    assert site.client().get(path).status_code == 401
