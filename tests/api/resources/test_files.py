"""Files through the API: as the manual types them, filtered, paged, downloaded, added, deleted."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from reduction.fits import frame_io
from reduction.frames import DataType, Product, Spectrum
from tests.support.paths import REAL_NIGHT
from tests.support.web_site import Site, add_file, index

# The manual's own example, type by type.
MANUAL = {
    "id": int,
    "created": str,
    "last_modified": str,
    "original_file": str,
    "original_file_id": int,
    "parent_file": str,
    "parent_file_id": int,
    "file_name": str,
    "directory_name": str,
    "full_path": str,
    "obstype": str,
    "object": str,
    "filter": str,
    "filter_2": str,
    "grating": str,
    "slit": str,
    "cam_targ": str,
    "grt_targ": str,
    "obsra": str,
    "obsdec": str,
    "gain": str,
    "rdnoise": str,
    "roi": str,
    "wavmode": str,
    "proposal_id": str,
    "date": str,
    "data_type": str,
    "normalized": bool,
    "technique": str,
    "saturation_value": (int, float),
}


def listed(site: Site, query: str, role: str = "PI") -> list[str]:
    answer = site.call(role, "GET", f"/api/files/?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json["count"] == len(answer.json["results"])
    return [row["file_name"] for row in answer.json["results"]]


def test_a_file_is_typed_as_in_the_manual(site: Site) -> None:
    add_file(site.config, "0001_typed.fits", site.own, saturation_value=49928.0, image_id="34304")
    row = site.call("PI", "GET", "/api/files/0001_typed.fits/").json
    for name, kind in MANUAL.items():
        assert isinstance(row[name], kind), name
    assert (row["cam_targ"], row["grt_targ"], row["gain"]) == ("16.1", "7.5", "1.48")
    assert (row["saturation_value"], row["image_id"]) == (49928, 34304)
    assert row["created"].endswith("+00:00")
    assert row["original_file_id"] == row["parent_file_id"] == row["id"]
    assert (row["proposal_id"], row["data_type"]) == ("SOAR2022A-001", "0")


def test_filters_and_lists_of_values(site: Site) -> None:
    add_file(site.config, "0050_flat.fits", site.own, obstype="LAMPFLAT", grating="930_SYZY")
    add_file(site.config, "0051_arc.fits", site.own, obstype="ARC", object="NGC 1, the odd")
    raw, spectrum = site.raw.file_name, site.spectrum.file_name
    assert listed(site, "data_type=0&ordering=file_name") == [
        raw,
        "0050_flat.fits",
        "0051_arc.fits",
    ]
    assert listed(site, "data_type=4") == [spectrum]
    assert set(listed(site, "data_type=1,4")) == {spectrum, "master_bias.fits"}
    assert set(listed(site, "obstype=ARC,LAMPFLAT")) == {"0050_flat.fits", "0051_arc.fits"}
    assert listed(site, "grating=930_SYZY&obstype=LAMPFLAT") == ["0050_flat.fits"]
    assert listed(site, "grating=930_SYZY&obstype=ARC") == []
    assert listed(site, "file_name=005&ordering=-file_name") == [
        "0051_arc.fits",
        "0050_flat.fits",
    ]
    assert listed(site, "file_name=%25") == []  # a LIKE pattern is text
    assert set(listed(site, f"original_file_id={site.raw.id}")) == {raw, spectrum}
    assert len(listed(site, "date_from=2022-07-05&date_to=2022-07-05")) == 5
    assert listed(site, "date=2022-07-06") == []
    assert set(listed(site, f"proposal_id={site.own.soar_id}&data_type=0,4")) == {
        raw,
        spectrum,
        "0050_flat.fits",
        "0051_arc.fits",
    }


def test_pages_lead_to_each_other(site: Site) -> None:
    for number in range(5):
        add_file(site.config, f"1{number:03d}_page.fits", site.own, object="paged")
    address: str | None = "/api/files/?object=paged&page_size=2&ordering=file_name"
    names, counts = [], set()
    previous = None
    while address is not None:
        page = site.call("PI", "GET", address).json
        names += [row["file_name"] for row in page["results"]]
        counts.add(page["count"])
        assert (page["previous"] is None) == (previous is None)
        previous, address = address, page["next"]
    assert names == [f"1{number:03d}_page.fits" for number in range(5)]
    assert counts == {5}
    beyond = site.call("PI", "GET", "/api/files/?page=99&object=paged&page_size=2").json
    assert (beyond["results"], beyond["next"]) == ([], None)
    assert "page=3" in beyond["previous"]


@pytest.mark.parametrize(
    ("query", "field", "status"),
    [
        ("gratng=x", "gratng", 400),
        ("page=1&page=2", "page", 400),
        ("page=0", "page", 422),
        ("page=x", "page", 422),
        ("page_size=1001", "page_size", 422),
        ("ordering=password", "ordering", 422),
        ("ordering=-", "ordering", 422),
        ("data_type=9", "data_type", 422),
        ("date=yesterday", "date", 422),
        ("date_from=2022-13-01", "date_from", 422),
        ("parent_file_id=1;drop", "parent_file_id", 422),
        ("object=%00", "object", 422),
        ("file_name=" + "a," * 1500, "file_name", 422),
    ],
)
def test_nonsense_is_refused_by_name(site: Site, query: str, field: str, status: int) -> None:
    answer = site.call("PI", "GET", f"/api/files/?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (status, field)
    assert field in answer.json["error"]["message"] or field == "ordering"


def test_by_id_or_by_name_and_without_the_slash(site: Site) -> None:
    for key in (site.raw.id, site.raw.file_name):
        for path in (f"/api/files/{key}/", f"/api/files/{key}"):
            assert site.call("PI", "GET", path).json["id"] == site.raw.id
    body = {"id": site.raw.file_name, "text": "no slash"}
    assert site.call("PI", "POST", "/api/files/comments", json=body).status_code == 201
    detail = site.call("PI", "GET", f"/api/files/{site.raw.id}").json
    assert [child["id"] for child in detail["children"]] == [site.spectrum.id]
    assert [run["id"] for run in detail["runs"]] == [site.run.id]


def test_a_name_that_several_have_is_a_conflict(site: Site) -> None:
    folder = site.config.raw_dirs[0] / "another"
    folder.mkdir(exist_ok=True)
    twin = add_file(site.config, f"another/{site.raw.file_name}", site.own)
    answer = site.call("PI", "GET", f"/api/files/download/?id={site.raw.file_name}")
    assert answer.status_code == 409
    assert sorted(answer.json["error"]["detail"]["ids"]) == [site.raw.id, twin.id]
    secret = add_file(site.config, f"another/{site.secret.file_name}", site.own)
    answer = site.call("PI", "GET", f"/api/files/{site.secret.file_name}/")
    assert answer.json["id"] == secret.id  # the stranger's file of that name does not exist


def test_download_in_ranges_and_with_its_etag(site: Site) -> None:
    path = f"/api/files/download/?id={site.raw.id}"
    whole = site.call("PI", "GET", path)
    assert hashlib.sha256(whole.data).hexdigest() == site.raw.checksum
    assert whole.headers["ETag"] == f'"{site.raw.checksum}"'
    assert site.raw.file_name in whole.headers["Content-Disposition"]
    part = site.call("PI", "GET", path, headers={"Range": "bytes=80-159"})
    assert (part.status_code, part.data) == (206, whole.data[80:160])
    assert part.headers["Content-Range"] == f"bytes 80-159/{len(whole.data)}"
    beyond = site.call("PI", "GET", path, headers={"Range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.json["error"]["code"]) == (416, "range_not_satisfiable")
    known = site.call("PI", "GET", path, headers={"If-None-Match": f'"{site.raw.checksum}"'})
    assert (known.status_code, known.data) == (304, b"")


def test_several_come_as_a_zip(site: Site) -> None:
    folder = site.config.raw_dirs[0] / "another"
    folder.mkdir(exist_ok=True)
    twin = add_file(site.config, f"another/{site.raw.file_name}", site.own)
    ids = f"{site.raw.id},{twin.id},{site.spectrum.file_name},{site.raw.id}"
    answer = site.call("PI", "GET", f"/api/files/download/?ids={ids}")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(
            [
                f"{site.raw.id}_{site.raw.file_name}",
                f"{twin.id}_{site.raw.file_name}",
                site.spectrum.file_name,
            ]
        )
        data = archive.read(site.spectrum.file_name)
    assert hashlib.sha256(data).hexdigest() == site.spectrum.checksum
    answer = site.call("PI", "GET", "/api/files/download/?data_type=0,4")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert len(archive.namelist()) == 3
    answer = site.call("PI", "GET", f"/api/files/download/?ids={site.raw.id},{site.secret.id}")
    assert answer.status_code == 404


def test_a_zip_is_sent_while_it_is_written(site: Site) -> None:
    """Sixteen files of 4 MB pass through a tenth of their memory, whole."""
    sizes = {}
    for number in range(16):
        path = site.config.raw_dirs[0] / f"4{number:03d}_large.fits"
        path.write_bytes(bytes([number]) * 4_000_000)
        index(path, site.own, object="large")
        sizes[path.name] = 4_000_000
    site.call("PI", "GET", "/api/files/download/?object=large").close()  # what the first one loads
    tracemalloc.start()
    try:
        answer = site.call("PI", "GET", "/api/files/download/?object=large", buffered=False)
        with tempfile.TemporaryFile() as received:
            tracemalloc.reset_peak()
            for chunk in answer.response:
                received.write(chunk)
            _, peak = tracemalloc.get_traced_memory()
            n_sent = received.tell()
            with zipfile.ZipFile(received) as archive:
                assert archive.testzip() is None
                assert {info.filename: info.file_size for info in archive.infolist()} == sizes
    finally:
        tracemalloc.stop()
        answer.close()
    assert n_sent > sum(sizes.values())
    assert peak < n_sent / 10


@pytest.mark.parametrize(
    "query", ["", "?ids=,", "?object=nothing", "?id=1&ids=2", "?ids=1&object=x"]
)
def test_a_download_must_say_what(site: Site, query: str) -> None:
    answer = site.call("PI", "GET", f"/api/files/download/{query}")
    assert answer.status_code in (400, 422), query


def test_bytes_that_are_gone_are_said_plainly(site: Site) -> None:
    Path(site.spectrum.full_path).unlink()
    for path in ("download", "header", "data"):
        answer = site.call("PI", "GET", f"/api/files/{path}/?id={site.spectrum.id}")
        assert answer.status_code == 503, path
        assert site.config.home.as_posix() not in answer.text


def test_the_header_is_whole_and_in_order(site: Site) -> None:
    answer = site.call("PI", "GET", f"/api/files/header/?id={site.raw.file_name}").json
    assert answer["file_name"] == site.raw.file_name
    cards = [(card["keyword"], card["value"]) for card in answer["header"]]
    with fits.open(site.raw.full_path) as hdus:
        truth = [(c.keyword, c.value) for c in hdus[0].header.cards]
    assert cards == truth
    comments = {card["keyword"]: card["comment"] for card in answer["header"]}
    assert comments["OBJECT"] == "name of the object"


def test_the_numbers_of_a_spectrum(site: Site) -> None:
    path = f"/api/files/data/?id={site.spectrum.id}"
    data = site.call("PI", "GET", path).json
    assert data["unit"] == "electron"
    assert len({len(data[c]) for c in ("wavelength", "pixel", "flux", "uncertainty", "mask")}) == 1
    assert data["wavelength"][0] == pytest.approx(4000)
    assert (data["flux"][0], data["uncertainty"][0]) == (pytest.approx(100), pytest.approx(2))
    assert (data["flux"][7], data["uncertainty"][7], data["mask"][7]) == (None, None, 1)
    table = list(csv.DictReader(io.StringIO(site.call("PI", "GET", f"{path}&format=csv").text)))
    assert len(table) == len(data["flux"])
    assert float(table[3]["flux"]) == pytest.approx(data["flux"][3])
    assert table[7]["flux"] == ""
    answer = site.call("PI", "GET", f"/api/files/data/?id={site.raw.id}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "id")


def test_the_numbers_of_a_flux_have_both_errors(site: Site) -> None:
    planes = {
        "SYS": np.full(3, 2e-17),
        "UNCORR": np.array([1e-16, np.nan, 3e-16]),
        "TRANSM": np.array([1.0, 0.5, 1.0]),
        "PMASK": np.array([0, 1, 16], np.uint8),
    }
    spectrum = Spectrum(
        np.array([1e-16, np.nan, 3e-16]),
        np.array([1e-34, np.inf, 4e-34]),
        np.array([0, 64, 0], np.uint8),
        fits.Header({"BUNIT": "erg / (s cm2 Angstrom)"}),
        wavelength=np.array([4000.0, 4001.0, 4002.0]),
        planes=planes,
    )
    path = site.config.products_dir / "xwecfzst.fits"
    path.unlink(missing_ok=True)
    frame_io.write(Product(path.name, DataType.FLUX, spectrum), path)
    facts = {"data_type": DataType.FLUX, "original": site.raw, "parent": site.spectrum}
    flux = index(path, site.own, kind="spectrum", n_x=3, n_y=1, **facts)
    address = f"/api/files/data/?id={flux.id}"
    data = site.call("PI", "GET", address).json
    assert data["unit"] == "erg / (s cm2 Angstrom)"
    assert data["uncertainty"] == [pytest.approx(1e-17), None, pytest.approx(2e-17)]
    assert data["systematic"] == [2e-17] * 3
    assert data["uncorrected"] == [1e-16, None, 3e-16]
    assert data["transmission"] == [1.0, 0.5, 1.0]
    assert data["point_mask"] == [0, 1, 16]
    assert data["mask"] == [0, 64, 0]
    assert "own" not in data
    table = list(csv.DictReader(io.StringIO(site.call("PI", "GET", f"{address}&format=csv").text)))
    assert (table[0]["systematic"], table[1]["uncorrected"]) == ("2e-17", "")
    assert site.call("user", "GET", address).status_code == 404


def test_deleting_takes_what_was_made_of_it(site: Site) -> None:
    child = add_file(
        site.config, "child.fits", site.own, data_type=5, original=site.raw, parent=site.spectrum
    )
    answer = site.call("PI", "DELETE", "/api/files/", json={"id": site.spectrum.file_name})
    assert sorted(answer.json["deleted"]) == sorted([child.file_name, site.spectrum.file_name])
    assert not Path(site.spectrum.full_path).exists()
    for gone in (child, site.spectrum):
        assert site.call("PI", "GET", f"/api/files/{gone.id}/").status_code == 404
    again = site.call("PI", "DELETE", "/api/files/", json={"id": site.spectrum.id})
    assert again.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../etc/passwd",
        "/root/.ssh/x.fits",
        "relative.fits",
        "/",
        "\u0000.fits",
        "/" + "a" * 4000,
        "{raw}/../../../etc/passwd",
        "{raw}/absent.fits",
        "{raw}",
        "{raw}/link.fits",
    ],
)
def test_paths_outside_the_raw_folders_tell_nothing(site: Site, path: str) -> None:
    raw = site.config.raw_dirs[0]
    (raw / "link.fits").unlink(missing_ok=True)
    (raw / "link.fits").symlink_to("/etc/passwd")
    body = {"full_path": path.format(raw=raw)}
    answer = site.call("staff", "POST", "/api/files/", json=body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "full_path")
    assert "passwd" not in answer.text and "etc" not in answer.text


def test_unusable_frames_name_what_is_wrong(site: Site) -> None:
    raw = site.config.raw_dirs[0]
    noise = raw / "noise.fits"
    noise.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40)
    bare = raw / "bare.fits"
    fits.PrimaryHDU([[1, 2], [3, 4]]).writeto(bare, overwrite=True)
    for path in (noise, bare):
        answer = site.call("staff", "POST", "/api/files/", json={"full_path": str(path)})
        assert answer.status_code == 422, answer.text
        assert answer.json["error"]["message"].endswith(".")
    upload = {"file": (io.BytesIO(noise.read_bytes()), "noise.fits")}
    answer = site.call("staff", "POST", "/api/files/", data=upload)
    assert answer.status_code == 422
    assert site.call("staff", "GET", "/api/files/?file_name=noise").json["count"] == 0


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"file": "text"},
        {"other": (io.BytesIO(b"x"), "a.fits")},
        {"file": (io.BytesIO(b"x"), "../../evil.sh")},
        {"file": (io.BytesIO(b""), "a.fits")},
    ],
)
def test_uploads_that_are_none(site: Site, data: dict[str, Any]) -> None:
    answer = site.call(
        "staff", "POST", "/api/files/", data=data, content_type="multipart/form-data"
    )
    assert answer.status_code in (400, 422), answer.text


def test_a_frame_is_added_once(site: Site) -> None:
    """A real frame: 201 when new, 200 with the same file afterwards, 409 under a taken name."""
    frames = sorted(REAL_NIGHT.glob("**/*.fits*"))
    if not frames:
        pytest.skip("the real night is not on this machine (shared/data)")
    name, data = frames[0].name, frames[0].read_bytes()
    path = site.config.raw_dirs[0] / name
    path.write_bytes(data)
    first = site.call("staff", "POST", "/api/files/", json={"full_path": str(path)})
    again = site.call("staff", "POST", "/api/files/", json={"full_path": str(path)})
    upload = {"file": (io.BytesIO(data), name)}
    third = site.call("staff", "POST", "/api/files/", data=upload)
    assert [a.status_code for a in (first, again, third)] == [201, 200, 200], third.text
    assert first.json["id"] == again.json["id"] == third.json["id"]
    assert first.json["checksum"] == hashlib.sha256(data).hexdigest()
    for role in ("user", "collaborator", "PI"):
        upload = {"file": (io.BytesIO(data), name)}
        assert site.call(role, "POST", "/api/files/", data=upload).status_code == 403
    path.unlink()
