"""A master tells an outsider of all its frames' proposals nothing of these, by any route."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from db.models import Event, File, Ingredient, Proposal, Run, RunInput
from reduction.fits.shared_cards import is_shared
from reduction.frames import DataType
from services.calibration import master_selection
from services.data_page import file_view
from services.data_page import runs as shown_runs
from services.files import ingest
from services.files.visualization import previews
from services.search import page as search_page
from services.search.filters import FileFilters
from tests.support import builders
from tests.support.web_site import Site

SOAR_ID = "SOAR2026B-777"
FORBIDDEN = {
    "PROPID": SOAR_ID,
    "OBSRA": "11:22:33.444",
    "OBSDEC": "-55:44:33.222",
    "OBSERVER": "Vera R.",
    "NOTES": "deltaplan",
    "OBJECT": "Zubenelgenubi",
    "OBSID": "987654001",
    "BLOCK_ID": "987654002",
}
NAMES = "hush"
"""A part of the name of every raw frame."""
WORDS = [*FORBIDDEN.values(), "commentary", "historian", NAMES]


@pytest.fixture
def made(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A master bias and a master flat of frames whose every secret is a word of its own."""
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    Proposal.create(soar_id=SOAR_ID, pi=site.people["PI"])
    folder = site.config.raw_dirs[0] / "hushed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(20):
        kind = "BIAS" if number < 10 else "FLAT"
        taken = builders.NIGHT + dt.timedelta(minutes=number)
        cards = builders.header(kind, DATE_OBS=taken.replace(tzinfo=None).isoformat())
        cards.update(FORBIDDEN)
        cards["COMMENT"], cards["HISTORY"] = "a commentary", "a historian"
        counts = rng.normal(500, 3, (24, 2071))
        if kind == "FLAT":
            counts[3:20, 25:2055] += rng.poisson(9000, (17, 2030))
        if number == 14:
            counts[:] = 500  # a dark flat: what is left out is not named either
        path = folder / f"{NAMES}{number:02d}.fits"
        fits.PrimaryHDU(counts.round().astype(np.uint16), cards).writeto(path)
        ingest.ingest(path)
    builders.drain()
    return site


def masters() -> list[File]:
    return list(File.select().where(File.data_type == DataType.MASTER, File.run_id.is_null(False)))


def silent(said: bytes | str) -> None:
    text = said.decode("latin-1") if isinstance(said, bytes) else said
    told = [word for word in WORDS if word in text]
    assert not told, (told, text[max(text.find(told[0]) - 200, 0) :][:400])


def everything(site: Site, role: str) -> None:
    """Read all that a role gets of the masters, and find none of the secrets."""
    runs = [run.id for run in Run.select().where(Run.proposal.is_null())]
    paths = [
        "/api/files/",
        "/api/runs/",
        "/api/files/?data_type=1",
        "/api/logs/",
        "/api/proposals/",
    ]
    for master in masters():
        paths += [
            f"/api/files/{master.id}/",
            f"/api/files/{master.file_name}/",
            f"/api/files/header/?id={master.id}",
            f"/api/files/download/?id={master.id}",
            f"/api/files/comments/?id={master.id}",
        ]
    paths += [f"/api/runs/{run}/" for run in runs]
    for path in paths:
        answer = site.call(role, "GET", path)
        assert answer.status_code in (200, 404), path
        silent(answer.data)
    ids = ",".join(str(master.id) for master in masters())
    archive = site.call(role, "GET", f"/api/files/download/?ids={ids}")
    with zipfile.ZipFile(io.BytesIO(archive.data)) as opened:
        assert len(opened.namelist()) == len(masters())
        for name in opened.namelist():
            silent(opened.read(name))
    user = site.people[role]
    for master in masters():
        silent(str(file_view.read(user, master.id, list(file_view.Part))))
    for number in runs:
        silent(str(shown_runs.read(user, number)))
    found = search_page.rows(user, FileFilters(data_type="1"), "-date", start=0, n_rows=50)
    silent(f"{found} {search_page.overview(user, FileFilters(data_type='1'))}")
    client = site.sign_in(role)
    pages = [f"/show/{master.id}?w=400&h=60" for master in masters()]
    pages += ["/search", "/night", "/logs", *(f"/data/{master.id}" for master in masters())]
    for page in pages:
        answer = client.get(page)
        data = answer.data
        silent(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def test_an_outsider_reads_nothing_of_the_frames_of_a_master(made: Site) -> None:
    assert len(masters()) == 2
    for master in masters():
        previews.build(master.id)
        assert set(Path(master.full_path).read_bytes()[:2880].decode("ascii").split()) - {""}
    everything(made, "user")
    events = Event.select().where(Event.proposal.is_null(), ~Event.staff_only)
    silent(json.dumps([event.payload for event in events]))
    flat = File.get(File.kind == "flat", File.data_type == DataType.MASTER)
    assert flat.n_combined == 9
    silent(json.dumps([flat.notices, flat.quality, flat.series, flat.file_name]))


def test_who_sees_a_frame_sees_that_it_went_in(made: Site) -> None:
    (first, _) = masters()
    for role, n_named in (("user", 0), ("PI", 10), ("staff", 10)):
        named = made.call(role, "GET", f"/api/files/{first.id}/").get_json()["inputs"]
        assert len(named) == n_named
        inputs = made.call(role, "GET", f"/api/runs/{first.run_id}/").get_json()["inputs"]
        assert len(inputs) == n_named
    assert Ingredient.select().where(Ingredient.product == first).count() == 10
    assert RunInput.select().where(RunInput.run == first.run_id).count() == 10


def test_a_master_of_an_older_release_is_sent_without_its_frames_header(made: Site) -> None:
    master = masters()[0]
    path = Path(master.full_path)
    with fits.open(path, mode="update") as opened:
        opened[0].header.update(FORBIDDEN | {"GSP_PNAM": f"{NAMES}00.fits", "GSP_IC01": NAMES})
        opened[0].header["COMMENT"] = "a commentary"
        pixels = opened[0].data.copy()
    everything(made, "user")
    sent = made.call("user", "GET", f"/api/files/download/?id={master.id}")
    with fits.open(io.BytesIO(sent.data)) as opened:
        assert np.array_equal(opened[0].data, pixels)
        assert len(opened) == 3
        assert all(is_shared(keyword) for keyword in opened[0].header)


def test_a_failed_master_names_no_frame(made: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in File.select().where(File.data_type == DataType.RAW, File.kind == "flat"):
        path = Path(file.full_path)
        if NAMES in path.name:
            path.write_bytes(path.read_bytes() + b"changed")
    flat = File.get(File.kind == "flat", File.data_type == DataType.MASTER)
    raw = File.get(File.series == flat.series, File.data_type == DataType.RAW)
    answer = made.call("PI", "POST", "/api/files/calibrations/", json={"ids": [raw.id]})
    assert answer.status_code == 202
    builders.drain()
    failed = Run.get_by_id(answer.get_json()["id"])
    assert failed.state == "failed"
    everything(made, "user")
