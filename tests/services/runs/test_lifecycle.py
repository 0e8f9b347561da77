from __future__ import annotations

import dataclasses
import datetime as dt
import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from db.models import Event, File, LogEntry, Run, utc_now
from jobs import tasks
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import context
from services.errors import AccessDenied, Conflict, NotFound, Unacceptable
from services.files import products
from services.monitoring import check
from services.runs import claiming, execution, lease, listing, read_models, reconciliation, requests
from tests.support import builders
from tests.support.builders import arrive
from tests.support.notices import code_of, codes

pytestmark = pytest.mark.usefixtures("site", "blocks")


def test_a_frame_goes_the_whole_way_and_every_step_is_announced(raw: Path) -> None:
    arrive(raw, "0001_comp.fits", "COMP")
    science = arrive(raw, "0002_sci.fits")
    done = builders.drain()
    assert {run.state for run in done} == {"done"}
    family = File.select().where(File.original == science).order_by(File.data_type)
    assert [file.file_name for file in family] == [
        "0002_sci.fits",
        "r0002_sci.fits",
        "er0002_sci_target_1.fits",
        "w_er0002_sci_ws_1.fits",
    ]
    *_, extracted, calibrated = family
    assert calibrated.parent == extracted
    assert calibrated.proposal == science.proposal
    assert builders.input_names(calibrated) == ["r0001_comp.fits"]
    assert calibrated.night == science.night
    states = [
        event.payload["state"]
        for event in Event.select().where(Event.name == "run-changed").order_by(Event.id)
        if event.payload["run"] == calibrated.run_id
    ]
    assert states[-2:] == ["running", "done"]
    arc = File.select().where(File.kind == "arc", File.data_type > 0).order_by(File.data_type)
    assert [file.data_type for file in arc] == [2, 3], "an arc is extracted, not calibrated"
    assert check.violations() == []


def test_quality_is_json(raw: Path) -> None:
    arrive(raw, "0001.fits", level=1000)
    builders.drain(1)
    product = File.get(File.data_type == DataType.REDUCED)
    assert product.quality["nothing"] is None
    assert product.quality["level"] == pytest.approx(1000, abs=3)


def test_the_newest_exposure_goes_first_and_a_person_before_all(raw: Path) -> None:
    old, new = arrive(raw, "0001.fits"), arrive(raw, "0002.fits")
    staff = builders.person("staff", is_staff=True)
    asked = requests.request(staff, "reduce", old.id)
    order = [claiming.claim("w") for _ in range(2)]
    assert order[0].id == asked.id
    assert [run.file for run in order] == [old, new]
    assert {(run.state, run.attempt) for run in order} == {("running", 1)}
    assert claiming.claim("w") is None


def test_pictures_give_way_to_the_last_frame_but_not_to_a_backlog(raw: Path) -> None:
    assert not claiming.all_claimed(), "nothing is being done"
    arrive(raw, "0001.fits")
    arrive(raw, "0002.fits")
    assert claiming.claim("w") is not None
    assert not claiming.all_claimed(), "another frame waits for a worker"
    assert claiming.claim("w") is not None
    assert claiming.all_claimed()


def test_the_same_request_is_the_same_run_until_it_has_ended(raw: Path) -> None:
    file = arrive(raw, "0001.fits")
    staff = builders.person("staff", is_staff=True)
    automatic = Run.get(Run.file == file)
    first = requests.request(staff, "reduce", file.id)
    assert (first.id, Run.get_by_id(first.id).priority) == (automatic.id, 10)
    other = requests.request(staff, "reduce", file.id, {"factor": 2.0})
    again = requests.request(staff, "reduce", file.id, {"factor": 2.0})
    assert other.id == again.id != first.id
    claimed = claiming.claim("w")
    assert claimed is not None
    assert requests.request(staff, "reduce", file.id).id == first.id  # running counts, too
    requests.cancel(staff, other.id)
    assert requests.request(staff, "reduce", file.id, {"factor": 2.0}).id != other.id


def test_one_ticket_carries_the_newest_frame_to_its_spectrum(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(raw, "0001_comp.fits", "COMP")
    builders.drain()
    old, new = arrive(raw, "0002.fits"), arrive(raw, "0003.fits")
    monkeypatch.setattr(tasks, "SHIFT_S", -1.0)
    tasks.work(0)
    assert File.select().where(File.original == new).count() == 4
    assert File.select().where(File.original == old).count() == 1


def test_a_worker_takes_further_frames_while_its_shift_lasts(raw: Path) -> None:
    arrive(raw, "0001_comp.fits", "COMP")
    builders.drain()
    frames = [arrive(raw, f"000{number}.fits") for number in range(2, 6)]
    tasks.work(0)
    assert [File.select().where(File.original == frame).count() for frame in frames] == [4] * 4
    calibrated = Run.select().where(Run.block == "wavelength").order_by(Run.started)
    exposures = [run.exposure for run in calibrated]
    assert sorted(exposures, reverse=True) == exposures, "the newest first"


def test_only_runs_of_other_files_get_tickets_while_a_worker_executes(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets: list[int] = []
    context.bind(dataclasses.replace(context.current(), enqueue_run=tickets.append))
    monkeypatch.setattr(tasks, "SHIFT_S", -1.0)
    science = arrive(raw, "0001.fits")
    arc = arrive(raw, "0002_comp.fits", "COMP")
    assert {Run.get_by_id(number).file for number in tickets} == {science, arc}
    tickets.clear()
    claiming.claim("another worker")  # the arc, which is newer
    tasks.work(0)  # the science frame, up to its spectrum, which waits for the arc
    assert tickets == [], "its own next steps need none"
    reduction = Run.get(Run.file == arc)
    execution.execute(reduction)
    due = [Run.get_by_id(number) for number in tickets]
    assert [(run.block, run.file.original) for run in due] == [
        ("extract", arc),
        ("wavelength", science),
    ], "what a worker makes possible for other files is announced at once"


def test_what_is_amiss_with_a_frame_is_said_of_its_spectrum_too(raw: Path) -> None:
    arrive(raw, "0001_comp.fits", "COMP")
    science = arrive(raw, "0002.fits")
    builders.drain()
    reduced, *later = File.select().where(File.original == science, File.data_type > 0)
    assert NoticeCode.NO_CALIBRATION in codes(reduced.notices)
    assert all(one in file.notices for file in later for one in reduced.notices)


def test_what_a_block_refuses_is_a_failed_run_with_its_sentence(raw: Path) -> None:
    file = arrive(raw, "0001.fits", level=65000)
    (run,) = builders.drain(1)
    assert (run.state, code_of(run.notice)) == ("failed", NoticeCode.NO_VALID_PIXEL)
    entry = LogEntry.get(LogEntry.level == "error")
    assert entry.notice["code"] == NoticeCode.FILE_RUN_FAILED
    assert entry.notice["params"] == {"file": "0001.fits", "block": "Reduce", "reason": run.notice}
    assert (entry.proposal, entry.file) == (file.proposal, file)


def test_an_unexpected_error_is_a_failed_run_and_kept(raw: Path) -> None:
    arrive(raw, "0001.fits", level=0)
    run = claiming.claim("w")
    with pytest.raises(ZeroDivisionError):
        execution.execute(run)
    run = Run.get_by_id(run.id)
    assert run.state == "failed"
    assert code_of(run.notice) is NoticeCode.INTERNAL_ERROR
    assert run.notice["params"] == {"exception": "ZeroDivisionError"}


def test_a_frame_changed_after_it_was_indexed_is_refused(raw: Path) -> None:
    file = arrive(raw, "0001.fits")
    builders.write_frame(Path(file.full_path))
    (run,) = builders.drain(1)
    assert run.state == "failed"
    assert code_of(run.notice) is NoticeCode.FILE_CHANGED


def test_a_vanished_worker_is_replaced_and_can_finish_no_more(raw: Path) -> None:
    arrive(raw, "0001.fits")
    first = claiming.claim("dead")
    silent = utc_now() - dt.timedelta(seconds=20)
    Run.update(heartbeat=silent).execute()
    assert reconciliation.reconcile() == [first.id]
    second = claiming.claim("alive")
    assert (second.id, second.attempt) == (first.id, 2)
    execution.execute(first)  # the dead one was only slow
    assert Run.get_by_id(first.id).state == "running"
    assert File.select().where(File.data_type > 0).count() == 0
    execution.execute(second)
    assert File.select().where(File.run_id == first.id).count() == 1
    assert check.violations() == []


def test_a_late_writer_is_fenced_after_its_block_has_run(raw: Path) -> None:
    arrive(raw, "0001.fits")
    slow = claiming.claim("slow")

    def outrun(inputs: Any, settings: Any, report: Any) -> Any:
        Run.update(attempt=2).execute()  # another worker claims it meanwhile
        return builders._small_reduce(inputs, settings, print)

    builders.replace_block("reduce", outrun)
    execution.execute(slow)
    assert File.select().where(File.data_type > 0).count() == 0
    assert Run.get().state == "running"
    assert not list(products.temporary_dir().iterdir())


def test_a_frame_that_kills_its_worker_is_given_up_after_three_tries(raw: Path) -> None:
    arrive(raw, "0001.fits")
    for tries in (1, 2, 3):
        assert claiming.claim("doomed").attempt == tries
        Run.update(heartbeat=utc_now() - dt.timedelta(minutes=1)).execute()
        reconciliation.reconcile()
    run = Run.get()
    assert (run.state, run.lost) == ("failed", 3)
    assert claiming.claim("next") is None
    assert code_of(run.notice) is NoticeCode.WORKER_LOST
    assert run.notice["params"] == {"times": 3}


def test_a_running_run_with_a_heartbeat_is_left_alone(raw: Path) -> None:
    arrive(raw, "0001.fits")
    claiming.claim("w")
    assert reconciliation.reconcile() == []
    assert Run.get().state == "running"


def test_the_heartbeat_beats_while_a_block_works(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(raw, "0001.fits")
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.02)
    run = claiming.claim("w")
    before = Run.get_by_id(run.id).heartbeat

    def patient(inputs: Any, settings: Any, report: Any) -> Any:
        for _ in range(500):
            if Run.get_by_id(run.id).heartbeat > before:
                return builders._small_reduce(inputs, settings, report)
            import time

            time.sleep(0.01)
        raise AssertionError("no heartbeat in five seconds")

    builders.replace_block("reduce", patient)
    execution.execute(run)
    assert Run.get_by_id(run.id).state == "done"


def test_a_cancelled_run_ends_at_its_next_step(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "PROGRESS_S", 0.0)  # else only after it has worked for a while
    staff = builders.person("staff", is_staff=True)
    arrive(raw, "0001.fits")
    run = claiming.claim("w")

    def obedient(inputs: Any, settings: Any, report: Any) -> Any:
        requests.cancel(staff, run.id)
        report("Next", 0.5)
        raise AssertionError("went on")

    builders.replace_block("reduce", obedient)
    execution.execute(run)
    assert Run.get_by_id(run.id).state == "cancelled"
    assert File.select().where(File.data_type > 0).count() == 0
    with pytest.raises(Conflict, match="ended already"):
        requests.cancel(staff, run.id)
    assert requests.retry(staff, run.id).state == "queued"
    with pytest.raises(Conflict):
        requests.retry(staff, run.id)


def test_no_room_on_the_disk_is_waited_for(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(raw, "0001.fits")
    with monkeypatch.context() as full:

        def no_room(product: Any, path: Path) -> None:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

        full.setattr(products.frame_io, "write", no_room)
        run = claiming.claim("w")
        execution.execute(run)
    run = Run.get_by_id(run.id)
    assert (run.state, code_of(run.notice)) == ("waiting", NoticeCode.WAITING_FOR_DISK)
    assert not list(products.temporary_dir().iterdir())
    builders.drain()
    assert Run.get_by_id(run.id).state == "done"


def test_a_run_done_again_makes_the_next_version(raw: Path) -> None:
    pi = builders.person("pi")
    builders.proposal("SOAR2024A-001", pi)
    file = arrive(raw, "0001.fits")
    builders.drain(1)
    for _ in range(2):
        requests.request(pi, "reduce", file.id, {"factor": 2})
        builders.drain(1)
    reduced = File.select().where(File.data_type == 2).order_by(File.id)
    names = ["r0001.fits", "r0001_v2.fits", "r0001_v3.fits"]
    assert [one.file_name for one in reduced] == names
    assert {one.state for one in reduced} == {"current"}
    levels = [one.quality["level"] for one in reduced]
    assert levels[1] == levels[2]
    from reduction.fits import frame_io

    stored = frame_io.read_product(Path(reduced[1].full_path))
    assert stored.data[0, 0] == pytest.approx(2 * levels[0])
    assert stored.meta["GSP_FNAM"] == "r0001_v2.fits"
    assert check.violations() == []


def test_several_targets_are_several_products(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    file = arrive(raw, "0001.fits")
    builders.drain(1)
    reduced = File.get(File.data_type == 2)
    run = requests.request(staff, "extract", reduced.id, {"n_targets": 3})
    builders.drain(1)
    made = read_models.view(Run.get_by_id(run.id)).as_dict()["products"]
    assert [product["file_name"] for product in made] == [
        "er0001_target_1_v2.fits",
        "er0001_target_2.fits",
        "er0001_target_3.fits",
    ]
    assert File.select().where(File.original == file, File.data_type == 3).count() == 4


class TestRequest:
    @pytest.fixture
    def file(self) -> File:
        pi = builders.person("pi")
        return builders.row("0001.fits", builders.proposal("A", pi))

    def test_settings_are_checked_by_name(self, file: File) -> None:
        pi = file.proposal.pi
        run = requests.request(pi, "reduce", file.id, {"factor": 3})
        assert run.settings == {"ignore_bias": False, "factor": 3.0}
        assert (run.priority, run.user, run.automatic) == (10, pi, False)
        for wrong, field in (({"factr": 1}, "factr"), ({"factor": "much"}, "factor")):
            with pytest.raises(Unacceptable) as refusal:
                requests.request(pi, "reduce", file.id, wrong)
            assert refusal.value.field == field
            assert field in refusal.value.message

    def test_the_proposals_settings_hold(self, file: File) -> None:
        file.proposal.settings = {"reduce": {"factor": 7}, "gone": {"x": 1}}
        file.proposal.save()
        assert requests.request(file.proposal.pi, "reduce", file.id).settings["factor"] == 7

    def test_a_block_that_does_not_fit_is_refused(self, file: File) -> None:
        for block in ("extract", "master_bias", "nothing"):
            with pytest.raises(Unacceptable):
                requests.request(file.proposal.pi, block, file.id)

    def test_a_stranger_finds_nothing(self, file: File) -> None:
        stranger = builders.person("stranger")
        with pytest.raises(NotFound):
            requests.request(stranger, "reduce", file.id)
        run = requests.request(file.proposal.pi, "reduce", file.id)
        for question in (listing.get, requests.cancel, requests.retry):
            with pytest.raises(NotFound):
                question(stranger, run.id)
        assert listing.page(stranger, {}).count == 0
        assert listing.page(file.proposal.pi, {"state": "queued,waiting"}).rows == [run]
        with pytest.raises(Unacceptable):
            listing.page(stranger, {"state": "asleep"})

    def test_a_masters_run_is_everyones_but_names_no_frame(self, file: File) -> None:
        frame = builders.row("0009_secret.fits", file.proposal, kind="bias", series="s")
        run = builders.run(
            frame,
            "master_bias",
            proposal=None,
            state="failed",
            notice=notice(NoticeCode.NO_VALID_PIXEL).to_json(),
        )
        stranger = builders.person("stranger")
        assert "secret" not in str(read_models.view(listing.get(stranger, run.id)).as_dict())
        assert listing.page(stranger, {"file_id": frame.id}).count == 0
        with pytest.raises(AccessDenied):
            requests.retry(stranger, run.id)


def test_leftovers_of_a_killed_attempt_are_seen_and_swept(raw: Path) -> None:
    arrive(raw, "0001.fits")
    run = claiming.claim("killed")
    part = products.temporary_dir() / f"{run.id}-{run.attempt}-0.fits"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    assert check.violations() == []
    Run.update(heartbeat=utc_now() - dt.timedelta(minutes=1)).execute()
    found = {violation.invariant for violation in check.violations()}
    assert check.Invariant.RUN_HAS_HEARTBEAT in found
    Run.update(state="queued").execute()
    assert check.violations() == [check.Violation(check.Invariant.ATTEMPT_UNDER_WAY, part.name)]
    reconciliation.reconcile()
    assert check.violations() == []


def test_a_kill_between_rename_and_commit_is_healed_by_the_next_attempt(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(raw, "0001.fits")

    class Killed(BaseException):
        pass

    def renamed_then_killed(written: Any) -> None:
        for one in written:
            shutil.move(one.temporary, one.path)
        raise Killed

    run = claiming.claim("w")
    with monkeypatch.context() as context, pytest.raises(Killed):
        context.setattr(products, "reveal", renamed_then_killed)
        execution.execute(run)
    assert File.select().where(File.data_type > 0).count() == 0
    Run.update(heartbeat=utc_now() - dt.timedelta(minutes=1)).execute()
    reconciliation.reconcile()
    builders.drain(1)
    reduced = File.get(File.data_type == 2)
    assert reduced.file_name == "r0001.fits"
    assert check.violations() == []
