from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from db import clock
from db.models import Arrival, Event, File, LogEntry, Proposal, Run
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice
from services import access
from services.context import Site
from services.errors import AccessDenied, Conflict, NotFound, Unacceptable
from services.files import ingest, lookup, upload
from services.files.arrivals import names, outcomes
from services.files.file_integrity import IncompleteFile
from tests.support import builders
from tests.support.notices import code_of

pytestmark = pytest.mark.usefixtures("site")


def aged(path: Path) -> Path:
    """Make a file one that nobody has written to for a while."""
    past = time.time() - 3600
    os.utime(path, (past, past))
    return path


def test_a_frame_is_indexed_with_its_facts_normalised(raw: Path) -> None:
    path = builders.write_frame(raw / "0001_sci.fits", SLIT='1.0" long slit', GRATING="SYZY_400")
    arrival = ingest.ingest(path)
    file = arrival.file
    assert arrival.outcome == "indexed"
    assert (file.slit, file.grating, file.camera) == ("1.0_LONG_SLIT", "400_SYZY", "Red")
    assert file.checksum == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.original_id == file.id == file.parent_id
    assert (file.n_x, file.n_y, file.binning_x) == (60, 24, 2)
    assert file.saturation_value == pytest.approx(69257)
    assert file.proposal.soar_id == "SOAR2024A-001"
    assert file.proposal.is_placeholder
    assert file.proposal.semester == "2024A"
    event = Event.get(Event.name == "file-added")
    assert event.proposal == file.proposal
    assert event.payload["file"] == file.id
    assert [run.block for run in Run.select()] == ["reduce"]


@pytest.mark.parametrize("suffix", [".fits", ".fits.gz", ".fits.fz"])
def test_packed_frames_are_indexed_alike(raw: Path, suffix: str) -> None:
    plain = builders.write_frame(raw / "first" / "0002.fits")
    path = raw / f"0002{suffix}"
    if suffix == ".fits.fz":
        with fits.open(plain) as opened:
            packed = fits.CompImageHDU(opened[0].data, opened[0].header)
            fits.HDUList([fits.PrimaryHDU(), packed]).writeto(path)
    elif suffix == ".fits.gz":
        path.write_bytes(gzip.compress(plain.read_bytes()))
    else:
        shutil.copy(plain, path)
    file = ingest.ingest(path).file
    assert (file.n_x, file.n_y, file.kind) == (60, 24, "spectrum")


def test_seen_again_nothing_changes(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits")
    first = ingest.ingest(path)
    n_events = Event.select().count()
    assert list(outcomes.unseen([path])) == []
    assert ingest.ingest(path).id == first.id
    assert (File.select().count(), Event.select().count()) == (1, n_events)


def test_the_same_content_under_another_name_is_a_duplicate(raw: Path) -> None:
    first = ingest.ingest(builders.write_frame(raw / "0001.fits")).file
    shutil.copy(raw / "0001.fits", raw / "copy.fits")
    again = ingest.ingest(raw / "copy.fits")
    assert (again.outcome, again.file) == ("duplicate", first)
    assert File.select().count() == 1


def reason(arrival: Arrival) -> Notice:
    """Return why a path was refused."""
    assert code_of(arrival.notice) is NoticeCode.QUARANTINED
    return Notice.from_json(arrival.notice["params"]["reason"])


def test_a_moved_frame_is_followed(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits")
    first = ingest.ingest(path).file
    (raw / "night").mkdir()
    moved = path.rename(raw / "night" / "0001.fits")
    assert ingest.ingest(moved).file == first
    assert File.get_by_id(first.id).full_path == str(moved)


SAME = {"DATE_OBS": "2024-03-10T02:00:00.000"}
"""The cards of one exposure, written twice with other pixels."""


def test_the_same_exposure_with_other_content_is_a_conflict(raw: Path) -> None:
    first = ingest.ingest(builders.write_frame(raw / "a" / "0001.fits", **SAME)).file
    other = ingest.ingest(builders.write_frame(raw / "b" / "0001.fits", **SAME))
    assert other.outcome == "conflict"
    assert File.select().count() == 1
    assert Path(first.full_path).parent.name == "a"
    assert code_of(LogEntry.get(LogEntry.level == "error").notice) is NoticeCode.NAME_CONFLICT


@pytest.mark.parametrize(
    "cards", [{"DATE_OBS": "2024-03-10T03:00:00.000"}, {**SAME, "INSTCONF": "Blue"}]
)
def test_another_exposure_with_the_same_name_is_another_frame(
    raw: Path, cards: dict[str, str]
) -> None:
    if "INSTCONF" in cards:
        cards = {**cards, "INSTRUME": "ghts_blue"}
    first = ingest.ingest(builders.write_frame(raw / "a" / "0001.fits", **SAME)).file
    other = ingest.ingest(builders.write_frame(raw / "b" / "0001.fits", **cards)).file
    assert (first.file_name, first.night) == (other.file_name, other.night)
    assert first != other
    with pytest.raises(Conflict) as refusal:
        lookup.get(builders.person("staff", is_staff=True), "0001.fits")
    assert set(refusal.value.detail["ids"]) == {first.id, other.id}


def test_a_renamed_frame_is_found_by_its_new_name(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits")
    first = ingest.ingest(path).file
    renamed = path.rename(raw / "0001_HZ44.fits")
    assert ingest.ingest(renamed).file == first
    staff = builders.person("staff", is_staff=True)
    found = lookup.get(staff, "0001_HZ44.fits")
    assert (found.id, found.full_path) == (first.id, str(renamed))
    with pytest.raises(NotFound):
        lookup.get(staff, "0001.fits")
    assert Event.select().where(Event.name == "file-changed").count() == 1


def long_ago(file: File) -> None:
    """Make a frame one that was indexed an hour ago."""
    past = clock.now() - dt.timedelta(hours=1)
    File.update(created=past).where(File.id == file.id).execute()


def test_a_frame_that_is_changed_afterwards_is_a_conflict(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits", **SAME)
    first = ingest.ingest(path).file
    long_ago(first)
    builders.write_frame(path, **SAME)
    arrival = ingest.ingest(path)
    assert arrival.outcome == "conflict"
    assert code_of(arrival.notice) is NoticeCode.FRAME_CHANGED
    assert File.get().checksum == first.checksum


def test_a_copy_under_way_is_incomplete_until_it_is_whole(raw: Path, tmp_path: Path) -> None:
    whole = builders.write_frame(tmp_path / "0001.fits").read_bytes()
    path = raw / "0001.fits"
    for size in (0, 5, 2880, len(whole) - 2880):
        path.write_bytes(whole[:size])
        with pytest.raises(IncompleteFile):
            ingest.ingest(path)
    assert Arrival.select().count() == 0
    path.write_bytes(whole)
    assert ingest.ingest(path).outcome == "indexed"


def test_a_preallocated_copy_is_incomplete_until_it_is_filled(raw: Path, tmp_path: Path) -> None:
    whole = builders.write_frame(tmp_path / "0001.fits").read_bytes()
    path = raw / "0001.fits"
    path.write_bytes(whole[:4000] + bytes(len(whole) - 4000))
    with pytest.raises(IncompleteFile):
        ingest.ingest(path)
    path.write_bytes(whole)
    assert ingest.ingest(path).outcome == "indexed"


def test_a_frame_left_cut_short_is_quarantined_and_taken_when_mended(
    raw: Path, tmp_path: Path
) -> None:
    whole = builders.write_frame(tmp_path / "0001.fits").read_bytes()
    path = raw / "0001.fits"
    path.write_bytes(whole[:2880])
    arrival = ingest.ingest(aged(path))
    assert arrival.outcome == "quarantined"
    assert reason(arrival).code in {NoticeCode.FILE_CUT_SHORT, NoticeCode.HEADER_CUT_SHORT}
    path.write_bytes(whole)
    assert ingest.ingest(path).outcome == "indexed"


def test_a_wrong_checksum_is_quarantined(raw: Path, tmp_path: Path) -> None:
    plain = builders.write_frame(tmp_path / "0001.fits")
    path = raw / "0001.fits"
    with fits.open(plain) as opened:
        opened.writeto(path, checksum=True)
    damaged = bytearray(path.read_bytes())
    damaged[-2000] ^= 0xFF
    path.write_bytes(damaged)
    arrival = ingest.ingest(aged(path))
    assert arrival.outcome == "quarantined"
    assert reason(arrival).code is NoticeCode.CHECKSUM_MISMATCH
    assert reason(arrival).params["keyword"] == "DATASUM"


@pytest.mark.parametrize("keyword", ["DATE-OBS", "EXPTIME"])
def test_a_missing_card_that_no_other_tells_is_named(raw: Path, keyword: str) -> None:
    path = raw / "0001.fits"
    cards = builders.header("OBJECT")
    del cards[keyword]
    fits.PrimaryHDU(np.ones((5, 6), "int16"), cards).writeto(path)
    arrival = ingest.ingest(path)
    assert arrival.outcome == "quarantined"
    assert reason(arrival).code is NoticeCode.CARD_MISSING
    assert reason(arrival).params["keyword"] == keyword
    assert File.select().count() == 0
    entry = LogEntry.get()
    assert (entry.level, entry.proposal) == ("error", None)


@pytest.mark.parametrize("obstype", ["COMP", "BIAS"])
def test_a_product_in_a_raw_folder_is_never_raw(raw: Path, obstype: str) -> None:
    path = builders.write_frame(raw / "0001.fits", obstype, GSP_PNAM="0001_arc.fits")
    arrival = ingest.ingest(path)
    assert arrival.outcome == "quarantined"
    assert reason(arrival).code is NoticeCode.NOT_RAW
    assert reason(arrival).params["keyword"] == "GSP_PNAM"
    assert File.select().count() == 0


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0JFIF" * 500, bytes(range(1, 200)) * 40])
def test_what_is_no_fits_is_quarantined_at_once(raw: Path, content: bytes) -> None:
    path = raw / "0001.fits"
    path.write_bytes(content)
    arrival = ingest.ingest(path)
    assert arrival.outcome == "quarantined"
    assert reason(arrival).code is NoticeCode.NOT_FITS
    assert reason(arrival).params["file"] == "0001.fits"


def test_nothing_outside_the_raw_roots_is_touched(raw: Path, tmp_path: Path) -> None:
    outside = builders.write_frame(tmp_path / "secret.fits")
    link = raw / "0001.fits"
    link.symlink_to(outside)
    for path in (outside, link, raw / "absent.fits", raw, raw / "notes.txt", Path("/dev/zero")):
        with pytest.raises(NotFound, match="no such frame"):
            ingest.ingest(path)
    assert Arrival.select().count() == 0


def test_a_rescan_yields_only_what_is_new(raw: Path) -> None:
    paths = [builders.write_frame(raw / f"{i:04d}.fits") for i in range(4)]
    for path in paths[:2]:
        ingest.ingest(path)
    builders.write_frame(paths[0])
    assert list(outcomes.unseen(paths)) == [paths[0], *paths[2:]]


class TestRegister:
    def test_staff_registers_once(self, raw: Path) -> None:
        staff = builders.person("staff", is_staff=True)
        path = builders.write_frame(raw / "0001.fits")
        file, created = upload.register(staff, str(path))
        again, created_again = upload.register(staff, str(path))
        assert (created, created_again, again) == (True, False, file)

    def test_others_may_not(self, raw: Path) -> None:
        path = builders.write_frame(raw / "0001.fits")
        with pytest.raises(AccessDenied):
            upload.register(builders.person("pi"), str(path))

    @pytest.mark.parametrize("path", ["/etc/passwd", "/etc/absent.fits", "a\0b.fits", "../x.fits"])
    def test_nothing_is_said_of_other_paths(self, path: str) -> None:
        staff = builders.person("staff", is_staff=True)
        with pytest.raises(Unacceptable) as refusal:
            upload.register(staff, path)
        assert refusal.value.field == "full_path"
        assert refusal.value.message == names.OUTSIDE

    def test_a_conflict_and_a_bad_header_are_told(self, raw: Path) -> None:
        staff = builders.person("staff", is_staff=True)
        ingest.ingest(builders.write_frame(raw / "a" / "0001.fits", **SAME))
        with pytest.raises(Conflict):
            upload.register(staff, str(builders.write_frame(raw / "b" / "0001.fits", **SAME)))
        with pytest.raises(Unacceptable) as refusal:
            bad = builders.write_frame(raw / "0002.fits", EXPTIME="long")
            upload.register(staff, str(bad))
        assert refusal.value.field == "EXPTIME"

    def test_a_product_is_refused_naming_the_card(self, raw: Path) -> None:
        path = builders.write_frame(raw / "0001.fits", GSP_FNAM="wecfzst_0001.fits")
        with pytest.raises(Unacceptable) as refusal:
            upload.register(builders.person("staff", is_staff=True), str(path))
        assert refusal.value.field == "GSP_FNAM"


class TestUpload:
    def frame(self, tmp_path: Path, **cards: str | int) -> io.BytesIO:
        return io.BytesIO(builders.write_frame(tmp_path / "up.fits", **cards).read_bytes())

    def test_a_pi_uploads_into_the_own_proposal_only(self, tmp_path: Path, site: Site) -> None:
        pi, other = builders.person("pi"), builders.person("other")
        own = builders.proposal("SOAR2024A-001", pi)
        builders.proposal("SOAR2024A-002", other)
        file, created = upload.upload(pi, "C:\\night\\0001.fits", self.frame(tmp_path))
        assert (file.file_name, file.proposal, created) == ("0001.fits", own, True)
        assert access.file_for(pi, access.Action.VIEW, file.id) == file
        for soar_id in ("SOAR2024A-002", "SOAR2024A-003"):
            with pytest.raises(AccessDenied):
                upload.upload(pi, "0002.fits", self.frame(tmp_path, PROPID=soar_id))
        assert Proposal.select().count() == 2
        assert len(list(site.uploads_dir.rglob("*.fits"))) == 1

    @pytest.mark.parametrize("is_staff", [True, False])
    def test_a_product_is_refused_naming_the_card(
        self, tmp_path: Path, site: Site, *, is_staff: bool
    ) -> None:
        person = builders.person("somebody", is_staff=is_staff)
        builders.proposal("SOAR2024A-001", person)
        with pytest.raises(Unacceptable) as refusal:
            upload.upload(person, "0001.fits", self.frame(tmp_path, RLEVEL=91))
        assert refusal.value.field == "RLEVEL"
        assert list(site.uploads_dir.rglob("*.fits")) == []

    def test_what_is_refused_leaves_nothing(self, tmp_path: Path, site: Site) -> None:
        staff = builders.person("staff", is_staff=True)
        frame = self.frame(tmp_path, **SAME)
        upload.upload(staff, "0001.fits", frame)
        frame.seek(0)
        _, created = upload.upload(staff, "0001.fits", frame)
        assert not created
        with pytest.raises(Conflict):
            upload.upload(staff, "0001.fits", self.frame(tmp_path, **SAME))
        for name, content in (("0003.fits", b"SIMPLE  ="), ("x.sh", b""), ("../0004.fits", b"no")):
            with pytest.raises(Unacceptable):
                upload.upload(staff, name, io.BytesIO(content))
        assert len(list(site.uploads_dir.rglob("*.fits"))) == 1
        assert Arrival.select().count() == 1
