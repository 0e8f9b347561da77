"""Uploads are judged outside of the raw folders, and moved in only then."""

from __future__ import annotations

import io
import multiprocessing
import os
import stat
from pathlib import Path
from typing import IO

import pytest

from db.models import Arrival, File
from services.context import Site
from services.errors import AccessDenied
from services.files import ingest, upload
from services.files.arrivals import incoming, inspector
from services.files.origin import Origin, of_path
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


class Unread(io.BytesIO):
    """A body of which nothing may be read."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError(size)


def test_who_can_upload_nothing_is_refused_before_the_body_is_read() -> None:
    person = builders.person("collaborator")
    builders.proposal("SOAR2024A-001", builders.person("pi"), person)
    with pytest.raises(AccessDenied):
        upload.upload(person, "0001.fits", Unread())


@pytest.mark.parametrize("is_staff", [True, False])
def test_nothing_is_in_a_raw_folder_before_it_is_judged(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_staff: bool
) -> None:
    person = builders.person("somebody", is_staff=is_staff)
    builders.proposal("SOAR2024A-002", person)
    content = builders.write_frame(tmp_path / "0001.fits").read_bytes()
    seen = []

    def look(path: Path) -> inspector.Inspection:
        seen.append(path)
        roots = site.all_raw_roots
        assert not [f for root in roots for f in root.rglob("*") if f.is_file()]
        assert not any(path.resolve().is_relative_to(root) for root in roots)
        return real(path)

    real = inspector.inspect
    monkeypatch.setattr(inspector, "inspect", look)
    if is_staff:
        file, _ = upload.upload(person, "0001.fits", io.BytesIO(content))
        assert of_path(Path(file.full_path)) is Origin.UPLOADED
    else:
        with pytest.raises(AccessDenied):
            upload.upload(person, "0001.fits", io.BytesIO(content))
        assert File.select().count() == Arrival.select().count() == 0
    assert len(seen) == 1
    assert list(site.incoming_dir.iterdir()) == []


def _receive_and_die(stream: IO[bytes]) -> None:
    with incoming.folder() as folder:
        (folder / "0001.fits").write_bytes(stream.read())
        os._exit(9)


def test_what_a_killed_process_received_is_never_indexed_and_is_removed(
    site: Site, tmp_path: Path
) -> None:
    content = builders.write_frame(tmp_path / "0001.fits").read_bytes()
    process = multiprocessing.get_context("fork").Process(
        target=_receive_and_die, args=(io.BytesIO(content),)
    )
    process.start()
    process.join(20)
    (left,) = site.incoming_dir.rglob("*.fits")
    assert not any(left.resolve().is_relative_to(root) for root in site.all_raw_roots)
    with incoming.folder() as mine:
        assert not left.exists()
        incoming.remove_leftovers()
        assert mine.exists()  # of one that is still at work
    assert list(site.incoming_dir.iterdir()) == []


def test_the_folder_is_closed_to_others(site: Site) -> None:
    site.incoming_dir.mkdir(mode=0o755, parents=True)
    with incoming.folder() as folder:
        for path in (site.incoming_dir, folder):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_the_origin_of_a_frame_follows_from_its_root(raw: Path) -> None:
    path = builders.write_frame(raw / "0001.fits")
    assert of_path(path) is Origin.WATCHED
    assert ingest.ingest(path, origin=Origin.UPLOADED).outcome == "indexed"
