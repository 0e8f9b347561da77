"""A spectrum that was calibrated before its arc came is replaced in place when the arc has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.models import Comment, Event, File, LogEntry, Run, utc_now
from reduction.errors import NoWavelengthSolution
from reduction.frames import DataType, Product
from reduction.notice_codes import NoticeCode
from services.calibration import provisional, reclassify
from services.calibration.recalibration import consideration
from services.files import deletion, ingredients, products
from services.files.serialization import as_dict
from services.monitoring import check
from services.runs import claiming, execution, reconciliation, requests
from services.unit_of_work import UnitOfWork
from tests.support import builders
from tests.support.builders import arrive
from tests.support.notices import codes, params

pytestmark = pytest.mark.usefixtures("site", "blocks")

NOW = utc_now()


def at(minute: float) -> str:
    """A time of this night; the frames are taken around now."""
    moment = NOW - dt.timedelta(minutes=8) + dt.timedelta(minutes=minute)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


@pytest.fixture(autouse=True)
def everything_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "YOUNG_S", 0.0)


@pytest.fixture
def spectrum(raw: Path) -> Iterator[File]:
    """A spectrum that was calibrated with the arc before it."""
    arrive(raw, "0001_comp.fits", "COMP", DATE_OBS=at(0), level=2000)
    arrive(raw, "0002.fits", DATE_OBS=at(1), EXPTIME=1.0)
    builders.drain()
    yield calibrated()
    assert check.violations() == []


def calibrated() -> File:
    """The only calibrated spectrum."""
    return File.get(File.data_type == DataType.WAVELENGTH)


def now(spectrum: File) -> File:
    """A product as it is now."""
    return File.get_by_id(spectrum.id)


def later_arc(raw: Path, number: int = 3, minute: float = 2, level: int = 3000) -> File:
    return arrive(raw, f"{number:04d}_comp.fits", "COMP", DATE_OBS=at(minute), level=level)


def replacing() -> list[Run]:
    return list(Run.select().where(Run.replaces.is_null(False)).order_by(Run.id))


def test_it_is_provisional_until_the_night_is_over(spectrum: File) -> None:
    assert builders.input_names(spectrum) == ["r0001_comp.fits"]
    assert codes(spectrum.notices).count(NoticeCode.ARC_ONE_SIDE) == 1
    night = spectrum.night
    noon = dt.datetime(night.year, night.month, night.day, 15, tzinfo=dt.UTC) + dt.timedelta(days=1)
    arrived = spectrum.original.created + dt.timedelta(minutes=10)
    assert spectrum.provisional_until == max(noon, arrived)
    why = provisional.why(spectrum)
    assert why is not None
    assert why.params["missing"] == "after"
    assert as_dict(spectrum)["provisional"] is True
    spectrum.provisional_until = utc_now() - dt.timedelta(seconds=1)
    assert provisional.why(spectrum) is None
    assert as_dict(spectrum)["provisional"] is False


def test_the_arc_after_it_replaces_it_in_place(spectrum: File, raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    Comment.create(file=spectrum, user=staff, text="nice")
    seen = Event.select().count()
    later_arc(raw)
    builders.drain()
    new = calibrated()
    kept = ("id", "file_name", "created", "parent_id", "original_id", "proposal_id")
    assert [getattr(new, name) for name in kept] == [getattr(spectrum, name) for name in kept]
    assert new.checksum != spectrum.checksum
    assert not Path(spectrum.full_path).exists()
    assert Path(new.full_path).name == new.file_name
    assert builders.input_names(new) == ["r0001_comp.fits", "r0003_comp.fits"]
    assert (new.provisional_until, new.out_of_date) == (None, False)
    assert NoticeCode.ARC_ONE_SIDE not in codes(new.notices)
    assert new.comments.count() == 1
    events = list(Event.select().order_by(Event.id).offset(seen))
    told = [one for one in events if one.payload.get("file") == new.id]
    assert [one.name for one in told] == ["file-changed"]
    entries = [entry.notice for entry in LogEntry.select()]
    assert params(entries, NoticeCode.RECALIBRATED)["inputs"] == [
        "r0001_comp.fits",
        "r0003_comp.fits",
    ]
    (run,) = replacing()
    assert (run.automatic, run.block, run.state) == (True, "wavelength", "done")
    assert builders.drain() == []


def test_an_arc_that_is_replaced_again_and_again_leaves_one_file(spectrum: File, raw: Path) -> None:
    for number, minute in ((3, 6), (4, 5), (5, 4), (6, 3)):
        later_arc(raw, number, minute)
        builders.drain()
        assert builders.input_names(calibrated())[-1] == f"r{number:04d}_comp.fits"
    folder = products.folder_of(spectrum.night)
    assert len([path for path in folder.rglob("*_ws_*") if path.is_file()]) == 1
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1


def test_a_new_version_gets_a_name_of_its_own(spectrum: File, raw: Path) -> None:
    later_arc(raw)
    builders.drain()
    staff = builders.person("staff", is_staff=True)
    requests.request(staff, "wavelength", spectrum.parent_id)
    builders.drain()
    names = [one.file_name for one in File.select().where(File.data_type == DataType.WAVELENGTH)]
    assert sorted(names) == ["w_er0002_ws_1.fits", "w_er0002_ws_1_v2.fits"]


class TestWhatAPersonRequested:
    def test_a_selected_arc_stays(self, spectrum: File, raw: Path) -> None:
        staff = builders.person("staff", is_staff=True)
        arc = File.get(File.file_name == "0001_comp.fits")
        requests.request(staff, "wavelength", spectrum.parent_id, use={"arc lamp": arc.id})
        builders.drain()
        chosen = File.get(File.file_name == "w_er0002_ws_1_v2.fits")
        assert chosen.provisional_until is None
        later_arc(raw)
        builders.drain()
        after = File.get_by_id(chosen.id)
        assert (after.checksum, after.out_of_date) == (chosen.checksum, False)
        assert len(builders.input_names(File.get_by_id(spectrum.id))) == 2

    def test_without_a_selection_it_is_marked_and_not_replaced(
        self, spectrum: File, raw: Path
    ) -> None:
        staff = builders.person("staff", is_staff=True)
        requests.request(staff, "wavelength", spectrum.parent_id)
        builders.drain()
        own = File.get(File.file_name == "w_er0002_ws_1_v2.fits")
        later_arc(raw)
        builders.drain()
        after = File.get_by_id(own.id)
        assert (after.checksum, after.out_of_date) == (own.checksum, True)

    def test_a_product_that_is_deleted_meanwhile_does_not_come_back(
        self, spectrum: File, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        staff = builders.person("staff", is_staff=True)
        later_arc(raw)
        real = execution.products.write

        def meanwhile(run: Run, *given: Any) -> Any:
            if run.replaces is not None:
                deletion.delete(staff, spectrum.id)
            return real(run, *given)

        monkeypatch.setattr(execution.products, "write", meanwhile)
        builders.drain()
        assert not File.select().where(File.data_type == DataType.WAVELENGTH).exists()


class TestBadArcs:
    def test_one_that_gives_no_solution_displaces_none(self, spectrum: File, raw: Path) -> None:
        later_arc(raw, level=100)
        builders.drain()
        new = now(spectrum)
        assert builders.input_names(new) == ["r0001_comp.fits"]
        unused = params(new.notices, NoticeCode.ARC_NOT_USED)
        assert unused["file"] == "r0003_comp.fits"
        assert unused["reason"]["code"] == NoticeCode.ARC_WITHOUT_LINES
        assert provisional.is_provisional(new), "a usable arc after it may still come"
        runs = Run.select().count()
        for _ in range(3):
            reconciliation.reconcile()
            builders.drain()
        assert Run.select().count() == runs, "it is not tried again"
        later_arc(raw, 4, 3)
        builders.drain()
        states = ingredients.states(now(spectrum))
        assert sorted((one.role, one.refused) for one in states) == [
            ("arc", False),
            ("second_arc", False),
            ("second_arc", True),
        ]

    def test_one_that_can_not_be_reduced_is_named(self, spectrum: File, raw: Path) -> None:
        later_arc(raw, level=65000)
        builders.drain()
        unused = params(now(spectrum).notices, NoticeCode.ARC_NOT_USED)
        assert unused["file"] == "0003_comp.fits"
        assert unused["reason"]["code"] == NoticeCode.CALIBRATION_NOT_REDUCED

    def test_a_frame_that_failed_for_want_of_one_is_tried_again(self, raw: Path) -> None:
        arrive(raw, "0002.fits", DATE_OBS=at(1), EXPTIME=1.0)
        for number in (3, 4):
            later_arc(raw, number, number, level=100)
        builders.drain()
        (failed,) = Run.select().where(Run.block == "wavelength")
        assert failed.state == "failed"
        reconciliation.reconcile()
        assert builders.drain() == []
        later_arc(raw, 5, 5)
        builders.drain()
        assert Run.get_by_id(failed.id).state == "done"
        assert builders.input_names(calibrated()) == ["r0005_comp.fits"]

    def test_what_fails_leaves_the_product_that_was_there(self, spectrum: File, raw: Path) -> None:
        def refuse(*_: Any) -> list[Product]:
            raise NoWavelengthSolution(NoticeCode.LAMP_NOT_IDENTIFIED)

        builders.replace_block("wavelength", refuse)
        later_arc(raw)
        builders.drain()
        for _ in range(3):
            reconciliation.reconcile()
            builders.drain()
        assert calibrated().checksum == spectrum.checksum
        assert [run.state for run in replacing()] == ["failed"], "and is not repeated"
        entries = [entry.notice for entry in LogEntry.select()]
        assert codes(entries) == [NoticeCode.RECALIBRATION_FAILED]


class TestArcsThatGo:
    def test_one_that_is_deleted_is_replaced_by_the_next(self, spectrum: File, raw: Path) -> None:
        staff = builders.person("staff", is_staff=True)
        later_arc(raw)
        later_arc(raw, 4, 4)
        builders.drain()
        near = File.get(File.file_name == "r0003_comp.fits")
        deletion.delete(staff, near.id)
        builders.drain()
        assert builders.input_names(now(spectrum)) == ["r0001_comp.fits", "r0004_comp.fits"]

    def test_without_another_the_product_stays(self, spectrum: File) -> None:
        staff = builders.person("staff", is_staff=True)
        deletion.delete(staff, File.get(File.file_name == "r0001_comp.fits").id)
        builders.drain()
        assert calibrated().checksum == spectrum.checksum

    def test_one_that_is_classified_as_something_else_is_given_up(
        self, spectrum: File, raw: Path
    ) -> None:
        staff = builders.person("staff", is_staff=True)
        wrong = later_arc(raw)
        later_arc(raw, 4, 4)
        builders.drain()
        reclassify.reclassify(staff, wrong.id, obstype="OBJECT")
        builders.drain()
        found = File.get(
            File.data_type == DataType.WAVELENGTH, File.original == spectrum.original_id
        )
        assert builders.input_names(found) == ["r0001_comp.fits", "r0004_comp.fits"]


def test_without_its_master_a_reduced_frame_stays(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    for number in (1, 2, 3):
        arrive(raw, f"b{number}.fits", "BIAS")
    frame = arrive(raw, "s1.fits")
    builders.drain()
    before = File.get(File.original == frame, File.data_type == DataType.REDUCED)
    deletion.delete(staff, File.get(File.data_type == DataType.MASTER).id)
    builders.drain()
    assert File.get_by_id(before.id).checksum == before.checksum
    assert replacing() == []


class TestKilled:
    def test_before_the_commit_the_old_file_is_there(
        self, spectrum: File, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later_arc(raw)
        real = products.reveal

        def killed(written: list[products.Written]) -> None:
            real(written)
            if any(one.replaces for one in written):
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(execution.products, "reveal", killed)
            with pytest.raises(KeyboardInterrupt):
                builders.drain()
        row = calibrated()
        assert (row.checksum, row.full_path) == (spectrum.checksum, spectrum.full_path)
        assert Path(row.full_path).is_file()
        lost = Run.get(Run.state == "running")
        Run.update(heartbeat=None).where(Run.id == lost.id).execute()
        claiming.take_back_lost()
        builders.drain()
        assert len(builders.input_names(calibrated())) == 2

    def test_after_the_commit_the_old_file_is_removed_later(
        self, spectrum: File, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later_arc(raw)

        def killed(work: UnitOfWork) -> None:
            if work.removed:
                raise KeyboardInterrupt
            real(work)

        real = UnitOfWork.complete
        with monkeypatch.context() as patch:
            patch.setattr(UnitOfWork, "complete", killed)
            with pytest.raises(KeyboardInterrupt):
                builders.drain()
        assert Path(spectrum.full_path).is_file()
        assert len(builders.input_names(calibrated())) == 2
        reconciliation.reconcile()
        assert not Path(spectrum.full_path).exists()

    def test_what_was_not_considered_is_caught_up(
        self, spectrum: File, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later_arc(raw)
        with monkeypatch.context() as patch:
            patch.setattr(consideration, "consider", lambda _files: None)
            run = claiming.claim("w")
            assert run is not None
            execution.execute(run)
        assert replacing() == []
        hour = dt.timedelta(hours=1)
        for done in Run.select().where(Run.state == "done"):
            done.started, done.finished = done.started - hour, done.finished - hour
            done.save()
        reconciliation.reconcile()
        assert replacing() == [], "the site was killed an hour ago"
        reconciliation.reconcile(at_start=True)
        builders.drain()
        assert len(builders.input_names(now(spectrum))) == 2
