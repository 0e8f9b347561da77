"""Staff accept a file whose header does not state what is needed."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from db.models import Arrival, File, Proposal
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from services import log_list, notices
from services.errors import AccessDenied, Conflict, Unacceptable
from services.files import ingest
from services.files.arrivals import admission, remedies
from services.files.arrivals.admission import Stated
from services.files.arrivals.remedies import Remedy
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")

TAKEN = dt.datetime(2024, 3, 10, 4, 0, tzinfo=dt.UTC)


def refused(raw: Path, name: str = "0001.fits", **cards: object) -> Arrival:
    path = builders.write_frame(raw / name, **cards)
    os.utime(path, (TAKEN.timestamp(),) * 2)
    arrival = ingest.ingest(path)
    assert arrival.outcome == "quarantined"
    return arrival


def test_what_is_stated_is_kept_and_used(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    settings = {"reduce": {"ignore_bias": True, "ignore_flats": True}}
    Proposal.create(soar_id="SOAR2024A-001", settings=settings)
    arrival = refused(raw, DATE_OBS=None, EXPTIME=None)
    stated = Stated(obstype="COMP", date_obs=TAKEN, exptime=5.0)
    file = admission.admit(staff, arrival.id, stated)
    assert (file.kind, file.exptime, file.date_obs) == ("arc", 5.0, TAKEN)
    told = [n for n in notices.load_all(file.notices) if n.code is NoticeCode.CARD_DECIDED]
    assert {n.params["keyword"] for n in told} == {"OBSTYPE", "DATE-OBS", "EXPTIME"}
    assert Arrival.get_by_id(arrival.id).outcome == "indexed"
    builders.drain()
    made = File.select().where(File.original == file, File.data_type == DataType.REDUCED)
    assert [(product.kind, product.exptime) for product in made] == [("arc", 5.0)]


def test_the_time_of_the_file_is_taken_with_a_warning_where_none_is_told(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    arrival = refused(raw, DATE_OBS=None)
    file = admission.admit(staff, arrival.id, Stated(obstype="OBJECT"))
    assert file.date_obs == TAKEN
    told = {n.params.get("keyword"): n.code for n in notices.load_all(file.notices)}
    assert told["DATE-OBS"] is NoticeCode.CARD_PRESUMED


def test_another_instrument_may_be_accepted_and_what_stays_open_is_named(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    arrival = refused(raw, INSTRUME="Gudman", INSTCONF=None)
    assert admission.admit(staff, arrival.id, Stated()).camera == "Red"  # by its read-out
    arrival = refused(raw, "0002.fits", EXPTIME=None)
    with pytest.raises(Unacceptable, match="EXPTIME"):
        admission.admit(staff, arrival.id, Stated(obstype="OBJECT"))


def test_a_product_or_unreadable_pixels_are_never_accepted(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    product = refused(raw, GSP_PNAM="0001.fits")
    (raw / "0002.fits").write_bytes(b"no frame")
    os.utime(raw / "0002.fits", (0, 0))
    damaged = ingest.ingest(raw / "0002.fits")
    for arrival in (product, damaged):
        with pytest.raises(Unacceptable):
            admission.admit(staff, arrival.id, Stated(obstype="OBJECT", exptime=1.0))


def test_who_may_and_what_may_be_stated(raw: Path) -> None:
    arrival = refused(raw, EXPTIME=None)
    with pytest.raises(AccessDenied):
        admission.admit(builders.person("pi"), arrival.id, Stated(exptime=1.0))
    staff = builders.person("staff", is_staff=True)
    for wrong in (
        Stated(obstype="PICNIC"),
        Stated(camera="Green"),
        Stated(exptime=-1.0),
        Stated(technique="Magic"),
        Stated(binning="x"),
    ):
        with pytest.raises(Unacceptable):
            admission.admit(staff, arrival.id, wrong)
    admission.admit(staff, arrival.id, Stated(exptime=1.0))
    with pytest.raises(Conflict):
        admission.admit(staff, arrival.id, Stated(exptime=1.0))


def test_the_page_offers_the_kinds(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    refused(raw, DATE_OBS=None)
    (line,) = log_list.page(staff, "error", {}).lines
    assert set(line.remedies) >= {Remedy.RETRY, Remedy.AS_FLAT, Remedy.AS_IMAGE}
    assert remedies.of_entry(staff, line.id, Remedy.AS_IMAGE) == 1
    (file,) = File.select()
    assert (file.kind, file.technique) == ("image", "Imaging")
