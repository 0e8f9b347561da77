from __future__ import annotations

import pytest

from reduction.notice_codes import NoticeCode
from services.files import actions
from tests.support import builders
from tests.support.notices import code_of, params
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def test_the_next_step_can_be_started(night: SmallNight) -> None:
    action, sky = actions.of_file(night.pi, night.reduced)
    assert (sky.block, sky.enabled) == ("subtract_sky", True)
    assert (action.block, action.label, action.enabled) == ("extract", "Extract Target", True)


def test_the_reason_is_told_when_it_can_not(night: SmallNight) -> None:
    (calibrate,) = actions.of_file(night.pi, night.extracted)
    assert not calibrate.enabled
    missing = params([calibrate.reason], NoticeCode.NO_CALIBRATION)
    assert missing["role"] == "arc lamp"
    (master,) = actions.of_file(night.pi, night.second)
    assert not master.enabled
    builders.run(night.reduced, "extract", state="running")
    busy, sky = actions.of_file(night.pi, night.reduced)
    assert sky.enabled
    assert code_of(busy.reason) is NoticeCode.RUN_UNDER_WAY
    (forbidden,) = actions.of_file(night.other, night.raw)
    assert code_of(forbidden.reason) is NoticeCode.PROCESSING_NOT_ALLOWED
