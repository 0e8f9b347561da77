"""The figures of a sensitivity, as the page asks for them: for everyone who is signed in."""

from __future__ import annotations

import base64
import datetime as dt
import json
import struct
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from db.models import File
from reduction.fits import frame_io
from reduction.frames import DataType, Product, Spectrum
from tests.support.web_site import Site, index

X = np.linspace(5000.0, 6000.0, 11)
LEVEL = 5e15
PHOTON = 1.9864459e-8  # hc, erg Å
AREA = 1.15e5


def add_sensitivity(site: Site, night: int, **planes: np.ndarray) -> File:
    """A sensitivity of a night of November, of no proposal."""
    flux = np.full(11, LEVEL * (1 + night / 100))
    points = flux.copy()
    points[3] *= 0.5
    mask = np.zeros(11, np.uint8)
    mask[3:5] = 4
    further = {"OWN": flux, "POINTS": points, "PMASK": mask, "SYS": np.full(11, 0.03), **planes}
    header = fits.Header({"BUNIT": "electron cm2 / erg"})
    spectrum = Spectrum(
        flux, (0.01 * flux) ** 2, np.zeros(11, np.uint8), header, wavelength=X, planes=further
    )
    site.config.products_dir.mkdir(parents=True, exist_ok=True)
    path = site.config.products_dir / f"sensitivity_{night}.fits"
    path.unlink(missing_ok=True)
    frame_io.write(Product(path.name, DataType.SENSITIVITY, spectrum), path)
    taken = dt.datetime(2026, 11, night, 23, tzinfo=dt.UTC)
    quality = {"star": "EG 274", "zero_point_mag": 39.0 + night / 100, "throughput_peak": 0.2}
    return index(
        path,
        None,
        data_type=DataType.SENSITIVITY,
        date_obs=taken,
        night=taken.date(),
        quality=quality,
        camera="Red",
        slit="1.0_LONG_SLIT",
    )


def ask(site: Site, file_id: int, query: str = "", role: str = "user") -> Any:
    return site.sign_in(role).get(f"/sensitivity/{file_id}{query}")


def traces(answer: Any) -> dict[str, dict[str, Any]]:
    return {trace["uid"]: trace for trace in answer.get_json()["figure"]["data"]}


def values(array: Any) -> np.ndarray:
    """Return an array of Plotly's JSON, which writes it as bytes or as a list."""
    if isinstance(array, dict):
        return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
    return np.array(array, dtype=float)


def test_the_curve_is_a_throughput_in_percent(site: Site) -> None:
    answer = ask(site, add_sensitivity(site, 20).id)
    drawn = traces(answer)
    expected = 100 * 1.2 * LEVEL * PHOTON / X / AREA
    np.testing.assert_allclose(values(drawn["fit"]["y"]), expected, rtol=1e-5)
    np.testing.assert_allclose(values(drawn["masked-2"]["y"])[0], 0.5 * expected[3], rtol=1e-5)
    assert list(values(drawn["masked-2"]["x"])) == [X[3], X[4]]
    assert drawn["masked-2"]["name"] == "telluric band"
    assert not {"library", "expected"} & drawn.keys()
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_is_drawn_in_its_own_unit_on_request(site: Site) -> None:
    expected = np.full(11, 0.2)
    file = add_sensitivity(site, 20, EXPECTED=expected)
    answer = ask(site, file.id, "?show=sensitivity")
    title = answer.get_json()["figure"]["layout"]["yaxis"]["title"]["text"]
    assert title == "Sensitivity (10¹⁵ electron cm² erg⁻¹)"
    drawn = traces(answer)
    np.testing.assert_allclose(values(drawn["fit"]["y"]), 6.0)
    np.testing.assert_allclose(
        values(drawn["expected"]["y"]), 0.2 * X * AREA / PHOTON / 1e15, rtol=1e-5
    )


def test_earlier_nights_are_drawn_and_all_are_in_the_history(site: Site) -> None:
    first, last = add_sensitivity(site, 10), add_sensitivity(site, 25)
    answer = ask(site, last.id).get_json()
    assert answer["earlier"] == [{"id": first.id, "name": "2026-11-10 EG 274"}]
    zero_points = answer["history"]["data"][:2]
    assert [list(one["customdata"]) for one in zero_points] == [[first.id], [last.id]]
    assert [float(values(one["y"])[0]) for one in zero_points] == pytest.approx([39.1, 39.25])
    alone = ask(site, first.id).get_json()
    assert alone["earlier"] == []
    assert (alone["setup"].split(",")[1:], alone["n_used"]) == ([" Red", " 1.0_LONG_SLIT"], 0)


def test_without_others_there_is_no_history(site: Site) -> None:
    assert ask(site, add_sensitivity(site, 20).id).get_json()["history"] is None


def test_only_sensitivities_have_these_figures(site: Site) -> None:
    assert ask(site, site.spectrum.id, role="PI").status_code == 422
    assert ask(site, site.spectrum.id).status_code == 404
    assert ask(site, 10**9).status_code == 404
    assert ask(site, add_sensitivity(site, 20).id, "?show=both").status_code == 422
    assert site.client().get("/sensitivity/1").status_code == 401


def test_it_opens_as_a_sensitivity_without_numbers(site: Site) -> None:
    answer = site.sign_in("user").get(f"/show/{add_sensitivity(site, 20).id}?w=400&h=60")
    (length,) = struct.unpack("<Q", answer.data[:8])
    head = json.loads(answer.data[8 : 8 + length])
    assert head["facts"]["kind"] == "sensitivity"
    assert head.keys() == {"facts"}
    assert len(answer.data) == 8 + length
