"""A calibration that a person chose: taken, told of, or refused; what is stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.models import File, Proposal, Run, User
from reduction.differences import Difference, Effect, Quantity
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from reduction.registry import CalibrationRole
from services.calibration import manual, out_of_date, report
from services.calibration.outcomes import Refused
from services.errors import Conflict, NotFound, Unacceptable
from services.runs import read_models, requests
from tests.support import builders
from tests.support.builders import arrive
from tests.support.notices import code_of, params

pytestmark = pytest.mark.usefixtures("site", "blocks")


def master() -> File:
    return File.get(File.data_type == DataType.MASTER, File.state == "current")


def reduced(file: File) -> list[File]:
    query = File.select().where(File.original == file, File.data_type == DataType.REDUCED)
    return list(query.order_by(File.id))


@pytest.fixture
def frame(raw: Path) -> File:
    """A frame that was reduced without a bias: the only master is of another gain."""
    for i in range(3):
        arrive(raw, f"b{i}.fits", "BIAS", GAIN=3.2)
    made = arrive(raw, "s1.fits")
    builders.drain()
    return made


@pytest.fixture
def pi(frame: File) -> User:
    user = builders.person("pi")
    Proposal.update(pi=user).where(Proposal.id == frame.proposal).execute()
    return user


OTHER_GAIN = Difference(Quantity.GAIN, 1.48, 3.2, Effect.ON_REQUEST)


def test_one_that_differs_is_used_on_request_and_says_so(frame: File, pi: User) -> None:
    (without,) = reduced(frame)
    assert without.quality["bias_frames"] == 0
    run = requests.request(pi, "reduce", frame.id, None, {"master_bias": master().id})
    assert run.state == "queued"
    assert requests.request(pi, "reduce", frame.id, None, {"master bias": master().id}).id == run.id
    builders.drain()
    made = reduced(frame)[-1]
    assert (made.run_id, made.quality["bias_frames"]) == (run.id, 3)
    selected = params(made.notices, NoticeCode.MANUAL_CALIBRATION_DIFFERS)
    assert selected["differences"] == [OTHER_GAIN.to_json()]
    assert selected["file"] == master().file_name
    run = Run.get_by_id(run.id)
    assert run.calibrations == {"master bias": master().id}
    assert read_models.view(run).as_dict()["inputs"] == [master().file_name]
    extracted = File.get(File.parent == made, File.data_type == DataType.EXTRACTED)
    assert params(extracted.notices, NoticeCode.MANUAL_CALIBRATION_DIFFERS) == selected


def test_the_search_is_told_with_what_differs(frame: File, pi: User) -> None:
    (ahead,) = report.of_file(pi, frame)
    assert (ahead.role, ahead.taken, ahead.is_made) == (CalibrationRole.MASTER_BIAS, (), False)
    assert code_of(ahead.notice) is NoticeCode.NO_CALIBRATION
    (one,) = ahead.candidates
    assert (one.file, one.fits, one.obstacle) == (master(), False, None)
    assert one.differences == (OTHER_GAIN,)
    (behind,) = report.of_file(pi, reduced(frame)[0])
    assert (behind.is_made, behind.taken, behind.target) == (True, (), frame)
    with pytest.raises(NotFound):
        report.of_file(builders.person("stranger"), frame)


@pytest.mark.parametrize(
    ("cards", "quantity"),
    [
        ({"CCDSUM": "1 1"}, Quantity.BINNING),
        ({"INSTCONF": "Blue", "INSTRUME": "ghts_blue"}, Quantity.CAMERA),
    ],
)
def test_other_pixels_are_refused_whoever_asks(
    raw: Path, frame: File, pi: User, cards: dict[str, str], quantity: Quantity
) -> None:
    other = arrive(raw, "s2.fits", **cards)
    builders.drain()
    before = Run.select().count()
    with pytest.raises(Unacceptable) as refused:
        requests.request(pi, "reduce", other.id, None, {"master_bias": master().id})
    assert refused.value.field == "calibrations"
    draft = Run(file=other, calibrations={"master bias": master().id})
    answer = manual.given(draft, CalibrationRole.MASTER_BIAS, other)
    assert isinstance(answer, Refused)
    assert quantity in quantities(answer.notice)
    assert Run.select().count() == before


def impossible(candidate: manual.Candidate) -> list[str]:
    """Return the quantities that keep a calibration from being used at all."""
    assert candidate.obstacle is not None
    return quantities(candidate.obstacle)


def quantities(obstacle: Notice) -> list[str]:
    assert obstacle.code is NoticeCode.CALIBRATION_IMPOSSIBLE
    return [one["quantity"] for one in obstacle.params["differences"]]


def test_what_is_no_such_calibration_is_refused(frame: File, pi: User) -> None:
    for use in ({"master_flat": master().id}, {"master_bias": frame.id}):
        with pytest.raises(Unacceptable):
            requests.request(pi, "reduce", frame.id, None, use)
    foreign = builders.row("secret.fits", builders.proposal("OTHER"))
    for number in (foreign.id, 999_999):
        with pytest.raises(NotFound):
            requests.request(pi, "reduce", frame.id, None, {"master_bias": number})


def test_a_fitting_one_makes_it_stale_and_is_taken_then(raw: Path, frame: File, pi: User) -> None:
    makeshift = master()
    requests.request(pi, "reduce", frame.id, None, {"master_bias": makeshift.id})
    builders.drain()
    with pytest.raises(Conflict):
        out_of_date.request_again(pi, reduced(frame)[-1].id)
    for i in range(3):
        arrive(raw, f"good{i}.fits", "BIAS")
    builders.drain()
    stale = reduced(frame)[-1]
    assert stale.out_of_date
    good = File.get(File.data_type == DataType.MASTER, File.id != makeshift.id)
    assert out_of_date.why(stale).params == {"files": [good.file_name], "ancestor": None}
    child = File.get(File.parent == stale, File.data_type == DataType.EXTRACTED)
    assert out_of_date.why(child).params["ancestor"] == stale.file_name
    run = out_of_date.request_again(pi, child.id)
    assert (run.block, run.calibrations) == ("reduce", None)
    assert out_of_date.request_again(pi, stale.id).id == run.id
    builders.drain()
    made = reduced(frame)[-1]
    assert (builders.input_names(made), made.out_of_date) == ([good.file_name], False)
    assert out_of_date.newer(stale) == made


def test_a_remade_makeshift_stays_when_nothing_fits(raw: Path, frame: File, pi: User) -> None:
    requests.request(pi, "reduce", frame.id, None, {"master_bias": master().id})
    builders.drain()
    arrive(raw, "b3.fits", "BIAS", GAIN=3.2)
    builders.drain()
    stale = reduced(frame)[-1]
    assert stale.out_of_date
    run = out_of_date.request_again(pi, stale.id)
    assert run.calibrations == {"master bias": master().id}
    builders.drain()
    assert reduced(frame)[-1].quality["bias_frames"] == 4


def test_a_lamp_of_another_setup_is_no_scale(raw: Path, frame: File, pi: User) -> None:
    near = arrive(raw, "a1.fits", "COMP", FILTER2="NO_FILTER")
    far = arrive(raw, "a2.fits", "COMP", GRT_TARG=12.0)
    builders.drain()
    spectrum = (
        File.select().where(File.data_type == DataType.EXTRACTED, File.original == frame).get()
    )
    (search,) = report.of_file(pi, spectrum)
    assert [one.file for one in search.candidates] == [near, far]
    assert impossible(search.candidates[1]) == [Quantity.GRATING_ANGLE]
    with pytest.raises(Unacceptable) as refused:
        requests.request(pi, "wavelength", spectrum.id, None, {"arc_lamp": far.id})
    assert refused.value.field == "calibrations"
    requests.request(pi, "wavelength", spectrum.id, None, {"arc_lamp": near.id})
    builders.drain()
    made = File.get(File.data_type == DataType.WAVELENGTH, File.original == frame)
    selected = params(made.notices, NoticeCode.MANUAL_CALIBRATION_DIFFERS)
    (difference,) = selected["differences"]
    assert (difference["quantity"], difference["found"]) == ("order_filter", "NO_FILTER")


def test_too_few_frames_are_a_difference(raw: Path, frame: File) -> None:
    owner = frame.proposal
    owner.settings = {"master_bias": {"minimum": 8}}
    owner.save()
    (one,) = manual.candidates(frame, CalibrationRole.MASTER_BIAS)
    assert Difference(Quantity.FRAMES, 8, 3, Effect.ON_REQUEST) in one.differences
