"""Which spectra are evidence for the zero point of another, and which a new one concerns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from db.models import File, Ingredient, Proposal, ZeroPoint
from reduction.frames import DataType, FrameKind
from reduction.slits import Source, ZeroPointEvidence
from reduction.wavelength.zero_points.separation import OTHER_POINTING
from services.calibration.zero_points import evidence, slit_offsets
from services.errors import AccessDenied
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")

NIGHT = dt.datetime(2022, 7, 5, 3, tzinfo=dt.UTC)
SLIT, ARC_SLIT = "3.0_LONG_SLIT", "0.45_LONG_SLIT"
counter = iter(range(1, 10_000))


@pytest.fixture
def owner() -> Proposal:
    return builders.proposal("SOAR2022A-001", builders.person("pi"))


def facts(taken: dt.datetime, **more: Any) -> dict[str, Any]:
    night = (taken - dt.timedelta(hours=15)).date()
    values = {"slit": SLIT, "exptime": 60.0, "date_obs": taken, "night": night, "filter_2": ""}
    return {**values, "ra_deg": 200.0, "dec_deg": -30.0, **more}


def reduced_arc(owner: Proposal, taken: dt.datetime = NIGHT, **more: Any) -> File:
    values = facts(taken, slit=ARC_SLIT, kind=str(FrameKind.ARC), **more)
    raw = builders.row(f"{next(counter):04d}_COMP.fits", owner, **values)
    return builders.row(
        f"z{raw.file_name}", owner, data_type=DataType.REDUCED, parent=raw, **values
    )


def extracted(owner: Proposal, taken: dt.datetime = NIGHT, **more: Any) -> File:
    values = facts(taken, **more)
    raw = builders.row(f"{next(counter):04d}_X.fits", owner, **values)
    name = f"e{raw.file_name.removesuffix('.fits')}_target_1.fits"
    return builders.row(name, owner, data_type=DataType.EXTRACTED, parent=raw, **values)


def calibrated(spectrum: File, arc: File, offset: float | None = None, **quality: Any) -> File:
    """The calibrated product of a spectrum; `offset` is what its own sky has shown, pixels."""
    values = {
        name: getattr(spectrum, name)
        for name in ("slit", "exptime", "date_obs", "night", "ra_deg", "dec_deg", "cam_targ")
    }
    own = {} if offset is None else {"sky_offset_pixel": offset, "sky_offset_error_pixel": 0.4}
    source = Source.UNCERTAIN if offset is None else Source.SKY
    numbers = {"arc_slit": ARC_SLIT, "zero_point": str(source), **own, **quality}
    product = builders.row(
        spectrum.file_name.replace("_target_", "_ws_"),
        spectrum.proposal,
        data_type=DataType.WAVELENGTH,
        parent=spectrum,
        quality=numbers,
        **values,
    )
    Ingredient.create(product=product, input=arc, name=arc.file_name, role="arc")
    evidence.record(product)
    return product


def known(file: File, arc: File) -> list[ZeroPointEvidence]:
    return list(evidence.evidence_for(file, arc)[0])


def test_a_sibling_is_of_the_same_night_and_slit_and_has_shown_its_own_sky(owner: Proposal) -> None:
    arc, minute = reduced_arc(owner), dt.timedelta(minutes=1)
    sibling = calibrated(extracted(owner, NIGHT + 5 * minute), arc, -36.0)
    calibrated(extracted(owner, NIGHT + 6 * minute), arc)  # has none of its own
    calibrated(extracted(owner, NIGHT + 7 * minute, slit="1.0_LONG_SLIT"), arc, -34.0)
    (one,), files = evidence.evidence_for(extracted(owner, NIGHT + 8 * minute), arc)
    assert (one.source, one.offset, one.error) == (Source.SIBLING, -36.0, 0.4)
    assert (one.arc_slit, one.name) == (ARC_SLIT, sibling.file_name)
    assert one.flexure < 0.5
    assert files == (sibling,)


def test_it_carries_over_less_well_from_another_pointing_setup_or_arc(owner: Proposal) -> None:
    arc, other_arc = reduced_arc(owner), reduced_arc(owner, ra_deg=120.0)
    spectrum = extracted(owner, NIGHT)
    calibrated(extracted(owner, NIGHT), arc, -36.0)
    calibrated(extracted(owner, NIGHT, cam_targ=20.0), arc, -36.0)
    calibrated(extracted(owner, NIGHT, ra_deg=150.0), arc, -36.0)
    near, setup, pointing = sorted(one.flexure for one in known(spectrum, arc))
    assert near < 0.5 < setup < pointing
    assert pointing >= OTHER_POINTING
    assert all(one.flexure >= OTHER_POINTING for one in known(spectrum, other_arc))


def test_spectra_of_other_proposals_are_no_siblings_but_teach_the_offset(owner: Proposal) -> None:
    stranger = builders.proposal("SOAR2022A-002", builders.person("other"))
    arc = reduced_arc(stranger)
    for night, offsets in ((1, (-34.0, -34.4)), (2, (-37.0,)), (0, (-30.0,))):
        for offset in offsets:
            taken = NIGHT - dt.timedelta(days=night)
            calibrated(extracted(stranger, taken), arc, offset)
    evidence_, siblings = evidence.evidence_for(extracted(owner, NIGHT), reduced_arc(owner))
    (learnt,) = evidence_
    assert siblings == ()
    assert learnt.source is Source.LEARNT
    assert learnt.offset == pytest.approx((-34.2 - 37.0) / 2)  # each night counts once
    assert (learnt.spectra, learnt.nights, learnt.name) == (3, 2, "")
    assert learnt.last == (NIGHT - dt.timedelta(days=1, hours=15)).date().isoformat()
    assert learnt.flexure >= 2.0
    later = NIGHT + dt.timedelta(days=1)
    assert {one.spectra for one in known(extracted(owner, later), arc)} == {4}


def test_the_newest_version_of_a_spectrum_counts_and_not_the_spectrum_itself(
    owner: Proposal,
) -> None:
    arc, spectrum = reduced_arc(owner), extracted(owner)
    calibrated(spectrum, arc, -36.0)
    calibrated(spectrum, arc, -35.0)
    assert known(spectrum, arc) == []
    (one,) = known(extracted(owner), arc)
    assert one.offset == -35.0


def test_an_arc_has_no_siblings_nor_has_a_spectrum_without_a_known_slit(owner: Proposal) -> None:
    arc = reduced_arc(owner)
    calibrated(extracted(owner), arc, -36.0)
    assert known(arc, arc) == []
    assert known(extracted(owner, slit="NO_MASK"), arc) == []
    assert evidence.evidence_for(extracted(owner), None) == ((), ())


def test_whom_a_new_spectrum_concerns(owner: Proposal) -> None:
    arc, day = reduced_arc(owner), dt.timedelta(days=1)
    tonight = calibrated(extracted(owner), arc)
    later = calibrated(extracted(owner, NIGHT + day), arc, zero_point=str(Source.LEARNT))
    calibrated(extracted(owner, NIGHT + day), arc, zero_point=str(Source.SIBLING))
    calibrated(extracted(owner, NIGHT - day), arc)
    calibrated(extracted(owner, slit="1.0_LONG_SLIT"), arc)
    settled = calibrated(extracted(owner), arc, -36.0)
    assert evidence.concerned_by(tonight) == []  # it has shown nothing
    new = calibrated(extracted(owner), arc, -35.5)
    assert evidence.concerned_by(new) == [tonight, later]
    assert settled not in evidence.concerned_by(new)
    # and what concerns them is exactly what changes their evidence
    assert [one.name for one in known(tonight.parent, arc)] == [
        settled.file_name,
        new.file_name,
    ]


def test_a_row_goes_with_its_file_and_is_written_once(owner: Proposal) -> None:
    arc = reduced_arc(owner)
    product = calibrated(extracted(owner), arc, -36.0)
    row = ZeroPoint.get()
    assert (row.mask, row.arc_mask, row.arc_id) == ("3_LONG_SLIT", ARC_SLIT, arc.original_id)
    evidence.record(product)
    assert ZeroPoint.select().count() == 1
    product.delete_instance()
    assert ZeroPoint.select().count() == 0


def test_staff_see_what_was_learnt(owner: Proposal) -> None:
    arc = reduced_arc(owner)
    for night, offset in ((0, -34.0), (1, -36.0)):
        calibrated(extracted(owner, NIGHT - dt.timedelta(days=night)), arc, offset)
    staff = builders.person("staff", is_staff=True)
    (row,) = slit_offsets.listing(staff)
    assert (row.camera, row.arc_mask, row.mask) == ("Red", ARC_SLIT, "3_LONG_SLIT")
    assert (row.offset, row.spectra, row.nights) == (-35.0, 2, 2)
    assert row.scatter == pytest.approx(2**0.5)
    with pytest.raises(AccessDenied):
        slit_offsets.listing(owner.pi)
