"""A script that knows only the API takes the real night from upload to calibrated spectra."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.support.live_site import ROOT, LiveSite, until
from tests.support.paths import REAL_NIGHT

NIGHT = REAL_NIGHT
EXAMPLE = runpy.run_path(str(ROOT / "docs" / "examples" / "gsp_client.py"))
Client, Failed = EXAMPLE["Client"], EXAMPLE["Failed"]

pytestmark = pytest.mark.skipif(not NIGHT.is_dir(), reason=f"no real night in {NIGHT}")


def calibrated(client: Any) -> list[dict[str, Any]] | None:
    """Return the five spectra when everything has come to rest."""
    live = client.ask("GET", "runs/?state=waiting,queued,running&page_size=100")["count"]
    spectra = list(client.files(data_type="4"))
    return spectra if len(spectra) == 5 and not live else None


def test_the_real_night_through_the_api_alone(make_site: Any, tmp_path: Path) -> None:
    site: LiveSite = make_site(GSP_DEMO="off").start()
    client = Client(site.url, site.staff_token())
    frames = sorted(NIGHT.glob("*.fits"))
    sent = [client.upload(path) for path in frames]
    assert [file["file_name"] for file in sent] == [path.name for path in frames]
    assert client.upload(frames[0])["id"] == sent[0]["id"]

    spectra = until(lambda: calibrated(client), 480, "five calibrated spectra")
    for file in spectra:
        rows = list(csv.DictReader(io.StringIO(client.spectrum(file["id"]))))
        axis = [float(row["wavelength"]) for row in rows]
        assert axis == sorted(axis) and 3500 < axis[0] < 3650 and 5200 < axis[-1] < 5350
        assert sum(row["flux"] != "" for row in rows) > 0.9 * len(rows)

    first = spectra[0]
    reduced = next(iter(client.files(data_type="2", original_file_id=first["original_file_id"])))
    run = client.process("spectrum/extract", reduced["id"], max_targets=1)
    assert run["state"] == "done", run["message"]
    assert run["settings"]["max_targets"] == 1
    (product,) = run["products"]
    client.download(product["id"], tmp_path / "again.fits")
    taken = hashlib.sha256((tmp_path / "again.fits").read_bytes()).hexdigest()
    assert taken == client.ask("GET", f"files/{product['id']}/")["checksum"]
    until(lambda: calibrated(client) or len(list(client.files(data_type="4"))) > 5, 60, "rest")
    assert product["file_name"] in client.delete(product["id"])
    with pytest.raises(Failed, match="404"):
        client.ask("GET", f"files/{product['id']}/")

    with pytest.raises(Failed, match=r"Raw files can't be deleted\.") as refused:
        client.delete(sent[0]["id"])
    assert refused.value.status == 403
    proposal = client.ask("GET", "proposals/")["results"][0]
    people = client.collaborator(proposal["id"], "new@observatory.example")["collaborators"]
    assert [person["email"] for person in people] == ["new@observatory.example"]
    mails = until(lambda: list((site.home / "outbox").glob("*.eml")), 20, "the invitation")
    assert "new@observatory.example" in mails[0].read_text()
    picture = client.open("GET", f"files/visualize/?id={reduced['id']}&format=png").read()
    assert picture.startswith(b"\x89PNG")
    assert json.loads(client.open("GET", f"files/visualize/?id={first['id']}").read())["data"]
    assert site.flask("check").returncode == 0
