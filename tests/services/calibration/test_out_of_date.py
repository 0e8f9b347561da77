"""What is stale is made again when somebody, or the proposal's settings, ask for it: once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from db.models import File, Proposal, Run
from reduction.frames import DataType
from services.calibration import out_of_date
from services.errors import NotFound
from services.monitoring import check
from services.runs import claiming, execution, reconciliation, requests
from tests.support import builders
from tests.support.builders import arrive

pytestmark = pytest.mark.usefixtures("site", "blocks")


def biases(folder: Path, *numbers: int) -> None:
    for i in numbers:
        arrive(folder, f"b{i}.fits", "BIAS")


def reduced(file: File) -> list[File]:
    query = File.select().where(File.original == file, File.data_type == DataType.REDUCED)
    return list(query.order_by(File.id))


@pytest.fixture
def stale(raw: Path) -> list[File]:
    """Two frames whose master bias has been replaced."""
    biases(raw, 1, 2, 3)
    frames = [arrive(raw, "s1.fits"), arrive(raw, "s2.fits")]
    builders.drain()
    biases(raw, 4)
    builders.drain()
    assert [one.out_of_date for frame in frames for one in reduced(frame)] == [True, True]
    return frames


def test_all_stale_frames_of_a_proposal_are_reduced_again_once(stale: list[File]) -> None:
    pi, stranger = builders.person("pi"), builders.person("stranger")
    owner = Proposal.get(Proposal.soar_id == "SOAR2024A-001")
    owner.pi = pi
    owner.save()
    with pytest.raises(NotFound):
        out_of_date.request_all(stranger, owner.id)
    asked = out_of_date.request_all(pi, owner.id)
    assert {run.file_id for run in asked} == {frame.id for frame in stale}
    assert {run.user for run in asked} == {pi}
    assert out_of_date.request_all(pi, owner.id) == [], "it is on its way"
    builders.drain()
    assert out_of_date.request_all(pi, owner.id) == [], "the newest version is not stale"
    for frame in stale:
        old, new = reduced(frame)
        assert (old.out_of_date, new.out_of_date) == (True, False)
        assert (old.quality["bias_frames"], new.quality["bias_frames"]) == (3, 4)
    assert check.violations() == []


def test_what_was_asked_for_by_hand_is_redone_with_its_settings(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    biases(raw, 1, 2, 3)
    frame = arrive(raw, "s1.fits")
    builders.drain()
    requests.request(staff, "reduce", frame.id, {"factor": 5})
    builders.drain()
    biases(raw, 4)
    builders.drain()
    (again,) = out_of_date.request_all(staff, frame.proposal_id)
    assert again.settings["factor"] == 5


def test_a_proposal_may_have_it_done_by_itself(stale: list[File]) -> None:
    assert reconciliation.reconcile() == []
    Proposal.update(settings={"general": {"redo_stale": True}}).execute()
    assert len(reconciliation.reconcile()) == 2
    builders.drain()
    assert [len(reduced(frame)) for frame in stale] == [2, 2]
    assert {run.automatic for run in Run.select()} == {True}
    assert reconciliation.reconcile() == []


def test_what_is_finished_after_a_better_master_has_come_is_stale(raw: Path) -> None:
    frame = arrive(raw, "s1.fits")
    run = claiming.claim("slow")
    assert run.file == frame
    real = execution.products.write

    def meanwhile(*given: Any) -> Any:
        execution.products.write = real
        biases(raw, 1, 2, 3)
        while (other := claiming.claim("quick")) is not None:
            execution.execute(other)
        return real(*given)

    execution.products.write = meanwhile
    try:
        execution.execute(run)
    finally:
        execution.products.write = real
    assert [one.out_of_date for one in reduced(frame)] == [True]


def family(frame: File) -> list[File]:
    query = File.select().where(File.original == frame, File.data_type > DataType.RAW)
    return list(query.order_by(File.id))


@pytest.mark.parametrize("redo", [False, True])
def test_after_a_late_master_the_whole_chain_is_marked_and_remade_if_asked(
    raw: Path, *, redo: bool
) -> None:
    builders.proposal("SOAR2024A-001")
    Proposal.update(settings={"general": {"redo_stale": redo}}).execute()
    biases(raw, 1, 2, 3)
    arrive(raw, "c1.fits", "COMP")
    frame = arrive(raw, "s1.fits")
    builders.drain()
    first = family(frame)
    assert [one.data_type for one in first] == [
        DataType.REDUCED,
        DataType.EXTRACTED,
        DataType.WAVELENGTH,
    ]
    biases(raw, 4)
    builders.drain()
    assert all(File.get_by_id(one.id).out_of_date for one in first), "the whole chain"
    again = [one for one in family(frame) if one.id not in {old.id for old in first}]
    names = [one.file_name for one in again if not one.out_of_date]
    assert names == (
        ["rs1_v2.fits", "ers1_v2_target_1.fits", "w_ers1_v2_ws_1.fits"] if redo else []
    )
    assert check.violations() == []


def test_versions_keep_distinct_names_through_the_chain(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    arrive(raw, "c1.fits", "COMP")
    frame = arrive(raw, "s1.fits")
    builders.drain()
    (only,) = reduced(frame)
    requests.request(staff, "extract", only.id, {"n_targets": 2})
    builders.drain()
    names = [one.file_name for one in family(frame) if one.data_type > DataType.REDUCED]
    assert sorted(names) == [
        "ers1_target_1.fits",
        "ers1_target_1_v2.fits",
        "ers1_target_2.fits",
        "w_ers1_ws_1.fits",
        "w_ers1_ws_1_v2.fits",
        "w_ers1_ws_2.fits",
    ]
    parents = {
        one.file_name: one.parent.file_name
        for one in family(frame)
        if one.data_type == DataType.WAVELENGTH
    }
    assert parents["w_ers1_ws_1_v2.fits"] == "ers1_target_1_v2.fits"
