"""A sensitivity tells an outsider of the standard star's spectrum nothing but the star."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from astropy.io import fits

from db.models import Event, File, Ingredient, Proposal
from reduction.fits.shared_cards import is_shared
from reduction.frames import DataType
from reduction.simulation import simulate_night
from services.calibration import master_selection
from services.data_page import file_view, sensitivity_view
from services.data_page import runs as shown_runs
from services.files import ingest
from services.search import page as search_page
from services.search.filters import FileFilters
from tests.support import builders
from tests.support.web_site import Site

SOAR_ID = "SOAR2026B-777"
FORBIDDEN = {
    "PROPID": SOAR_ID,
    "OBSERVER": "Vera R.",
    "NOTES": "deltaplan",
    "OBJECT": "Zubenelgenubi",
    "OBSID": "987654001",
}
NAMES = "hush"
"""A part of the name of every raw frame."""
WORDS = [*FORBIDDEN.values(), "commentary", NAMES]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A standard star with its arc, and a target, with headers full of secrets."""
    folder = tmp_path_factory.mktemp("hushed")
    choices = {"n_bias": 0, "n_flat": 0, "n_science": 1, "rows": 160, "standards": ("EG 274",)}
    frames = []
    for path in simulate_night(folder, seed=4, proposal=SOAR_ID, **choices):
        with fits.open(path, mode="update") as opened:
            lamp = opened[0].header["OBSTYPE"] == "COMP"
            cards = {name: value for name, value in FORBIDDEN.items() if name != "OBJECT"}
            opened[0].header.update(cards if lamp else FORBIDDEN)
            opened[0].header["COMMENT"] = "a commentary"
        frames.append(path.rename(path.with_name(f"{NAMES}{path.name[:4]}.fits")))
    return frames


@pytest.fixture
def made(site: Site, night: list[Path], monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    Proposal.create(soar_id=SOAR_ID, pi=site.people["PI"])
    folder = site.config.raw_dirs[0] / "hushed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in night:
        ingest.ingest(Path(shutil.copy(path, folder / path.name)))
    builders.drain(8)
    return site


def sensitivity() -> File:
    return File.get(File.data_type == DataType.SENSITIVITY)


def silent(said: bytes | str) -> None:
    text = said.decode("latin-1") if isinstance(said, bytes) else said
    told = [word for word in WORDS if word in text]
    assert not told, (told, text[max(text.find(told[0]) - 200, 0) :][:400])


def test_an_outsider_reads_nothing_of_the_standards_frame(made: Site) -> None:
    file = sensitivity()
    assert (file.proposal, file.parent, file.original) == (None, None, None)
    assert file.object == "EG 274"
    with fits.open(file.full_path) as opened:
        keywords = {keyword for hdu in opened for keyword in hdu.header}
    assert {"GSP_STAR", "GSP_AIRM", "CRVAL1", "CDELT1"} <= keywords
    assert all(is_shared(one, of_spectrum=True) for one in keywords)
    silent(Path(file.full_path).read_bytes())
    silent(json.dumps([file.notices, file.quality, file.series, file.file_name]))
    for path in (
        "/api/files/",
        "/api/runs/",
        "/api/logs/",
        "/api/proposals/",
        "/api/throughput/",
        "/api/files/?data_type=7",
        f"/api/files/{file.id}/",
        f"/api/files/{file.file_name}/",
        f"/api/files/header/?id={file.id}",
        f"/api/files/data/?id={file.id}",
        f"/api/files/data/?id={file.id}&format=csv",
        f"/api/files/download/?id={file.id}",
        f"/api/files/comments/?id={file.id}",
        f"/api/runs/{file.run_id}/",
    ):
        answer = made.call("user", "GET", path)
        assert answer.status_code in (200, 404), path
        silent(answer.data)
    archive = made.call("user", "GET", f"/api/files/download/?ids={file.id}")
    with zipfile.ZipFile(io.BytesIO(archive.data)) as opened:
        for name in opened.namelist():
            silent(opened.read(name))
    user = made.people["user"]
    silent(str(file_view.read(user, file.id, list(file_view.Part))))
    silent(str(sensitivity_view.read(user, file.id)))
    for filters in (FileFilters(data_type="7"), FileFilters()):
        found = search_page.rows(user, filters, "-date", start=0, n_rows=50)
        silent(f"{found} {search_page.overview(user, filters)}")
    client = made.sign_in("user")
    for page in (f"/show/{file.id}?w=400&h=60", "/search", "/night", "/logs", f"/data/{file.id}"):
        data = client.get(page).data
        silent(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    events = Event.select().where(Event.proposal.is_null(), ~Event.staff_only)
    silent(json.dumps([event.payload for event in events]))


def test_who_sees_the_spectrum_sees_that_it_went_in(made: Site) -> None:
    file = sensitivity()
    (standard,) = Ingredient.select().where(Ingredient.product == file)
    assert standard.role == "standard"
    for role, named in (("user", []), ("PI", [standard.name]), ("staff", [standard.name])):
        answer = made.call(role, "GET", f"/api/files/{file.id}/").get_json()
        assert answer["inputs"] == named
    run = made.call("PI", "GET", f"/api/runs/{file.run_id}/").get_json()
    assert run["products"][0]["id"] == file.id
    shown_runs.read(made.people["PI"], file.run_id)


def test_every_spectrum_of_the_night_has_a_flux(made: Site) -> None:
    fluxes = list(File.select().where(File.data_type == DataType.FLUX))
    of_night = File.proposal == Proposal.get(soar_id=SOAR_ID)
    spectra = File.select().where(File.data_type == DataType.WAVELENGTH, of_night)
    assert {one.parent_id for one in fluxes} == {one.id for one in spectra}
    assert len(fluxes) == 2
    for flux in fluxes:
        data = made.call("PI", "GET", f"/api/files/data/?id={flux.id}").get_json()
        assert data["unit"] == "erg / (s cm2 Angstrom)"
        assert len(data["systematic"]) == len(data["transmission"]) == len(data["flux"])
        assert made.call("user", "GET", f"/api/files/{flux.id}/").status_code == 404


def test_nobody_but_staff_removes_it(made: Site) -> None:
    file = sensitivity()
    for role, status in (("user", 403), ("collaborator", 403), ("PI", 403), ("staff", 200)):
        answer = made.call(role, "DELETE", "/api/files/", json={"id": file.id})
        assert answer.status_code == status, role


def test_a_sensitivity_is_requested_by_who_may_process_the_spectrum(made: Site) -> None:
    spectrum = Ingredient.get(Ingredient.role == "standard").input
    body = {"id": spectrum.id, "settings": {"star": "EG 274"}}
    path = "/api/files/spectrum/calibrate/sensitivity/"
    assert made.call("user", "POST", path, json=body).status_code == 404
    assert made.call("PI", "POST", path, json=body).status_code == 202
    builders.drain()
    own = File.get(File.data_type == DataType.SENSITIVITY, File.proposal.is_null(False))
    assert own.proposal.soar_id == SOAR_ID
    assert made.call("user", "GET", f"/api/files/{own.id}/").status_code == 404
