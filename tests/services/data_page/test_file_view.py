"""What the Data page reads of a file."""

from __future__ import annotations

import datetime as dt

import pytest

from reduction.notice_codes import NoticeCode
from services.calibration import master_selection
from services.context import Site
from services.data_page import file_view
from services.data_page.file_view import Part
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site", "database")


def test_the_newest_frame_is_shown_also_when_its_reduction_failed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = builders.person("staff", is_staff=True)
    with builders.small_blocks():
        with monkeypatch.context() as at_once:
            at_once.setattr(master_selection, "SETTLE", dt.timedelta(0))
            file = builders.arrive(site.raw_roots[0], "0001_comp.fits", "COMP", level=65000)
            (run,) = builders.drain(1)
        assert run.state == "failed"
        view = file_view.read_address(staff, None, "", tuple(Part))
    assert view is not None
    assert (view.file.id, view.runs[0].id) == (file.id, run.id)
    assert view.actions is not None
    reason = view.actions.blocks[0].reason
    assert reason is not None
    assert reason.code is NoticeCode.WAITING_FOR_NIGHT
