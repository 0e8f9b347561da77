"""Staff decide on the camera of a night whose headers leave it open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits

from db.models import CameraDecision, File, LogEntry, Proposal, Run
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from services import log_list, notices
from services.errors import AccessDenied, Conflict, NotFound, Unacceptable
from services.files.arrivals import camera_decisions, remedies
from services.files.arrivals.remedies import Remedy
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")

OPEN: dict[str, Any] = {
    "INSTRUME": "Goodman Spectro",
    "INSTCONF": None,
    "GAIN": 2.2,
    "RDNOISE": 6.1,
}
"""Cards of a frame that nothing tells the camera of: a read-out of neither."""


def come_in(raw: Path, *, biases: int = 0) -> File:
    """A spectrum and some biases; the proposal uses neither bias nor flat."""
    settings = {"reduce": {"ignore_bias": True, "ignore_flats": True, "cosmic_rays": "none"}}
    Proposal.get_or_create(soar_id="SOAR2024A-001", defaults={"settings": settings})
    for number in range(biases):
        builders.arrive(raw, f"01{number:02}.fits", "BIAS", **OPEN)
    return builders.arrive(raw, "0001.fits", **OPEN)


def reasons() -> set[str]:
    return {str((run.notice or {}).get("code")) for run in Run.select()}


def test_a_frame_of_an_unknown_camera_is_indexed_and_waits(raw: Path) -> None:
    file = come_in(raw, biases=3)
    assert (file.camera, file.series, file.kind) == ("", "", "spectrum")
    assert {run.state for run in Run.select()} == {"waiting"}
    assert reasons() == {NoticeCode.WAITING_FOR_CAMERA}
    builders.drain()
    assert File.select().where(File.data_type != DataType.RAW).count() == 0


def test_one_decision_is_about_the_night_and_what_comes_later(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    file = come_in(raw, biases=3)
    other = builders.arrive(raw, "0002.fits", **OPEN | {"GAIN": 3.3})
    decided = camera_decisions.decide(staff, file.id, "Blue")
    assert decided.count == 4
    assert {f.camera for f in File.select().where(File.gain == 2.2)} == {"Blue"}
    assert File.get_by_id(other.id).camera == ""  # of another read-out
    told = {n.code for n in notices.load_all(File.get_by_id(file.id).notices)}
    assert NoticeCode.CAMERA_DECIDED in told
    assert NoticeCode.CAMERA_OPEN not in told
    later = builders.arrive(raw, "0003.fits", **OPEN)
    assert later.camera == "Blue"
    biases = File.select().where(File.kind == "bias")
    assert all("|Blue|" in bias.series for bias in biases)


def test_the_decided_camera_reaches_the_reduction(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    file = come_in(raw, biases=3)
    camera_decisions.decide(staff, file.id, "Blue")
    builders.drain()
    made = File.select().where(File.original == file, File.data_type == DataType.REDUCED)
    assert [product.camera for product in made] == ["Blue"]
    assert fits.getval(made.get().full_path, "INSTCONF") == "Blue"


def test_a_decision_can_be_changed_and_withdrawn(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    file = come_in(raw)
    camera_decisions.decide(staff, file.id, "Blue")
    builders.drain()
    changed = camera_decisions.decide(staff, file.id, "Red")
    assert CameraDecision.select().count() == 1
    assert File.get_by_id(file.id).camera == "Red"
    made = File.select().where(File.original == file, File.data_type == DataType.REDUCED)
    assert made.get().out_of_date
    assert camera_decisions.withdraw(staff, changed.row.id) == 1
    assert File.get_by_id(file.id).camera == ""
    builders.drain()
    assert NoticeCode.WAITING_FOR_CAMERA in reasons()
    assert builders.arrive(raw, "0003.fits", **OPEN).camera == ""
    with pytest.raises(NotFound):
        camera_decisions.withdraw(staff, changed.row.id)


def test_only_staff_decide_and_only_what_is_open(raw: Path) -> None:
    pi = builders.person("pi")
    staff = builders.person("staff", is_staff=True)
    file = come_in(raw)
    Proposal.update(pi=pi).execute()
    with pytest.raises(AccessDenied):
        camera_decisions.decide(pi, file.id, "Blue")
    with pytest.raises(Unacceptable):
        camera_decisions.decide(staff, file.id, "Green")
    known = builders.arrive(raw, "0009.fits")
    with pytest.raises(Conflict):
        camera_decisions.decide(staff, known.id, "Blue")


def test_the_page_offers_both_cameras_and_the_way_back(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    come_in(raw, biases=2)
    lines = [line for line in log_list.page(staff, "", {}).lines if Remedy.BLUE in line.remedies]
    (line,) = lines  # one entry for all frames of the proposal
    assert line.remedies == (Remedy.RED, Remedy.BLUE)
    assert remedies.of_entry(staff, line.id, Remedy.BLUE) == 3
    assert {file.camera for file in File.select()} == {"Blue"}
    (undo,) = [ln for ln in log_list.page(staff, "", {}).lines if Remedy.WITHDRAW in ln.remedies]
    assert remedies.of_entry(staff, undo.id, Remedy.WITHDRAW) == 3
    assert {file.camera for file in File.select()} == {""}
    with pytest.raises(Conflict):  # it is withdrawn
        remedies.of_entry(staff, undo.id, Remedy.WITHDRAW)
    assert LogEntry.select().count() >= 3
