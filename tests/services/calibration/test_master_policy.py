"""Whose frames make a master, when it is made, and who uses it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from db import clock
from db.models import File, Proposal, Run, utc_now
from jobs import tasks
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from services.calibration import master_selection
from services.files.rows import describe
from services.monitoring import check
from services.runs import claiming, execution, reconciliation, scheduling
from tests.support import builders
from tests.support.builders import arrive
from tests.support.notices import code_of, params

pytestmark = pytest.mark.usefixtures("site", "blocks")


def biases(folder: Path, n_frames: int, prefix: str = "b", **cards: Any) -> list[File]:
    return [arrive(folder, f"{prefix}{i}.fits", "BIAS", **cards) for i in range(n_frames)]


def wants(soar_id: str, minimum: int) -> Proposal:
    owner, _ = Proposal.get_or_create(soar_id=soar_id)
    owner.settings = {"master_bias": {"minimum": minimum}}
    owner.save()
    return owner


def masters() -> list[File]:
    current = (File.data_type == DataType.MASTER) & (File.state == "current")
    return list(File.select().where(current).order_by(File.id))


def reduced(file: File) -> File:
    query = File.select().where(File.original == file, File.data_type == DataType.REDUCED)
    return query.order_by(File.id.desc()).get()


def at(days: float, minute: int) -> str:
    taken = builders.NIGHT + dt.timedelta(days=days, minutes=minute)
    return taken.replace(tzinfo=None).isoformat(timespec="milliseconds")


def test_frames_of_any_proposal_go_into_a_master(raw: Path) -> None:
    for i, owner in enumerate(("SOAR2024A-001", "SOAR2024A-002", "")):
        arrive(raw, f"b{i}.fits", "BIAS", PROPID=owner)
    builders.drain()
    (made,) = masters()
    assert (made.n_combined, len(builders.input_names(made))) == (3, 3)


def test_a_master_is_made_for_the_most_modest_proposal_observed_then(raw: Path) -> None:
    wants("SOAR2024A-007", 2)
    biases(raw, 2)
    assert Run.select().count() == 0, "nobody who accepts two was observed"
    arrive(raw, "s.fits", PROPID="SOAR2024A-007")
    assert Run.get(Run.block == "master_bias").settings["minimum"] == 2
    builders.drain()
    (made,) = masters()
    assert made.n_combined == 2


def test_a_frame_uses_only_masters_of_its_proposals_minimum(raw: Path) -> None:
    wants("SOAR2024A-007", 2)
    modest = arrive(raw, "modest.fits", PROPID="SOAR2024A-007")
    biases(raw, 2)
    builders.drain()
    strict = arrive(raw, "strict.fits", PROPID="SOAR2024A-008")
    waiting = Run.get(Run.file == strict)
    assert code_of(waiting.notice) is NoticeCode.WAITING_FOR_FRAMES
    assert waiting.notice["params"]["found"] == 2
    assert reduced(modest).quality["bias_frames"] == 2
    arrive(raw, "b9.fits", "BIAS")
    builders.drain()
    assert reduced(strict).quality["bias_frames"] == 3
    assert not reduced(strict).out_of_date
    assert reduced(modest).out_of_date, "it was made with the older one"
    assert check.violations() == []


def test_a_master_of_too_few_frames_is_named_when_no_other_comes(raw: Path) -> None:
    wants("SOAR2024A-007", 2)
    arrive(raw, "modest.fits", PROPID="SOAR2024A-007")
    biases(raw, 2)
    builders.drain()
    File.update(created=utc_now() - dt.timedelta(minutes=11)).execute()
    strict = arrive(raw, "strict.fits", PROPID="SOAR2024A-008")
    builders.drain()
    assert params(reduced(strict).notices, NoticeCode.MASTER_TOO_SMALL) == {
        "role": "master bias",
        "needed": 3,
        "file": "master_bias_small.fits",
        "found": 2,
    }
    assert not reduced(strict).out_of_date


def test_a_short_series_borrows_the_nearest_frames_of_other_nights(raw: Path) -> None:
    for i, days in enumerate((0, 2, 3)):  # one each night: none is long enough
        arrive(raw, f"b{i}.fits", "BIAS", DATE_OBS=at(days, i))
    arrive(raw, "far.fits", "BIAS", DATE_OBS=at(40, 0))
    builders.drain()
    (made,) = masters()
    assert builders.input_names(made) == ["b0.fits", "b1.fits", "b2.fits"]
    assert made.night == builders.NIGHT.date() + dt.timedelta(days=2)
    for i in range(3):
        arrive(raw, f"own{i}.fits", "BIAS", DATE_OBS=at(3, 10 + i))
    builders.drain()
    (made,) = masters()
    assert builders.input_names(made) == ["b2.fits", "own0.fits", "own1.fits", "own2.fits"]


def test_a_series_that_is_being_taken_does_not_borrow(raw: Path) -> None:
    now = (utc_now() - dt.timedelta(minutes=1)).replace(tzinfo=None)
    taken = [now - dt.timedelta(days=days) for days in (2, 1, 0)]
    old = [
        arrive(raw, f"b{i}.fits", "BIAS", DATE_OBS=when.isoformat(timespec="milliseconds"))
        for i, when in enumerate(taken[:2])
    ]
    long_ago = utc_now() - dt.timedelta(days=1)
    File.update(created=long_ago).where(File.id.in_([file.id for file in old])).execute()
    arrive(raw, "b9.fits", "BIAS", DATE_OBS=taken[2].isoformat(timespec="milliseconds"))
    (run,) = Run.select()
    assert code_of(run.notice) is NoticeCode.WAITING_FOR_FRAMES
    assert run.notice["params"]["found"] == 1
    builders.drain()
    assert masters() == []
    File.update(created=utc_now() - dt.timedelta(minutes=11)).execute()
    builders.drain()
    assert masters()[0].n_combined == 3


def test_the_reconciler_makes_what_nobody_asked_for(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(scheduling, "schedule_master", lambda *_, **__: None)
        biases(raw, 3)
    assert Run.select().count() == 0
    assert len(reconciliation.reconcile()) == 1
    builders.drain()
    assert len(masters()) == 1
    assert reconciliation.reconcile() == [], "once"


def test_a_master_that_fails_is_not_tried_without_end(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    biases(raw, 3)
    run = claiming.claim("w")
    with monkeypatch.context() as broken:
        broken.setattr(
            "services.runs.inputs.opening.open_inputs",
            lambda *_: (_ for _ in ()).throw(ZeroDivisionError),
        )
        with pytest.raises(ZeroDivisionError):
            execution.execute(run)
    assert reconciliation.reconcile(dt.timedelta(days=1)) == []
    arrive(raw, "b9.fits", "BIAS")
    assert len(reconciliation.reconcile()) == 1


def test_products_have_their_own_size_and_match_by_their_read_out(raw: Path) -> None:
    biases(raw, 3)
    arrive(raw, "0001_comp.fits", "COMP")
    science = arrive(raw, "0002_sci.fits")
    builders.drain()
    product = reduced(science)
    assert (science.n_x, science.n_y) == (60, 24)
    assert (product.n_x, product.n_y) == (5, 4)
    assert (product.readout_x, product.readout_y) == (60, 24)
    assert describe(product).shape == (24, 60)
    assert builders.input_names(product) == [masters()[0].file_name]


def test_a_master_is_made_of_a_whole_night_that_is_being_copied(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    biases(raw, 3)
    answers: list[bool] = []

    def is_arriving(_run: Run) -> bool:
        if not answers:
            arrive(raw, "b8.fits", "BIAS")
            arrive(raw, "b9.fits", "BIAS")
        answers.append(not answers)
        return answers[-1]

    monkeypatch.setattr(master_selection, "is_arriving", is_arriving)
    tasks.work(0)
    (master,) = File.select().where(File.data_type == DataType.MASTER)
    assert (master.n_combined, answers[:2]) == (5, [True, False])


def test_only_an_automatic_master_of_an_old_night_awaits_the_rest(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master_selection, "QUIET", dt.timedelta(hours=1))
    biases(raw, 3)
    run = Run.get(Run.block == "master_bias")
    assert master_selection.is_arriving(run)
    run.automatic = False
    assert not master_selection.is_arriving(run)
    run.automatic = True
    run.file.date_obs = clock.now()
    assert not master_selection.is_arriving(run), "at the telescope nobody waits"
