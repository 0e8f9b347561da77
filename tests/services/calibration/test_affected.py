"""What a change of the settings concerns: what waits takes it, what is done is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from db.models import File, Proposal, Run, User
from reduction.settings import form_fields
from services.calibration import affected
from services.errors import NotFound
from services.monitoring import check
from services.proposals import reduction_settings
from services.runs import requests
from tests.support import builders
from tests.support.builders import arrive

pytestmark = pytest.mark.usefixtures("site", "blocks")


@pytest.fixture
def pi() -> User:
    return builders.person("pi")


@pytest.fixture
def frames(raw: Path, pi: User) -> list[File]:
    """Two spectra and a lamp, reduced and extracted."""
    made = [arrive(raw, "s1.fits"), arrive(raw, "s2.fits"), arrive(raw, "lamp.fits", "COMP")]
    builders.drain()
    Proposal.update(pi=pi).execute()
    return made


def configure(pi: User, frame: File, **given: Any) -> None:
    wanted = {name.replace("__", "."): value for name, value in given.items()}
    reduction_settings.configure(pi, frame.proposal_id, form_fields.compose(wanted))


def newest(frame: File, block: str) -> Run:
    query = Run.select().join(File).where(File.original == frame.id, Run.block == block)
    return query.order_by(Run.id.desc()).first()


def test_nothing_is_concerned_by_what_is_in_force(pi: User, frames: list[File]) -> None:
    found = affected.of(pi, frames[0].proposal_id)
    assert (found.waiting, found.again, found.steps) == (0, (), [])
    assert affected.reduce_again(pi, frames[0].proposal_id) == []


def test_only_what_changed_and_what_follows_is_made_again(pi: User, frames: list[File]) -> None:
    owner = frames[0].proposal_id
    wanted = form_fields.compose({"extract.n_targets": 2})
    before = affected.of(pi, owner, wanted)
    assert (before.frames, before.steps) == (3, [("Extract", 3)])
    assert affected.of(pi, owner).frames == 0, "it is not saved"
    configure(pi, frames[0], extract__n_targets=2)
    assert affected.of(pi, owner).again == before.again
    reductions = Run.select().where(Run.block == "reduce").count()
    asked = affected.reduce_again(pi, owner)
    assert {run.block for run in asked} == {"extract"}
    assert {run.priority for run in asked} == {-10}
    assert affected.reduce_again(pi, owner) == [], "it is on its way"
    builders.drain()
    assert Run.select().where(Run.block == "reduce").count() == reductions
    assert affected.of(pi, owner).again == ()
    made = File.select().where(File.run_id == newest(frames[0], "extract").id)
    assert made.count() == 2
    assert check.violations() == []


def test_a_reduction_setting_leads_through_the_chain_in_the_background(
    pi: User, frames: list[File]
) -> None:
    configure(pi, frames[0], reduce__factor=2.0)
    assert affected.of(pi, frames[0].proposal_id).steps == [("Reduce", 3)]
    affected.reduce_again(pi, frames[0].proposal_id)
    builders.drain()
    assert [newest(frame, "reduce").settings["factor"] for frame in frames] == [2.0, 2.0, 2.0]
    following = [newest(frame, "extract") for frame in frames]
    assert {(run.priority, run.state) for run in following} == {(-10, "done")}


def test_what_failed_with_other_settings_is_tried_with_the_new_ones(raw: Path, pi: User) -> None:
    frame = arrive(raw, "bright.fits", level=65000)
    builders.drain()
    Proposal.update(pi=pi).execute()
    assert newest(frame, "reduce").state == "failed"
    assert affected.of(pi, frame.proposal_id).frames == 0
    configure(pi, frame, reduce__factor=0.5)
    assert affected.of(pi, frame.proposal_id).frames == 1


def test_what_waits_takes_the_new_settings_and_goes_on(raw: Path, pi: User) -> None:
    arrive(raw, "b1.fits", "BIAS")  # two are missing
    frame = arrive(raw, "s1.fits")
    builders.drain()
    Proposal.update(pi=pi).execute()
    run = newest(frame, "reduce")
    if run.state != "waiting":
        pytest.fail(f"the run is to wait for a master bias: {run.state}")
    wanted = form_fields.compose({"reduce.ignore_bias": True})
    assert affected.of(pi, frame.proposal_id, wanted).waiting == 1
    configure(pi, frame, reduce__ignore_bias=True)
    assert Run.get_by_id(run.id).state == "queued"
    builders.drain()
    done = Run.get_by_id(run.id)
    assert (done.state, done.settings["ignore_bias"]) == ("done", True)


def test_what_was_asked_for_with_settings_of_its_own_keeps_them(
    pi: User, frames: list[File]
) -> None:
    asked = requests.request(pi, "reduce", frames[0].id, {"factor": 7})
    wanted = form_fields.compose({"reduce.factor": 2.0})
    assert affected.of(pi, frames[0].proposal_id, wanted).waiting == 0
    configure(pi, frames[0], reduce__factor=2.0)
    assert Run.get_by_id(asked.id).settings["factor"] == 7


def test_a_lower_minimum_makes_the_master_that_is_now_due(raw: Path, pi: User) -> None:
    for number in (1, 2):
        arrive(raw, f"b{number}.fits", "BIAS")
    arrive(raw, "s1.fits")
    builders.drain()
    Proposal.update(pi=pi).execute()
    assert Run.select().where(Run.block == "master_bias").count() == 0
    frame = File.get(File.file_name == "s1.fits")
    configure(pi, frame, master_bias__minimum=2)
    assert Run.select().where(Run.block == "master_bias").count() == 1


def test_another_proposals_frames_stay_out(raw: Path, pi: User, frames: list[File]) -> None:
    theirs = arrive(raw, "other.fits", PROPID="SOAR2024A-002")
    builders.drain()
    stranger = builders.person("stranger")
    wanted = form_fields.compose({"reduce.factor": 2.0})
    found = affected.of(pi, frames[0].proposal_id, wanted)
    assert theirs.id not in {step.original for step in found.again}
    for ask in (affected.of, affected.reduce_again):
        with pytest.raises(NotFound):
            ask(stranger, frames[0].proposal_id)
