import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.watching import replay
from reduction.simulation import NightPlan
from reduction.simulation.cards import airmass
from reduction.simulation.sources import STANDARD

NOON = dt.datetime(2026, 8, 3, 12, 0, tzinfo=dt.UTC)


def tiny(start: dt.datetime) -> NightPlan:
    return NightPlan(1, n_bias=2, n_flat=0, n_science=1, rows=60, start=start)


def test_the_night_is_over_by_now_and_within_one_observing_night(tmp_path: Path) -> None:
    for hour in range(24):
        now = NOON.replace(hour=hour)
        plan = replay.plan_of(tmp_path / str(hour), now)
        opened = [one.facts.opened for one in plan.exposures]
        assert now - dt.timedelta(days=2) < opened[0] < opened[-1] < now
        assert len({(time - dt.timedelta(hours=15)).date() for time in opened}) == 1


def test_a_restart_goes_on_with_the_same_night(tmp_path: Path) -> None:
    first = replay.plan_of(tmp_path, NOON)
    assert replay.plan_of(tmp_path, NOON + dt.timedelta(days=5)) == first
    (tmp_path / "night.json").write_text("{")
    assert replay.plan_of(tmp_path, NOON) == first


def test_calibrations_come_first_and_enough_of_them_for_masters(tmp_path: Path) -> None:
    kinds = [one.facts.kind for one in replay.plan_of(tmp_path, NOON).exposures]
    assert kinds.count("bias") == kinds.count("flat") == 10
    assert set(kinds[:20]) == {"bias", "flat"}
    assert kinds.count("science") == replay.N_SCIENCE + 2


@pytest.mark.parametrize("month", range(1, 13))
def test_the_night_begins_and_ends_with_different_standard_stars(
    tmp_path: Path, month: int
) -> None:
    plan = replay.plan_of(tmp_path, NOON.replace(month=month))
    targets = [one for one in plan.exposures if one.facts.kind == "science"]
    kinds = [one.sources[0].kind for one in targets]
    assert kinds[0] == kinds[-1] == STANDARD
    assert STANDARD not in kinds[1:-1]
    assert targets[0].facts.object_name != targets[-1].facts.object_name
    for star in (targets[0].facts, targets[-1].facts):
        assert airmass(star.opened, star.pointing) < 1.8
    gap = targets[-1].facts.opened - plan.start - replay.LAST_STAR
    assert abs(gap) < dt.timedelta(minutes=20)


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    plan = tiny(NOON)
    replay.replay(plan, tmp_path, 0)
    folder = tmp_path / "2026-08-03"
    names = [one.facts.file_name for one in plan.exposures]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)

    before = {name: (folder / name).read_bytes() for name in names}
    (folder / names[1]).unlink()
    (folder / f".{names[1]}.part").write_bytes(b"left by a kill")
    kept = (folder / names[0]).stat().st_mtime_ns
    assert [one.facts.file_name for one in replay.missing(plan, folder)] == [names[1]]
    replay.replay(plan, tmp_path, 0)
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert (folder / names[0]).stat().st_mtime_ns == kept
    assert (folder / names[1]).read_bytes() == before[names[1]]


def test_frames_keep_their_pace_and_calibrations_hurry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interval, pauses = 0.3, list[float]()
    # Not the module of everybody: other threads sleep too.
    clock = SimpleNamespace(sleep=pauses.append, monotonic=lambda: 0.0)
    monkeypatch.setattr(replay, "time", clock)
    plan = replace(tiny(NOON), n_bias=1)
    replay.replay(plan, tmp_path, interval)
    kinds = [one.facts.kind for one in plan.exposures]
    paces = [interval * (replay.CALIBRATION_PACE if kind == "bias" else 1) for kind in kinds]
    assert pauses == pytest.approx(paces)
