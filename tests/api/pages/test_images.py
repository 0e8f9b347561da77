"""The viewport endpoint: exact numbers, an honest box, nothing of another's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from services.files.visualization import previews
from tests.support import builders
from tests.support.science.manual_windows import frame, windows
from tests.support.web.goodman_files import prepare_image
from tests.support.web_site import Site, index

WHOLE = "x0=0&x1=40&y0=0&y1=6&w=400&h=60"


def view(site: Site, role: str, file_id: int, query: str = WHOLE):
    return site.sign_in(role).get(f"/img/{file_id}/view?{query}")


def test_the_numbers_are_the_pixels(site: Site) -> None:
    prepare_image(site.raw)
    answer = view(site, "PI", site.raw.id)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Cookie" in answer.headers["Vary"]
    facts = json.loads(answer.headers["X-View"])
    assert facts["box"] == [0, 40, 0, 6]
    name, offset, scale, _ = facts["codec"]
    assert name == "linear"
    numbers = np.frombuffer(answer.data[: 2 * 240], dtype="<u2").reshape(facts["shape"])
    values = offset + scale * (numbers.astype(float) - 1)
    assert np.array_equal(values, np.arange(240).reshape(6, 40))


def test_a_cut_says_where_it_lies(site: Site) -> None:
    prepare_image(site.raw)
    facts = json.loads(
        view(site, "PI", site.raw.id, "x0=10.4&x1=20.2&y0=-5&y1=3&w=9&h=9").headers["X-View"]
    )
    assert facts["box"] == [10, 21, 0, 3]
    assert facts["shape"] == [3, 11]


def test_an_image_of_another_proposal_does_not_exist(site: Site) -> None:
    prepare_image(site.secret)
    for role in ("user", "collaborator", "PI"):
        assert view(site, role, site.secret.id).status_code == 404
    assert view(site, "staff", site.secret.id).status_code == 200
    assert site.client().get(f"/img/{site.secret.id}/view?{WHOLE}").status_code == 401


def test_while_the_queue_is_down_the_page_is_told_to_come_back(site: Site) -> None:
    answer = view(site, "PI", site.spectrum.id)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "query",
    ["", "x0=0", WHOLE.replace("x1=40", "x1=nan"), WHOLE.replace("w=400", "w=0"), WHOLE + "&z=1"],
)
def test_a_viewport_without_sense_is_refused_by_name(site: Site, query: str) -> None:
    answer = view(site, "PI", site.raw.id, query)
    assert answer.status_code in (400, 422)
    assert answer.get_json()["error"]["field"]


def test_overlays_are_of_those_who_may_see_the_file(site: Site) -> None:
    def ask(role: str, file_id: int) -> Any:
        return site.sign_in(role).get(f"/img/{file_id}/overlays")

    assert ask("PI", site.raw.id).get_json() == {"apertures": [], "sky": None}
    assert ask("PI", site.spectrum.id).get_json() == {"apertures": [], "sky": None}
    assert ask("PI", site.secret.id).status_code == 404
    assert ask("PI", 2**40).status_code == 404
    assert ask("staff", site.secret.id).status_code == 200


def test_marks_are_two_bits_a_number(site: Site) -> None:
    pixels = np.full((6, 40), 100, dtype=np.uint16)
    pixels[2, 7], pixels[5, 39] = 65535, 65535
    fits.PrimaryHDU(pixels, builders.header()).writeto(site.raw.full_path, overwrite=True)
    previews.build(site.raw.id)
    answer = view(site, "PI", site.raw.id)
    assert json.loads(answer.headers["X-View"])["marks"] == ["saturated", "cosmic_ray"]
    bits = np.unpackbits(np.frombuffer(answer.data[2 * 240 :], "u1"), bitorder="little")
    saturated, hit = bits.reshape(6, 40, 2).transpose(2, 0, 1)
    assert np.argwhere(saturated).tolist() == [[2, 7], [5, 39]]
    assert not hit.any()


def test_cuts_are_means_at_full_resolution(site: Site) -> None:
    prepare_image(site.raw)
    truth = np.arange(240.0).reshape(6, 40)

    def cut(query: str) -> np.ndarray:
        answer = site.sign_in("PI").get(f"/img/{site.raw.id}/cut?{query}")
        assert answer.status_code == 200, answer.text
        return np.frombuffer(answer.data, "<f4")

    assert np.allclose(cut("axis=row&first=2&last=4"), truth[2:5].mean(axis=0))
    assert np.allclose(cut("axis=column&first=7&last=7&clean=1"), truth[:, 7])
    assert np.allclose(cut("axis=column&first=30&last=90000"), truth[:, 30:].mean(axis=1))
    for query in ("axis=row", "axis=z&first=1&last=2", "axis=row&first=-1&last=2"):
        answer = site.sign_in("PI").get(f"/img/{site.raw.id}/cut?{query}")
        assert answer.status_code in (400, 422)


def test_the_histogram_counts_the_pixels(site: Site) -> None:
    prepare_image(site.raw)
    told = site.sign_in("PI").get(f"/img/{site.raw.id}/histogram").get_json()
    assert sum(told["counts"]) == 240
    assert told["limits"]["minmax"] == [0.0, 239.0]


def test_an_extraction_preview_is_what_the_extraction_gives(site: Site) -> None:
    from reduction.extraction.manual import extract_manually
    from reduction.fits import frame_io
    from reduction.frames import DataType, Product

    made, told = frame(), windows()
    path = site.config.products_dir / "previewed.fits"
    path.unlink(missing_ok=True)
    frame_io.write(Product(path.name, DataType.REDUCED, made), path)
    file = index(path, site.own, data_type=DataType.REDUCED, original=site.raw, parent=site.raw)
    previews.build(file.id)

    def ask(role: str, body: dict[str, Any]) -> Any:
        client = site.sign_in(role)
        token = client.get_cookie("_csrf_token").value
        address = f"/img/{file.id}/extraction-preview"
        return client.post(address, json=body, headers={"X-CSRFToken": token})

    answer = ask("PI", told.model_dump(mode="json"))
    assert answer.status_code == 200, answer.text
    flux, sigma = np.frombuffer(answer.data, "<f4").reshape(2, -1)
    spectrum, _ = extract_manually(made, told)
    assert np.allclose(flux, spectrum.flux, rtol=1e-3)
    assert np.allclose(sigma, np.sqrt(spectrum.variance), rtol=2e-3)
    assert ask("user", told.model_dump(mode="json")).status_code == 404
    assert ask("PI", {"trace": [1], "low": 5, "high": 1}).status_code == 422
    assert ask("PI", {"trace": [9e4], "low": 1, "high": 5}).status_code == 422
