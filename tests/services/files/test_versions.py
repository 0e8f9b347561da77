"""Frames whose bytes were replaced on disk: by themselves when fresh, else by decision of staff."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from db import clock
from db.models import Arrival, File, FormerVersion, LogEntry, Run
from reduction.notice_codes import NoticeCode
from services import log_list
from services.errors import AccessDenied, Conflict
from services.files import contents, ingest
from services.files.arrivals import decisions, remedies
from services.files.arrivals.remedies import Remedy
from tests.support import builders
from tests.support.notices import code_of

pytestmark = pytest.mark.usefixtures("site", "blocks")

TAKEN = {"DATE_OBS": "2024-03-10T02:00:00.000"}


def corrected(path: Path, **cards: str) -> Path:
    """Correct cards in place: the same pixels under a corrected header."""
    content = path.read_bytes()
    for keyword, value in cards.items():
        at = content.index(keyword.ljust(8).encode() + b"=")
        card = f"{keyword:<8}= '{value}'".ljust(80).encode()
        content = content[:at] + card + content[at + 80 :]
    path.write_bytes(content)
    return path


def settled(raw: Path, **cards: str) -> File:
    """A frame that was indexed an hour ago and reduced."""
    file = ingest.ingest(builders.write_frame(raw / "0001.fits", **TAKEN, **cards)).file
    File.update(created=clock.now() - dt.timedelta(hours=1)).where(File.id == file.id).execute()
    builders.drain()
    return File.get_by_id(file.id)


def products(file: File) -> list[File]:
    return list(File.select().where(File.parent == file, File.id != file.id).order_by(File.id))


def test_a_frame_that_was_indexed_too_early_is_replaced_by_itself(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits", **TAKEN)
    first = ingest.ingest(path).file
    builders.drain()
    (early,) = products(first)
    builders.write_frame(path, level=2000, **TAKEN)
    arrival = ingest.ingest(path)
    assert (arrival.outcome, arrival.file) == ("indexed", first)
    assert File.select().where(File.data_type == 0).count() == 1
    now = File.get_by_id(first.id)
    assert now.checksum != first.checksum
    former = FormerVersion.get()
    assert (former.checksum, former.user) == (first.checksum, None)
    assert File.get_by_id(early.id).out_of_date
    builders.drain()
    early, late = products(first)
    assert (early.out_of_date, late.out_of_date) == (True, False)
    assert late.quality["level"] > 1.5 * early.quality["level"]


def test_a_run_that_has_read_the_early_bytes_is_done_again(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits", **TAKEN)
    file = ingest.ingest(path).file
    run = Run.get(Run.file == file)
    Run.update(state="running", attempt=1).where(Run.id == run.id).execute()
    builders.write_frame(path, **TAKEN)
    ingest.ingest(path)
    assert Run.get_by_id(run.id).state == "queued"


def test_a_corrected_header_is_a_new_version_when_staff_accept_it(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    file = settled(raw)
    corrected(Path(file.full_path), OBJECT="Feige 34", PROPID="SOAR2024A-009")
    arrival = ingest.ingest(Path(file.full_path))
    assert arrival.outcome == "conflict"
    with pytest.raises(Conflict):
        contents.open_path(file)
    accepted = decisions.accept(staff, arrival.id)
    assert (accepted.id, accepted.object) == (file.id, "Feige 34")
    assert accepted.proposal.soar_id == "SOAR2024A-009"
    assert {made.proposal_id for made in products(file)} == {accepted.proposal_id}
    assert contents.open_path(accepted) == Path(file.full_path)
    former = FormerVersion.get()
    assert (former.checksum, former.user) == (file.checksum, staff)
    assert {change["column"] for change in former.changes} == {"object", "proposal"}
    assert [made.out_of_date for made in products(file)] == [True]
    builders.drain()
    assert [made.out_of_date for made in products(file)] == [True, False]
    with pytest.raises(Conflict):
        decisions.accept(staff, arrival.id)


def test_only_staff_decides(raw: Path) -> None:
    pi = builders.person("pi")
    builders.proposal("SOAR2024A-001", pi)
    file = settled(raw)
    corrected(Path(file.full_path), OBJECT="Feige 34")
    arrival = ingest.ingest(Path(file.full_path))
    for decide in (decisions.accept, decisions.retry):
        with pytest.raises(AccessDenied):
            decide(pi, arrival.id)
    assert [line.remedies for line in log_list.page(pi, "error", {}).lines] == [()]


def test_a_copy_in_another_folder_cannot_be_accepted(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    settled(raw)
    copy = builders.write_frame(raw / "copy" / "0001.fits", **TAKEN)
    with pytest.raises(Conflict):
        decisions.accept(staff, ingest.ingest(copy).id)


def test_a_frame_that_was_only_touched_is_unchanged(raw: Path) -> None:
    file = settled(raw)
    os.utime(file.full_path, ns=(5, 5))
    assert contents.open_path(file) == Path(file.full_path)
    assert ingest.ingest(Path(file.full_path)).outcome == "indexed"


def test_the_entry_of_a_changed_frame_offers_to_accept_it(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    file = settled(raw)
    corrected(Path(file.full_path), OBJECT="Feige 34")
    ingest.ingest(Path(file.full_path))
    (line,) = log_list.page(staff, "error", {}).lines
    assert line.remedies == (Remedy.ACCEPT,)
    assert remedies.of_entry(staff, line.id, Remedy.ACCEPT) == 1
    assert File.get_by_id(file.id).object == "Feige 34"
    codes = {code_of(entry.notice) for entry in LogEntry.select()}
    assert NoticeCode.CHANGE_ACCEPTED in codes


def test_refused_files_are_examined_again(raw: Path) -> None:
    staff = builders.person("staff", is_staff=True)
    paths = [raw / f"{number}.fits" for number in range(3)]
    whole = [builders.write_frame(path).read_bytes() for path in paths]
    for path in paths:
        path.write_bytes(b"no frame")
        assert ingest.ingest(path).outcome == "quarantined"
    (line,) = log_list.page(staff, "error", {}).lines
    assert line.notice.params["count"] == 3
    assert remedies.of_entry(staff, line.id, Remedy.RETRY) == 0
    for path, content in zip(paths, whole, strict=True):
        path.write_bytes(content)
    assert remedies.of_entry(staff, line.id, Remedy.RETRY) == 3
    assert File.select().count() == 3
    assert decisions.refused(staff, 1, 50) == (0, [])
    with pytest.raises(Conflict):
        decisions.retry(staff, Arrival.get().id)
