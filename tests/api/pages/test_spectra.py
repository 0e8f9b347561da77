"""The numbers of spectra for the page: exact, and nothing of another's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from db.models import File
from reduction.fits import frame_io
from reduction.frames import DataType, Product
from tests.support.web_site import Site, add_run, add_spectrum


def ask(site: Site, role: str, path: str):
    return site.sign_in(role).get(f"/spectrum/{path}")


def arrays(answer) -> tuple[dict, list[np.ndarray]]:
    facts = json.loads(answer.headers["X-Spectrum"])
    n, parts, start = facts["n"], [], 0
    for kind in ("<f8", "<f4", "<f4", *("<f4" for _ in facts["planes"]), "u1"):
        stop = start + n * np.dtype(kind).itemsize
        parts.append(np.frombuffer(answer.data[start:stop], kind))
        start = stop
    assert start == len(answer.data)
    return facts, parts


def test_the_numbers_are_those_of_the_file(site: Site) -> None:
    answer = ask(site, "PI", str(site.spectrum.id))
    facts, (x, flux, sigma, mask) = arrays(answer)
    assert (facts["axis"], facts["unit"], facts["name"]) == (
        "wavelength",
        "electron",
        site.spectrum.file_name,
    )
    assert facts["heading"] == ["SPECTRUM WD J0123", site.own.soar_id]
    with fits.open(site.spectrum.full_path) as hdus:
        assert np.array_equal(x, hdus["WAVE"].data)
        np.testing.assert_allclose(flux, hdus[0].data, rtol=1e-6)
        assert np.array_equal(mask, hdus["MASK"].data)
    assert np.isnan(sigma[7])
    assert np.allclose(np.delete(sigma, 7), 2.0)


def test_the_unit_and_axis_are_the_header_s(site: Site) -> None:
    path = Path(site.spectrum.full_path)
    product = frame_io.read_product(path)
    product.header["BUNIT"], product.wavelength = "erg / (s cm2 Angstrom)", None
    product.flux, product.variance = product.flux * 1e-17, product.variance * 1e-34
    path.unlink()
    frame_io.write(Product(path.name, DataType.EXTRACTED, product), path)
    facts, (x, *_) = arrays(ask(site, "PI", str(site.spectrum.id)))
    assert (facts["axis"], facts["unit"]) == ("pixel", "erg s⁻¹ cm⁻² Å⁻¹")
    assert facts["exponent"] == -15  # 1e-15 to 2e-15
    assert np.array_equal(x, np.arange(50))


def test_the_errors_of_a_flux_calibration_come_with_the_flux(site: Site) -> None:
    path = Path(site.spectrum.full_path)
    product = frame_io.read_product(path)
    product.planes = {
        "SYS": np.linspace(3e-17, 4e-17, 50),
        "TRANSM": np.full(50, 0.9),
        "UNCORR": np.full(50, 9e-16),
    }
    path.unlink()
    frame_io.write(Product(path.name, DataType.WAVELENGTH, product), path)
    facts, (_, _, _, systematic, uncorrected, mask) = arrays(ask(site, "PI", str(site.spectrum.id)))
    assert facts["planes"] == ["systematic", "uncorrected"]
    np.testing.assert_allclose(systematic, np.linspace(3e-17, 4e-17, 50), rtol=1e-6)
    np.testing.assert_allclose(uncorrected, 9e-16, rtol=1e-6)
    assert np.flatnonzero(mask).tolist() == [7]


def test_only_the_exact_bytes_may_be_kept(site: Site) -> None:
    kept = ask(site, "PI", f"{site.spectrum.id}?v={site.spectrum.checksum[:16]}")
    assert "immutable" in kept.headers["Cache-Control"]
    assert "private" in kept.headers["Cache-Control"]
    assert "Cookie" in kept.headers["Vary"]
    for query in ("", "?v=0000"):
        assert ask(site, "PI", f"{site.spectrum.id}{query}").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("part", ["", "/others", "/arc"])
def test_a_foreign_spectrum_does_not_exist(site: Site, part: str) -> None:
    theirs = add_spectrum(site.config, site.secret, add_run(site.secret))
    missing = ask(site, "PI", f"{theirs.id + 100_000}{part}")
    for role in ("user", "collaborator", "PI"):
        answer = ask(site, role, f"{theirs.id}{part}")
        assert (answer.status_code, answer.data) == (404, missing.data)
    assert ask(site, "staff", f"{theirs.id}{part}").status_code != 404
    assert site.client().get(f"/spectrum/{theirs.id}{part}").status_code == 401


def test_only_ones_own_spectra_are_offered_for_comparison(site: Site) -> None:
    theirs = add_spectrum(site.config, site.secret, add_run(site.secret))
    own = _copy(site, "other_target.fits", object="HD 49798")
    _copy(site, "in_pixels.fits", data_type=DataType.EXTRACTED)
    _copy(site, "old.fits", state="superseded")

    def offered(role: str, text: str = "") -> list[int]:
        answer = ask(site, role, f"{site.spectrum.id}/others?text={text}")
        return [file["id"] for file in answer.get_json()["files"]]

    assert offered("PI") == [own.id]
    assert offered("PI", "hd 497") == offered("PI", "other_tar") == [own.id]
    assert offered("PI", theirs.file_name) == offered("PI", "%") == []
    assert theirs.id in offered("staff", theirs.file_name)


def _copy(site: Site, name: str, **changes: object) -> File:
    row = {**site.spectrum.__data__, "file_name": name, "full_path": f"/nowhere/{name}", **changes}
    row.pop("id")
    return File.create(**row)


def test_the_arc_is_told_where_there_is_a_scale(site: Site) -> None:
    refused = ask(site, "PI", f"{site.spectrum.id}/arc")
    assert (refused.status_code, "keeps no wavelength solution" in refused.text) == (422, True)
    path = Path(site.spectrum.full_path)
    product = frame_io.read_product(path)
    product.header.update({"GSP_WRMS": 0.03, "GSP_LAMP": "Ne", "GSP_ARC1": "arc.fits"})
    product.arcs = np.ones((1, 50), np.float32)
    path.unlink()
    frame_io.write(Product(path.name, DataType.WAVELENGTH, product), path)
    told = ask(site, "PI", f"{site.spectrum.id}/arc").get_json()
    assert (told["facts"]["arcs"], told["facts"]["rms"]) == (["arc.fits"], 0.03)
    assert len(told["figure"]["data"]) == 3


def test_what_is_no_spectrum_or_no_request_is_refused(site: Site) -> None:
    for path in (f"{site.raw.id}", f"{site.raw.id}/others", f"{site.raw.id}/arc"):
        assert ask(site, "PI", path).status_code == 422, path
    for path in (f"{site.spectrum.id}?x=1", f"{site.spectrum.id}/arc?x=1", "features?x=1"):
        assert ask(site, "PI", path).status_code == 400, path
    assert ask(site, "PI", "99999999999").status_code == 404
    assert ask(site, "PI", f"{site.spectrum.id}/others?text={'x' * 300}").status_code == 422


def test_an_unreadable_spectrum_is_a_sentence(site: Site) -> None:
    File.update(full_path="/nowhere/gone.fits").where(File.id == site.spectrum.id).execute()
    answer = ask(site, "PI", str(site.spectrum.id))
    assert answer.status_code == 503
    assert "can't be read now" in answer.get_json()["error"]["message"]


def test_the_lines_that_can_be_marked_come_with_their_sources(site: Site) -> None:
    told = ask(site, "user", "features").get_json()
    assert [one["key"] for one in told["lists"]] == ["H", "He", "neb", "star", "ism", "sky"]
    assert all(one["source"] for one in told["lists"])
    assert ["Hα", 6562.81] in told["lists"][0]["lines"]
    assert told["telluric"]
