"""Frames with one oddity of a real header each, from the file to the spectrum and its pages."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from db.models import File, Proposal, Run
from reduction.frames import DataType
from services.calibration import master_selection
from services.files import ingest
from services.files.visualization import previews
from tests.support import builders
from tests.support.paths import SHARED_DATA
from tests.support.web_site import Site

CASES = SHARED_DATA / "cases"
NAMED = {
    "F06_LAMP_HGA": "LAMP_HGA",
    "F06_OBSRA": "OBSRA",
    "F06_WAVMODE": "WAVMODE",
    "F06_bias": "CAM_TARG",
    "F07": "BZERO",
    "F08_hour": "UT",
    "F08_second": "DATE-OBS",
    "F08_slashes": "DATE-OBS",
    "F05": "OBSTYPE",
}
"""The card that a notice on a case names; of the others nothing has to be said."""

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="the frames with odd headers are not on this machine"
)


def come_in(site: Site) -> list[File]:
    """Index every case; the folder is emptied again when the site's rows are."""
    Proposal.create(soar_id="SOAR2026B-001", pi=site.people["PI"])
    folder = site.config.raw_dirs[0] / "cases"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    arrivals = []
    for case in sorted(CASES.glob("*.fits")):
        arrivals.append(ingest.ingest(Path(shutil.copy(case, folder))))
    assert {arrival.outcome for arrival in arrivals} == {"indexed"}
    return [arrival.file for arrival in arrivals]


def is_served(site: Site, file: File) -> None:
    """Ask for all that is shown of a file."""

    def ok(path: str) -> Any:
        answer = site.call("PI", "GET", path)
        assert answer.status_code == 200, (file.file_name, path, answer.get_data(as_text=True))
        return answer

    download = ok(f"/api/files/download/?id={file.id}")
    encoded = quote(file.file_name)
    disposition = download.headers["Content-Disposition"]
    assert encoded in disposition
    if encoded != file.file_name:
        assert f"filename*=UTF-8''{encoded}" in disposition
        disposition.encode("latin-1")
    assert ok(f"/api/files/{encoded}/").get_json()["id"] == file.id
    assert ok(f"/api/files/header/?id={file.id}").get_json()["header"]
    ok(f"/api/files/download/?ids={file.id}")
    client = site.sign_in("PI")
    shown = client.get(f"/show/{file.id}?w=400&h=60")
    assert shown.status_code == 200, (file.file_name, shown.get_data(as_text=True))
    if file.n_y == 1:
        table = ok(f"/api/files/data/?id={file.id}&format=csv")
        assert table.get_data(as_text=True).count("\n") > 1000
        assert quote(file.file_name.removesuffix(".fits")) in table.headers["Content-Disposition"]


def test_every_case_is_reduced_shown_and_served(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    frames = come_in(site)
    builders.drain()
    for frame in frames:
        assert frame.proposal.soar_id == "SOAR2026B-001"
        keyword = next((k for name, k in NAMED.items() if frame.file_name.startswith(name)), None)
        if keyword is not None:
            assert any(n["params"].get("keyword") == keyword for n in frame.notices), (
                frame.file_name
            )
        last = {"spectrum": DataType.WAVELENGTH, "arc": DataType.EXTRACTED}.get(frame.kind)
        if frame.file_name.startswith("F09"):
            last = DataType.EXTRACTED  # no arc was taken within thirty days of 2062
        products = list(File.select().where(File.original == frame, File.id != frame.id))
        failures = [r.notice for r in Run.select().where(Run.file.in_([frame, *products]))]
        if last is not None:
            assert last in {product.data_type for product in products}, (frame.file_name, failures)
        for file in (frame, *products):
            if file.n_y > 1:
                previews.build(file.id)
            is_served(site, file)
    colon = next(frame for frame in frames if "colon" in frame.file_name)
    assert {f.object for f in File.select().where(File.original == colon)} == {"COMET: 67"}
    sip = next(frame for frame in frames if "SIP" in frame.file_name)
    made = (File.original == sip) & (File.data_type >= DataType.REDUCED)
    for product in list(File.select().where(made)):
        answer = site.call("PI", "GET", f"/api/files/header/?id={product.id}").get_json()
        cards = {card["keyword"]: card["value"] for card in answer["header"]}
        assert not {"CTYPE2", "A_ORDER", "CRVAL2"} & set(cards)
        assert cards.get("CTYPE1", "AWAV") == "AWAV"
