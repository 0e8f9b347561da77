"""Times that hosts compare come from the clock of the database; a host's own may be wrong."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import pytest

from db import clock, models
from db.models import File, Run
from services.monitoring import check
from services.runs import claiming, execution, lease, reconciliation
from tests.support import builders
from tests.support.builders import arrive

pytestmark = pytest.mark.usefixtures("site", "blocks")

FIVE_MINUTES = dt.timedelta(minutes=5)
wrong = pytest.mark.parametrize("error", [-FIVE_MINUTES, FIVE_MINUTES], ids=["behind", "ahead"])


def set_host_clock(monkeypatch: pytest.MonkeyPatch, error: dt.timedelta) -> None:
    """Put this host's clock wrong, for every module that reads it."""
    right = models.utc_now

    def wrong_clock() -> dt.datetime:
        return right() + error

    for module in list(sys.modules.values()):
        if getattr(module, "utc_now", None) is right:
            monkeypatch.setattr(module, "utc_now", wrong_clock)
    assert abs(models.utc_now() - right() - error) < dt.timedelta(minutes=1)


def test_an_offset_is_added_and_the_zone_is_utc() -> None:
    now = clock.now()
    assert now.tzinfo is dt.UTC
    file = builders.row("0001.fits", builders.proposal("A", builders.person("pi")))
    for offset in (-FIVE_MINUTES, FIVE_MINUTES):
        File.update(created=clock.now_expression(offset)).execute()
        stored = File.get_by_id(file.id).created
        assert dt.timedelta(0) <= stored - now - offset < dt.timedelta(minutes=1)
        assert File.select().where(File.created < clock.now_expression()).exists() == (
            offset < dt.timedelta(0)
        )


def test_times_are_compared_to_the_millisecond() -> None:
    run = builders.run(builders.row("0001.fits", builders.proposal("A", builders.person("pi"))))
    Run.update(heartbeat=clock.now_expression()).execute()
    heartbeat = Run.get_by_id(run.id).heartbeat
    text = Run.select(Run.heartbeat.cast("TEXT")).scalar()
    assert len(text.partition(".")[2]) >= 3 or heartbeat.microsecond % 1000 == 0
    assert Run.select().where(Run.heartbeat == heartbeat).exists(), "written and read are the same"


@wrong
def test_a_worker_with_a_wrong_clock_keeps_its_run(
    raw: Path, monkeypatch: pytest.MonkeyPatch, error: dt.timedelta
) -> None:
    arrive(raw, "0001.fits")
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.02)
    taken_back: list[list[int]] = []

    def reconciled_by_another_host(inputs: Any, settings: Any, report: Any) -> Any:
        claimed = Run.get().heartbeat
        for _ in range(1000):
            if Run.get().heartbeat > claimed:
                break
        else:
            raise AssertionError("no heartbeat")
        with monkeypatch.context() as host:
            set_host_clock(host, -2 * error)
            taken_back.append(reconciliation.reconcile())
        assert not [
            violation
            for violation in check.violations()
            if violation.invariant is check.Invariant.RUN_HAS_HEARTBEAT
        ]
        return builders._small_reduce(inputs, settings, report)

    with monkeypatch.context() as host:
        set_host_clock(host, error)
        run = claiming.claim("wrong clock")
        assert run is not None
        builders.replace_block("reduce", reconciled_by_another_host)
        execution.execute(run)
    row = Run.get_by_id(run.id)
    assert (row.state, row.attempt, row.lost, taken_back) == ("done", 1, 0, [[]])


@wrong
def test_a_worker_with_a_wrong_clock_that_is_lost_is_replaced(
    raw: Path, monkeypatch: pytest.MonkeyPatch, error: dt.timedelta
) -> None:
    arrive(raw, "0001.fits")
    with monkeypatch.context() as host:
        set_host_clock(host, error)
        run = claiming.claim("wrong clock")
        assert run is not None
    silence = claiming.HEARTBEAT_TIMEOUT + dt.timedelta(seconds=1)
    Run.update(heartbeat=Run.get().heartbeat - silence).execute()
    assert reconciliation.reconcile() == [run.id]
    assert Run.get_by_id(run.id).lost == 1


@wrong
def test_a_watcher_with_a_wrong_clock_delays_nothing(
    raw: Path, monkeypatch: pytest.MonkeyPatch, error: dt.timedelta
) -> None:
    with monkeypatch.context() as host:
        set_host_clock(host, error)
        file = arrive(raw, "0001.fits")
    assert abs(clock.now() - file.created) < dt.timedelta(minutes=1)
    assert abs(clock.now() - Run.get().created) < dt.timedelta(minutes=1)
