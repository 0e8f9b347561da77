"""Refused files through the API; frames that were changed on disk; who may send a frame."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from db import clock
from db.models import Arrival, File
from services.files.arrivals import inspector
from tests.support import builders
from tests.support.web_site import Site


def changed(site: Site) -> Path:
    """A frame that was corrected on disk an hour after it was indexed."""
    path = site.config.raw_dirs[0] / "corrected" / "0001.fits"
    taken = {"DATE_OBS": "2024-03-10T02:00:00.000", "PROPID": site.own.soar_id}
    builders.write_frame(path, **taken)
    added = site.call("staff", "POST", "/api/files/", json={"full_path": str(path)})
    assert added.status_code == 201, added.text
    past = clock.now() - timedelta(hours=1)
    File.update(created=past).where(File.id == added.json["id"]).execute()
    builders.write_frame(path, OBJECT="Feige 34", **taken)
    return path


def test_wrong_bytes_are_never_sent_under_the_old_tag(site: Site) -> None:
    path = changed(site)
    file = File.get(File.full_path == str(path))
    for address in (f"download/?id={file.id}", f"download/?ids={file.id}", f"header/?id={file.id}"):
        answer = site.call("PI", "GET", f"/api/files/{address}")
        assert answer.status_code == 409, address
        assert "changed on disk" in answer.json["error"]["message"]
    refused = site.call("staff", "POST", "/api/files/", json={"full_path": str(path)})
    assert refused.status_code == 409
    (listed,) = site.call("staff", "GET", "/api/arrivals/").json["results"]
    assert (listed["code"], listed["file_id"]) == ("frame_changed", file.id)
    body = {"json": {"id": listed["id"]}}
    accepted = site.call("staff", "POST", "/api/arrivals/accept/", **body)
    assert accepted.status_code == 200, accepted.text
    assert (accepted.json["id"], accepted.json["object"]) == (file.id, "Feige 34")
    sent = site.call("PI", "GET", f"/api/files/download/?id={file.id}")
    assert sent.data == path.read_bytes()
    assert sent.headers["ETag"] == f'"{accepted.json["checksum"]}"' != f'"{file.checksum}"'


def test_a_refused_file_is_examined_again(site: Site) -> None:
    path = site.config.raw_dirs[0] / "repaired" / "0002.fits"
    content = builders.write_frame(path, PROPID=site.own.soar_id).read_bytes()
    path.write_bytes(b"no frame")
    refused = site.call("staff", "POST", "/api/files/", json={"full_path": str(path)})
    assert refused.status_code == 422
    number = Arrival.get(Arrival.path == str(path)).id
    again = site.call("staff", "POST", "/api/arrivals/retry/", json={"id": number})
    assert again.json["outcome"] == "quarantined"
    path.write_bytes(content)
    again = site.call("staff", "POST", "/api/arrivals/retry/", json={"id": number})
    assert (again.status_code, again.json["outcome"]) == (200, "indexed")


@pytest.mark.parametrize("role", ["user", "collaborator"])
def test_who_can_upload_nothing_is_refused_before_the_body_is_parsed(
    site: Site, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(inspector, "inspect", lambda _path: pytest.fail("it was examined"))
    upload = {"other": (io.BytesIO(b"no form of an upload"), "0001.fits")}
    answer = site.call(role, "POST", "/api/files/", data=upload)
    assert answer.status_code == 403
    assert not list((site.config.home / "incoming").glob("*"))


@pytest.mark.parametrize("digits", [18, 60])
def test_absurd_sizes_are_refused_naming_the_card(site: Site, tmp_path: Path, digits: int) -> None:
    whole = builders.write_frame(tmp_path / "0003.fits").read_bytes()
    at = whole.index(b"NAXIS   =")
    card = f"NAXIS   = {'9' * digits}".ljust(80).encode()
    upload = {"file": (io.BytesIO(whole[:at] + card + whole[at + 80 :]), "0003.fits")}
    answer = site.call("staff", "POST", "/api/files/", data=upload)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "NAXIS")


def test_staff_decide_and_admit_through_the_api(site: Site) -> None:
    cards = {"INSTRUME": "Goodman Spectro", "INSTCONF": None, "GAIN": 2.2, "RDNOISE": 6.1}
    path = site.config.raw_dirs[0] / "open" / "0004.fits"
    builders.write_frame(path, PROPID=site.own.soar_id, **cards)
    added = site.call("staff", "POST", "/api/files/", json={"full_path": str(path)})
    assert added.status_code == 201, added.text
    choice = {"file_id": added.json["id"], "camera": "Blue"}
    decided = site.call("staff", "POST", "/api/arrivals/cameras/decide/", json=choice)
    assert (decided.status_code, decided.json["files"]) == (200, 1), decided.text
    assert File.get_by_id(choice["file_id"]).camera == "Blue"
    (listed,) = site.call("staff", "GET", "/api/arrivals/cameras/").json["results"]
    assert listed == decided.json
    back = {"json": {"id": listed["id"]}}
    assert site.call("staff", "POST", "/api/arrivals/cameras/withdraw/", **back).json["files"] == 1
    path = path.with_name("0005.fits")
    builders.write_frame(path, PROPID=site.own.soar_id, EXPTIME=None)
    assert (
        site.call("staff", "POST", "/api/files/", json={"full_path": str(path)}).status_code == 422
    )
    number = Arrival.get(Arrival.path == str(path)).id
    stated = {"id": number, "obstype": "COMP", "exptime": 12.5}
    admitted = site.call("staff", "POST", "/api/arrivals/admit/", json=stated)
    assert admitted.status_code == 200, admitted.text
    assert File.get_by_id(admitted.json["id"]).kind == "arc"
