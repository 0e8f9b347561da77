from __future__ import annotations

import pytest

from services.files import actions
from tests.support import builders
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def test_the_next_step_can_be_started(night: SmallNight) -> None:
    (action,) = actions.of_file(night.pi, night.reduced)
    assert (action.block, action.label, action.enabled) == ("extract", "Extract Target", True)


def test_the_reason_is_told_when_it_can_not(night: SmallNight) -> None:
    (calibrate,) = actions.of_file(night.pi, night.extracted)
    assert not calibrate.enabled
    assert calibrate.reason.startswith("no arc lamp taken with this setup")
    (master,) = actions.of_file(night.pi, night.second)
    assert not master.enabled
    builders.run(night.reduced, "extract", state="running")
    (busy,) = actions.of_file(night.pi, night.reduced)
    assert busy.reason == "Extract Target is running."
    (forbidden,) = actions.of_file(night.other, night.raw)
    assert "role" in forbidden.reason
