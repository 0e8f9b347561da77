from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.models import File, Run, utc_now
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from services.calibration import master_selection, selection
from services.calibration.outcomes import Inputs, Refused, Waiting
from services.monitoring import check
from services.runs import claiming, execution, reconciliation, requests
from tests.support import builders
from tests.support.builders import arrive
from tests.support.notices import code_of, codes, params

pytestmark = pytest.mark.usefixtures("site", "blocks")


@pytest.fixture
def blocks() -> Iterator[None]:
    with builders.small_blocks():
        yield


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))


def biases(folder: Path, *numbers: int, **cards: Any) -> list[File]:
    return [arrive(folder, f"{i:04d}_bias.fits", "BIAS", **cards) for i in numbers]


def master() -> File | None:
    return File.get_or_none(File.data_type == DataType.MASTER, File.state == "current")


def names(inputs: Inputs) -> list[str]:
    return [file.file_name for file in inputs.given.values()]


def calibrated(file: File) -> File:
    return File.get(File.original == file, File.data_type == DataType.WAVELENGTH)


def reduced(file: File) -> File:
    query = File.select().where(File.original == file, File.data_type == DataType.REDUCED)
    return query.order_by(File.id.desc()).get()


@pytest.mark.usefixtures("at_once")
class TestMasters:
    def test_a_master_is_made_when_the_minimum_is_reached(self, raw: Path) -> None:
        biases(raw, 1, 2)
        assert Run.select().count() == 0
        biases(raw, 3)
        run = Run.get()
        assert (run.block, run.state, run.proposal) == ("master_bias", "queued", None)
        builders.drain()
        made = master()
        assert made.quality == {}
        assert builders.input_names(made) == ["0001_bias.fits", "0002_bias.fits", "0003_bias.fits"]
        assert (made.proposal, made.original, made.kind) == (None, None, "bias")
        assert Run.select().count() == 1

    def test_the_minimum_is_the_proposals(self, raw: Path) -> None:
        owner = builders.proposal("SOAR2024A-001")
        owner.settings = {"master_bias": {"minimum": 2}}
        owner.save()
        biases(raw, 1, 2)
        assert Run.get().block == "master_bias"

    def test_frames_of_another_read_out_are_another_series(self, raw: Path) -> None:
        biases(raw, 1, 2)
        biases(raw, 3, GAIN=3.48, RDNOISE=5.88)
        assert Run.select().count() == 0

    def test_frames_that_come_later_make_it_anew_and_the_unused_one_goes(self, raw: Path) -> None:
        biases(raw, 1, 2, 3)
        builders.drain()
        old = master()
        biases(raw, 4, 5)
        builders.drain()
        new = master()
        assert len(builders.input_names(new)) == 5
        assert new.file_name == "master_bias_small_v2.fits"
        assert File.select().where(File.data_type == 1).count() == 1
        assert not Path(old.full_path).exists()
        assert check.violations() == []

    def test_a_used_one_is_kept_and_what_it_made_is_stale(self, raw: Path) -> None:
        biases(raw, 1, 2, 3)
        science = arrive(raw, "0010.fits")
        builders.drain()
        first = reduced(science)
        assert first.quality["bias_frames"] == 3
        assert builders.input_names(first) == [master().file_name]
        biases(raw, 4)
        builders.drain()
        states = {file.state for file in File.select().where(File.data_type == 1)}
        assert states == {"current", "superseded"}
        family = File.select().where(File.original == science, File.data_type > 0)
        assert all(file.out_of_date for file in family)
        staff = builders.person("staff", is_staff=True)
        requests.request(staff, "reduce", science.id)
        builders.drain()
        again = reduced(science)
        assert (again.quality["bias_frames"], again.out_of_date) == (4, False)
        assert check.violations() == []

    def test_a_remake_waits_until_the_series_is_complete(
        self, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        biases(raw, 1, 2, 3)
        builders.drain()
        monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(minutes=1))
        biases(raw, 4)
        biases(raw, 5)
        remake = Run.get(Run.state == "waiting")
        assert code_of(remake.notice) is NoticeCode.WAITING_FOR_SERIES
        assert reconciliation.reconcile() == []
        monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
        assert reconciliation.reconcile() == [remake.id]
        builders.drain()
        assert len(builders.input_names(master())) == 5


class TestScience:
    def test_it_waits_for_a_master_that_is_being_made(self, raw: Path) -> None:
        biases(raw, 1, 2, 3)
        science = arrive(raw, "0010.fits")
        run = Run.get(Run.file == science)
        assert run.state == "waiting"
        assert code_of(run.notice) is NoticeCode.WAITING_FOR_MASTER
        assert run.notice["params"] == {"role": "master bias", "frames": 3}
        builders.drain()
        assert reduced(science).quality["bias_frames"] == 3

    def test_it_waits_while_biases_of_now_are_too_few(self, raw: Path) -> None:
        biases(raw, 1, 2)
        science = arrive(raw, "0010.fits")
        run = Run.get(Run.file == science)
        assert code_of(run.notice) is NoticeCode.WAITING_FOR_FRAMES
        assert run.notice["params"] == {"role": "master bias", "found": 2, "needed": 3}
        arrive(raw, "0003_bias.fits", "BIAS")
        builders.drain()
        assert reduced(science).quality["bias_frames"] == 3

    @pytest.mark.usefixtures("at_once")
    def test_it_does_not_wait_for_biases_that_nobody_completes(self, raw: Path) -> None:
        biases(raw, 1, 2)
        File.update(created=utc_now() - dt.timedelta(minutes=11)).execute()
        science = arrive(raw, "0010.fits")
        builders.drain()
        made = reduced(science)
        assert made.quality["bias_frames"] == 0
        missing = params(made.notices, NoticeCode.NO_CALIBRATION)
        assert (missing["role"], missing["setup"]["camera"]) == ("master bias", "Red")
        assert missing["setup"]["read_noise"] == 3.89

    @pytest.mark.usefixtures("at_once")
    def test_without_any_bias_it_goes_on_with_a_warning_until_one_comes(self, raw: Path) -> None:
        science = arrive(raw, "0010.fits")
        builders.drain()
        made = reduced(science)
        assert params(made.notices, NoticeCode.NO_CALIBRATION)["nearest"] is None
        assert not made.out_of_date
        biases(raw, 11, 12, 13)
        builders.drain()
        assert reduced(science).out_of_date
        ignoring = builders.person("staff", is_staff=True)
        requests.request(ignoring, "reduce", science.id, {"ignore_bias": True})
        builders.drain()
        assert reduced(science).notices == []

    @pytest.mark.usefixtures("at_once")
    def test_the_nearest_candidate_is_named_with_what_differs(self, raw: Path) -> None:
        biases(raw, 1, 2, 3, CCDSUM="1 1", ROI="Spectroscopic 1x1")
        builders.drain()
        science = arrive(raw, "0010.fits")
        builders.drain()
        missing = params(reduced(science).notices, NoticeCode.NO_CALIBRATION)
        assert missing["nearest"] == "master_bias_small.fits"
        binning = missing["differences"][0]
        assert (binning["quantity"], binning["found"]) == ("binning", "1x1")

    def test_a_frame_of_an_old_night_waits_for_the_rest_of_its_night(
        self, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(minutes=1))
        science = arrive(raw, "0010.fits")
        run = Run.get(Run.file == science)
        assert code_of(run.notice) is NoticeCode.WAITING_FOR_NIGHT
        biases(raw, 1, 2, 3)
        builders.drain()
        assert reduced(science).quality["bias_frames"] == 3

    def test_a_frame_of_now_is_reduced_at_once(self, raw: Path) -> None:
        now = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2)
        stamp = now.replace(tzinfo=None).isoformat(timespec="milliseconds")
        science = arrive(raw, "0010.fits", DATE_OBS=stamp)
        assert Run.get(Run.file == science).state == "queued"


@pytest.mark.usefixtures("at_once")
class TestArcs:
    def waiting(self) -> Run | None:
        return Run.get_or_none(Run.block == "wavelength", Run.state == "waiting")

    def test_a_spectrum_waits_for_its_arc_and_is_woken(self, raw: Path) -> None:
        science = arrive(raw, "0010.fits")
        arrive(raw, "0011_comp.fits", "COMP", CAM_TARG=11.6, GRT_TARG=5.8)
        builders.drain()
        missing = params([self.waiting().notice], NoticeCode.NO_CALIBRATION)
        assert (missing["role"], missing["setup"]["grating"]) == ("arc lamp", "400_SYZY")
        assert missing["nearest"] == "0011_comp.fits"
        angle = missing["differences"][0]
        assert (angle["quantity"], angle["found"], angle["wanted"]) == ("camera_angle", 11.6, 16.1)
        arrive(raw, "0012_comp.fits", "COMP")
        run = claiming.claim("w")
        execution.execute(run)  # reducing the arc is enough to wake it
        assert self.waiting() is None
        builders.drain()
        spectrum = File.get(File.data_type == DataType.WAVELENGTH)
        assert spectrum.original == science
        assert builders.input_names(spectrum) == ["r0012_comp.fits"]

    def test_an_arc_of_another_binning_and_slit_serves(self, raw: Path) -> None:
        arrive(raw, "0010.fits")
        arrive(raw, "0011_comp.fits", "COMP", CCDSUM="1 2", SLIT="0.45_LONG_SLIT")
        builders.drain()
        assert File.select().where(File.data_type == 4).count() == 1

    def test_an_arc_that_can_not_be_reduced_is_said(self, raw: Path) -> None:
        arrive(raw, "0011_comp.fits", "COMP", level=65000)
        arrive(raw, "0010.fits")
        builders.drain()
        failed = params([self.waiting().notice], NoticeCode.CALIBRATION_NOT_REDUCED)
        assert failed["file"] == "0011_comp.fits"

    def test_another_observers_arc_stays_unseen(self, raw: Path) -> None:
        builders.proposal("SOAR2024A-002", builders.person("other"))
        arrive(raw, "0011_secret.fits", "COMP", PROPID="SOAR2024A-002")
        arrive(raw, "0010.fits")
        builders.drain()
        assert "secret" not in str(self.waiting().notice)
        arrive(raw, "0012_comp.fits", "COMP", PROPID="calibrate")
        builders.drain()
        assert self.waiting() is None

    def wish(self, science: File, **settings: Any) -> object:
        """What a calibration of the frame's spectrum would be given."""
        extracted = File.get(File.original == science, File.data_type == DataType.EXTRACTED)
        return selection.resolve(
            builders.run(extracted, "wavelength", state="done", settings=settings)
        )

    def test_the_choice_of_arcs_is_obeyed(self, raw: Path) -> None:
        arrive(raw, "0009_comp.fits", "COMP")
        science = arrive(raw, "0010.fits")
        arrive(raw, "0011_comp.fits", "COMP", EXPTIME=2.0)
        arrive(raw, "0012_comp.fits", "COMP")
        arrive(raw, "0013_comp.fits", "COMP", CAM_TARG=11.6, GRT_TARG=5.8)
        builders.drain()
        both = self.wish(science, arc_choice="bracketing")
        assert isinstance(both, Inputs)
        assert sorted(names(both)) == ["r0009_comp.fits", "r0011_comp.fits"]
        named = self.wish(science, arc_choice="fixed", arc_name="0012_comp.fits")
        assert isinstance(named, Inputs)
        assert names(named) == ["r0012_comp.fits"]
        for name, answer, code in (
            ("", Refused, NoticeCode.FIXED_ARC_NOT_NAMED),
            ("0099_comp.fits", Waiting, NoticeCode.WAITING_FOR_NAMED_ARC),
            ("0013_comp.fits", Refused, NoticeCode.FIXED_ARC_DIFFERS),
        ):
            found = self.wish(science, arc_choice="fixed", arc_name=name)
            assert isinstance(found, answer)
            assert found.notice.code is code
            assert found.notice.params.get("file", "") == name

    def test_bracketing_with_one_side_says_so(self, raw: Path) -> None:
        science = arrive(raw, "0010.fits")
        arrive(raw, "0011_comp.fits", "COMP")
        builders.drain()
        found = self.wish(science, arc_choice="bracketing")
        assert isinstance(found, Inputs)
        assert names(found) == ["r0011_comp.fits"]
        assert NoticeCode.ARC_ONE_SIDE in codes(calibrated(science).notices)
