"""Sensitivities: which spectra get one, which is chosen, and what a new one changes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from db.models import File, Ingredient, Proposal, Run, User
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.settings.proposal_settings import settings_model
from services import access
from services.calibration import affected, manual, provisional, reclassify, report
from services.calibration.recalibration import consideration, fluxes
from services.errors import NotFound, Unacceptable
from services.files import actions, deletion, ingredients, origin, products
from services.files.serialization import as_dict
from services.monitoring import check
from services.proposals import proposals
from services.runs import member_reports, requests
from tests.support import builders
from tests.support.builders import arrive
from tests.support.notices import codes, params

pytestmark = pytest.mark.usefixtures("site", "blocks")

NIGHT = dt.datetime(2024, 3, 11, 3)
SOAR_ID, OTHER_ID = "SOAR2024A-001", "SOAR2024A-002"


@pytest.fixture(autouse=True)
def everything_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "YOUNG_S", 0.0)


def at(minute: float, day: int = 0) -> str:
    """A time of a night, or of one some days away."""
    return (NIGHT + dt.timedelta(minutes=minute, days=day)).isoformat(timespec="milliseconds")


def arc(raw: Path, minute: float = 0, day: int = 0, **cards: object) -> File:
    values = {"level": 400, **cards}
    number = len(list(raw.glob("arc*")))
    return arrive(raw, f"arc_{number}.fits", "COMP", DATE_OBS=at(minute, day), **values)


def star(raw: Path, minute: float, level: int = 1000, day: int = 0, **cards: object) -> File:
    """A spectrum of a proposal."""
    name = f"star_{day}_{minute}.fits"
    return arrive(raw, name, DATE_OBS=at(minute, day), level=level, EXPTIME=1.0, **cards)


def standard(raw: Path, minute: float, level: int = 5000, day: int = 0, **cards: object) -> File:
    """A spectrum of a standard star; its level becomes its sensitivity, and its name."""
    return star(raw, minute, level, day, OBJECT=builders.STANDARD, **cards)


def made(data_type: DataType) -> list[File]:
    return list(File.select().where(File.data_type == data_type).order_by(File.date_obs, File.id))


def sensitivities() -> list[File]:
    return made(DataType.SENSITIVITY)


def flux_of(raw: File) -> File:
    """The only flux of a raw frame."""
    return File.get(File.original == raw, File.data_type == DataType.FLUX)


def used(product: File) -> str:
    """The standard star that a flux was made with."""
    (row,) = [one for one in ingredients.of(product) if one.role == "sensitivity"]
    return str(row.name)


def spectrum_of(raw: File) -> File:
    return File.get(File.original == raw, File.data_type == DataType.WAVELENGTH)


class TestWhatRunsByItself:
    def test_a_standard_gives_a_sensitivity_and_all_spectra_of_its_setup_a_flux(
        self, raw: Path
    ) -> None:
        arc(raw)
        before, of_standard, after = star(raw, 1), standard(raw, 10), star(raw, 20)
        other = star(raw, 30, CAM_TARG=11.6, GRT_TARG=5.8)
        arc(raw, 31, CAM_TARG=11.6, GRT_TARG=5.8)
        builders.drain()
        (sensitivity,) = sensitivities()
        for frame in (before, of_standard, after):
            assert used(flux_of(frame)) == sensitivity.file_name
        assert spectrum_of(other).id
        assert not Run.select().where(Run.file == spectrum_of(other)).exists()
        assert check.violations() == []
        assert builders.drain() == []

    def test_a_night_without_a_standard_has_no_further_runs(self, raw: Path) -> None:
        arc(raw)
        star(raw, 1)
        builders.drain()
        assert {run.block for run in Run.select()} == {"reduce", "extract", "wavelength"}

    def test_only_the_brightest_target_of_a_frame_is_the_standard(self, raw: Path) -> None:
        arc(raw)
        frame = standard(raw, 10)
        builders.drain()
        extracted = File.get(File.original == frame, File.data_type == DataType.EXTRACTED)
        extracted.quality = {"target": 2}
        extracted.save()
        Run.delete().where(Run.block == "sensitivity").execute()
        requests.request(builders.person("staff", is_staff=True), "wavelength", extracted.id)
        builders.drain()
        assert not Run.select().where(Run.block == "sensitivity").exists()

    def test_what_a_killed_process_left_is_found(
        self, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arc(raw)
        standard(raw, 10)
        builders.drain()
        with monkeypatch.context() as killed:
            killed.setattr(fluxes, "start_if_served", lambda *_: None)
            frame = star(raw, 20)
            builders.drain()
        assert (
            not File.select()
            .where(File.original == frame, File.data_type == DataType.FLUX)
            .exists()
        )
        builders.drain()
        assert flux_of(frame)

    def test_an_archive_is_calibrated_some_at_a_time_the_nearest_first(
        self, raw: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fluxes, "MOST_WAITING", 2)
        for day in range(-6, 0):
            arc(raw, 0, day)
            star(raw, 1, day=day)
        builders.drain()
        far = star(raw, 2, day=-500)
        arc(raw, 3, day=-500)
        arc(raw)
        standard(raw, 10)
        most: list[int] = []
        real = fluxes.follow

        def follow(run: Run) -> None:
            most.append(Run.select().where(Run.block == "flux", Run.state == "queued").count())
            real(run)

        monkeypatch.setattr(fluxes, "follow", follow)
        builders.drain(20)
        assert max(most) <= 2
        first = Run.select().where(Run.block == "flux").order_by(Run.id)
        nights = [run.exposure.date() for run in first if run.priority == -10]
        assert nights == sorted(nights, reverse=True)
        assert len(made(DataType.FLUX)) == 7
        assert not Run.select().where(Run.file == spectrum_of(far)).exists()


class TestChoice:
    def test_the_nearest_of_the_night_and_slit(self, raw: Path) -> None:
        arc(raw)
        standard(raw, 1, 5000)
        standard(raw, 50, 6000)
        near = star(raw, 40)
        other_slit = star(raw, 45, SLIT="3.2_LONG_SLIT")
        builders.drain()
        assert used(flux_of(near)) == "sensitivity_6.fits"
        flux = flux_of(other_slit)
        assert used(flux) == "sensitivity_6.fits"
        told = params(flux.notices, NoticeCode.DEGRADED_MATCH)
        assert [one["quantity"] for one in told["differences"]] == ["slit"]
        (row,) = [one for one in ingredients.of(flux) if one.role == "sensitivity"]
        assert [one["quantity"] for one in row.differences] == ["slit"]

    def test_the_same_night_before_the_same_slit_of_another(self, raw: Path) -> None:
        arc(raw, 0, -3)
        standard(raw, 1, 4000, day=-3)
        builders.drain()
        arc(raw)
        frame = star(raw, 20)
        builders.drain()
        assert used(flux_of(frame)) == "sensitivity_4.fits"
        standard(raw, 30, 5000, SLIT="3.2_LONG_SLIT")
        builders.drain()
        assert used(flux_of(frame)) == "sensitivity_5.fits"
        standard(raw, 40, 6000)
        builders.drain()
        assert used(flux_of(frame)) == "sensitivity_6.fits"
        assert len(made(DataType.FLUX)) == 4

    def test_a_setup_of_its_own_or_another_camera_is_refused(self, raw: Path) -> None:
        arc(raw)
        standard(raw, 1)
        builders.drain()
        (known,) = sensitivities()
        staff = builders.person("staff", is_staff=True)
        frames = {
            "grating_angle": {"GRT_TARG": 8.5},
            "order_filter": {"FILTER2": "GG385"},
        }
        for number, (quantity, cards) in enumerate(frames.items()):
            arc(raw, 20 + number, **cards)
            frame = star(raw, 30 + number, **cards)
            builders.drain()
            spectrum = spectrum_of(frame)
            with pytest.raises(Unacceptable, match="cannot be used"):
                requests.request(staff, "flux", spectrum.id, use={"sensitivity": known.id})
            (candidate,) = manual.candidates(spectrum, manual.CalibrationRole.SENSITIVITY)
            assert [one.quantity for one in candidate.differences] == [quantity]
            assert candidate.obstacle is not None
            (state,) = [one for one in actions.of_file(staff, spectrum) if one.block == "flux"]
            assert not state.enabled
            assert state.reason is not None
            assert state.reason.code == NoticeCode.NO_STANDARD_STAR
            assert state.reason.params["days"] == 400

    def test_what_is_too_old_serves_on_request_only(self, raw: Path) -> None:
        arc(raw, 0, -450)
        standard(raw, 1, 4000, day=-450)
        arc(raw)
        frame = star(raw, 20)
        builders.drain()
        spectrum = spectrum_of(frame)
        assert not Run.select().where(Run.file == spectrum).exists()
        staff = builders.person("staff", is_staff=True)
        (known,) = sensitivities()
        requests.request(staff, "flux", spectrum.id, use={"sensitivity": known.id})
        builders.drain()
        flux = flux_of(frame)
        assert NoticeCode.MANUAL_CALIBRATION_DIFFERS in codes(flux.notices)
        (row,) = ingredients.inputs_of(flux, manual.CalibrationRole.SENSITIVITY)
        assert row.selected_by == "person"
        assert flux.provisional_until is None

    def test_the_report_ranks_what_there_is(self, raw: Path) -> None:
        arc(raw)
        standard(raw, 1, 5000)
        standard(raw, 50, 6000)
        frame = star(raw, 40)
        builders.drain()
        staff = builders.person("staff", is_staff=True)
        both = report.of_file(staff, spectrum_of(frame))
        assert [(one.role, one.is_made) for one in both] == [
            ("arc lamp", True),  # what it was made with, and what its next step would use
            ("sensitivity", False),
        ]
        (behind,) = report.of_file(staff, flux_of(frame))
        assert behind.is_made
        for search in (both[1], behind):
            assert [one.file.file_name for one in search.candidates] == [
                "sensitivity_6.fits",
                "sensitivity_5.fits",
            ]
            assert [one.file_name for one in search.taken] == ["sensitivity_6.fits"]

    def test_without_a_standard_star_the_report_is_that_of_the_spectrum(self, raw: Path) -> None:
        arc(raw)
        frame = star(raw, 40)
        arc(raw, 50, CAM_TARG=11.6, GRT_TARG=5.8)
        standard(raw, 55, CAM_TARG=11.6, GRT_TARG=5.8)
        builders.drain()
        staff = builders.person("staff", is_staff=True)
        (search,) = report.of_file(staff, spectrum_of(frame))
        assert search.role == "arc lamp"


class TestSiteLibrary:
    def test_it_is_made_of_earlier_nights_only(self, raw: Path) -> None:
        for day, level in ((-2, 1000), (-1, 2000), (0, 3000), (0, 4000)):
            minute = level / 100
            arc(raw, minute - 5, day)
            standard(raw, minute, level, day)
        builders.drain()
        sizes = {one.file_name: one.quality["library_size"] for one in sensitivities()}
        levels = [sizes[f"sensitivity_{number}.fits"] for number in (1, 2, 3, 4)]
        assert levels == [0, 1, 2, 2]

    def test_an_earlier_night_that_comes_later_replaces_in_place(self, raw: Path) -> None:
        arc(raw)
        frame = standard(raw, 1, 3000)
        builders.drain()
        (before,), first = sensitivities(), flux_of(frame)
        arc(raw, 0, -2)
        standard(raw, 1, 1000, day=-2)
        builders.drain()
        after, second = File.get_by_id(before.id), flux_of(frame)
        assert (after.file_name, after.quality["library_size"]) == (before.file_name, 1)
        assert after.checksum != before.checksum
        assert (second.id, used(second)) == (first.id, used(first))
        assert second.checksum != first.checksum
        assert check.violations() == []

    def test_what_a_library_adds_to_an_earlier_night_does_not_matter(self, raw: Path) -> None:
        for day in (-1, 0):
            arc(raw, 0, day)
            standard(raw, 1, 2000 - 1000 * day, day)
        builders.drain()
        last = sensitivities()[-1]
        arc(raw, 0, -2)
        standard(raw, 1, 1000, day=-2)
        runs = builders.drain()
        redone = [run for run in runs if run.block == "sensitivity" and run.replaces]
        assert len(redone) == 2  # not a third time, for the library of the night between
        assert File.get_by_id(last.id).quality["library_size"] == 2


class TestProvisional:
    def test_until_a_standard_of_the_night_and_slit_has_come(self, raw: Path) -> None:
        arc(raw, 0, -3)
        standard(raw, 1, 4000, day=-3)
        arc(raw, 10)
        frame = star(raw, 20)
        arc(raw, 25)
        builders.drain()
        flux = flux_of(frame)
        assert flux.provisional_until == provisional.night_over(frame)
        assert provisional.why(flux).params["missing"] == "standard"
        assert as_dict(flux)["provisional"]
        standard(raw, 30)
        arc(raw, 35)
        builders.drain()
        flux = flux_of(frame)
        assert (used(flux), flux.provisional_until) == ("sensitivity_5.fits", None)

    def test_after_the_standard_a_nearer_one_may_come(self, raw: Path) -> None:
        arc(raw)
        standard(raw, 10)
        frame = star(raw, 50)
        arc(raw, 51)
        builders.drain()
        flux = flux_of(frame)
        why = provisional.why(flux)
        assert why is not None
        assert why.params["missing"] == "nearer_standard"

    def test_it_follows_its_spectrum(self, raw: Path) -> None:
        arc(raw)
        frame = standard(raw, 10)
        builders.drain()
        (before,), flux = sensitivities(), flux_of(frame)
        assert before.provisional_until == spectrum_of(frame).provisional_until
        assert provisional.why(before).params["missing"] == "spectrum"
        arc(raw, 20, level=450)  # bracketed now: the spectrum has other bytes
        builders.drain()
        (after,) = sensitivities()
        assert after.id == before.id
        assert after.checksum != before.checksum
        again = flux_of(frame)
        assert again.id == flux.id
        assert again.checksum != flux.checksum
        assert check.violations() == []

    def test_what_a_person_requested_is_marked(self, raw: Path) -> None:
        arc(raw)
        standard(raw, 1)
        frame = star(raw, 50)
        builders.drain()
        staff = builders.person("staff", is_staff=True)
        requests.request(staff, "flux", spectrum_of(frame).id, {"scale": 2.0})
        builders.drain()
        automatic, requested = made(DataType.FLUX)[1:]
        standard(raw, 55, 6000)
        builders.drain()
        automatic, requested = (File.get_by_id(one.id) for one in (automatic, requested))
        assert (used(automatic), automatic.out_of_date) == ("sensitivity_6.fits", False)
        assert (used(requested), requested.out_of_date) == ("sensitivity_5.fits", True)

    def test_without_its_sensitivity_the_next_one_is_taken(self, raw: Path) -> None:
        arc(raw)
        standard(raw, 1, 5000)
        standard(raw, 55, 6000)
        frame = star(raw, 50)
        builders.drain()
        staff = builders.person("staff", is_staff=True)
        rejected = File.get(File.file_name == "sensitivity_6.fits")
        deletion.delete(staff, rejected.id)
        builders.drain()
        assert used(flux_of(frame)) == "sensitivity_5.fits"
        assert [one.file_name for one in sensitivities()] == ["sensitivity_5.fits"]

    def test_a_flux_that_failed_is_tried_again_with_a_better_one(self, raw: Path) -> None:
        def fail(*_: object) -> None:
            raise builders.ReductionError(NoticeCode.NO_VALID_PIXEL)

        arc(raw)
        standard(raw, 1)
        builders.drain()
        builders.replace_block("flux", fail)
        frame = star(raw, 50)
        builders.drain()
        (run,) = Run.select().where(Run.file == spectrum_of(frame))
        assert run.state == "failed"
        builders.replace_block("flux", builders._small_flux)
        standard(raw, 55, 6000)
        builders.drain()
        assert used(flux_of(frame)) == "sensitivity_6.fits"


class TestSettings:
    def test_others_for_the_flux_concern_that_step_alone(self, raw: Path) -> None:
        arc(raw)
        standard(raw, 1)
        star(raw, 20)
        builders.drain()
        staff = builders.person("staff", is_staff=True)
        (proposal,) = Proposal.select()
        now = proposals.settings_of(proposal).model_dump(mode="json")
        for section, steps in (
            ({"flux": {"scale": 2.0}}, [("Flux", 2)]),
            ({"sensitivity": {"factor": 2.0}}, []),  # what serves everybody keeps the defaults
        ):
            wanted = settings_model().model_validate({**now, **section})
            assert affected.of(staff, proposal.id, wanted).steps == steps
        Proposal.update(settings={"flux": {"scale": 2.0}}).execute()
        before = {one.id: one.checksum for one in made(DataType.FLUX)}
        assert len(affected.reduce_again(staff, proposal.id)) == 2
        builders.drain()
        redone = [one for one in made(DataType.FLUX) if one.id not in before]
        assert len(redone) == 2
        assert affected.of(staff, proposal.id).frames == 0


# --- what is everybody's ----------------------------------------------------------------------


@pytest.fixture
def owner(raw: Path) -> User:
    pi = builders.person("pi")
    builders.proposal(SOAR_ID, pi)
    return pi


@pytest.fixture
def outsider(owner: User) -> User:
    person = builders.person("outsider")
    builders.proposal(OTHER_ID, person)
    return person


class TestShared:
    def test_an_outsider_sees_the_sensitivity_and_not_its_standard(
        self, raw: Path, owner: User, outsider: User
    ) -> None:
        arc(raw)
        frame = standard(raw, 10, PROPID=SOAR_ID)
        builders.drain()
        (sensitivity,) = sensitivities()
        assert (sensitivity.proposal, sensitivity.parent, sensitivity.original) == (None,) * 3
        assert (sensitivity.object, sensitivity.ra_deg) == ("LTT 3218", None)
        seen = list(access.visible_files(outsider))
        assert [one.id for one in seen] == [sensitivity.id]
        assert access.file_for(outsider, access.Action.VIEW, sensitivity.id)
        for hidden in (frame, spectrum_of(frame), flux_of(frame)):
            with pytest.raises(NotFound):
                access.file_for(outsider, access.Action.VIEW, hidden.id)
        shown = str(as_dict(sensitivity, outsider))
        stored = Path(sensitivity.full_path).read_bytes()
        for secret in ("star_0_10", SOAR_ID, "HZ 44", builders.STANDARD):
            assert secret not in shown
            assert secret.encode() not in stored
        assert as_dict(sensitivity, owner)["inputs"] == [spectrum_of(frame).file_name]
        assert as_dict(sensitivity, outsider)["inputs"] == []
        assert b"GSP_STAR" in stored
        assert not access.visible_runs(outsider).exists()

    def test_only_staff_delete_it(self, raw: Path, owner: User, outsider: User) -> None:
        arc(raw)
        standard(raw, 10, PROPID=SOAR_ID)
        builders.drain()
        (sensitivity,) = sensitivities()
        for user in (owner, outsider):
            assert deletion.deletable(user, sensitivity) == []
            with pytest.raises(access.AccessDenied):
                deletion.delete(user, sensitivity.id)
        staff = builders.person("staff", is_staff=True)
        assert deletion.deletable(staff, sensitivity) == [sensitivity.file_name]

    def test_it_stays_when_its_spectrum_is_deleted(self, raw: Path, owner: User) -> None:
        arc(raw)
        frame = standard(raw, 10, PROPID=SOAR_ID)
        builders.drain()
        (before,) = sensitivities()
        deletion.delete(owner, spectrum_of(frame).id)
        builders.drain()
        (after,) = sensitivities()
        assert after.checksum == before.checksum
        assert member_reports.names_of(after, owner) == []
        assert check.violations() == []

    def test_who_may_process_the_spectrum_may_request_one_which_serves_only_them(
        self, raw: Path, owner: User, outsider: User
    ) -> None:
        arc(raw)
        arc(raw, 1, PROPID=OTHER_ID)
        frame = star(raw, 10, 3000, PROPID=SOAR_ID)  # recognised by a person only
        theirs = star(raw, 20, PROPID=SOAR_ID)
        foreign = star(raw, 30, PROPID=OTHER_ID)
        builders.drain()
        spectrum = spectrum_of(frame)
        with pytest.raises(NotFound):
            requests.request(outsider, "sensitivity", spectrum.id, {"star": "LTT 3218"})
        requests.request(owner, "sensitivity", spectrum.id, {"star": "LTT 3218"})
        builders.drain()
        (sensitivity,) = sensitivities()
        assert sensitivity.proposal == Proposal.get(soar_id=SOAR_ID)
        assert sensitivity.parent == spectrum
        assert list(access.visible_files(outsider).where(File.id == sensitivity.id)) == []
        assert used(flux_of(theirs)) == sensitivity.file_name
        assert not Run.select().where(Run.file == spectrum_of(foreign)).exists()
        with pytest.raises(NotFound):
            use = {"sensitivity": sensitivity.id}
            requests.request(outsider, "flux", spectrum_of(foreign).id, use=use)
        staff = builders.person("staff", is_staff=True)
        with pytest.raises(Unacceptable):  # not even staff may show it to others
            requests.request(staff, "flux", spectrum_of(foreign).id, use=use)
        assert deletion.delete(owner, sensitivity.id) == [sensitivity.file_name]

    @pytest.mark.usefixtures("outsider")
    @pytest.mark.parametrize("change", ["settings", "wavelength", "extract"])
    def test_a_person_cannot_make_it_wrong_for_others(
        self, raw: Path, owner: User, change: str
    ) -> None:
        arc(raw)
        arc(raw, 1, PROPID=OTHER_ID)
        frame = standard(raw, 10, PROPID=SOAR_ID)
        foreign = star(raw, 30, PROPID=OTHER_ID)
        builders.drain()
        (shared,) = sensitivities()
        spectrum = spectrum_of(frame)
        if change == "settings":
            requests.request(owner, "sensitivity", spectrum.id, {"factor": 9.0})
        elif change == "wavelength":
            requests.request(owner, "wavelength", spectrum.parent_id)
        else:
            requests.request(owner, "extract", spectrum.parent.parent_id, {"n_targets": 1})
        builders.drain()
        assert File.get_by_id(shared.id).checksum == shared.checksum
        assert [one.id for one in sensitivities() if one.proposal is None] == [shared.id]
        assert used(flux_of(foreign)) == shared.file_name

    def test_what_a_person_calls_the_frame_does_not_reach_it(
        self, raw: Path, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arc(raw)
        frame = standard(raw, 10, PROPID=SOAR_ID)
        builders.drain()
        (before,) = sensitivities()
        reclassify.reclassify(owner, frame.id, obstype="SPECTRUM")
        arc(raw, 20, level=450)  # bracketed now: the spectrum has other bytes
        builders.drain()
        assert spectrum_of(frame).checksum != ""
        (after,) = sensitivities()
        kept = ("checksum", "object", "ra_deg", "notices", "proposal_id", "original_id")
        assert [getattr(after, one) for one in kept] == [getattr(before, one) for one in kept]
        # Nor where that is done while it is being replaced.
        monkeypatch.setattr(consideration.origin, "serves_everybody", lambda _: True)
        monkeypatch.setattr(products.origin, "is_trusted", lambda _: False)
        consideration.recheck([after])
        assert builders.drain()
        (after,) = sensitivities()
        assert [getattr(after, one) for one in kept] == [getattr(before, one) for one in kept]
        assert check.violations() == []

    @pytest.mark.usefixtures("owner")
    def test_settings_of_a_proposal_do_not_change_it(self, raw: Path) -> None:
        Proposal.update(settings={"sensitivity": {"factor": 9.0}}).execute()
        arc(raw)
        standard(raw, 10, PROPID=SOAR_ID)
        builders.drain()
        (sensitivity,) = sensitivities()
        assert sensitivity.quality["zero_point_mag"] < 6

    @pytest.mark.usefixtures("outsider")
    def test_an_uploaded_standard_serves_its_proposal_only(self, raw: Path, owner: User) -> None:
        arc(raw)
        arc(raw, 1, PROPID=OTHER_ID)
        frame = standard(raw, 10, PROPID=SOAR_ID)
        File.update(origin=origin.Origin.UPLOADED).where(File.id == frame.id).execute()
        theirs = star(raw, 20, PROPID=SOAR_ID)
        star(raw, 30, PROPID=OTHER_ID)
        builders.drain()
        assert sensitivities() == []
        requests.request(owner, "sensitivity", spectrum_of(frame).id)
        builders.drain()
        (sensitivity,) = sensitivities()
        assert not access.is_shared(sensitivity)
        assert [one.original_id for one in made(DataType.FLUX)] == [frame.id, theirs.id]

    @pytest.mark.usefixtures("outsider")
    def test_staff_make_a_shared_one_of_a_star_that_was_not_recognised(self, raw: Path) -> None:
        arc(raw)
        arc(raw, 1, PROPID=OTHER_ID)
        frame = star(raw, 10, 3000, PROPID=SOAR_ID)
        foreign = star(raw, 30, PROPID=OTHER_ID)
        builders.drain()
        staff = builders.person("staff", is_staff=True)
        requests.request(staff, "sensitivity", spectrum_of(frame).id, {"star": "LTT 3218"})
        builders.drain()
        (sensitivity,) = sensitivities()
        assert access.is_shared(sensitivity)
        assert used(flux_of(foreign)) == sensitivity.file_name
        assert Ingredient.select().where(Ingredient.role == "standard").count() == 1
