"""A file as it is shown first: facts and numbers in one answer, and nothing of another's."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from db.models import File
from tests.support.web.goodman_files import prepare_image
from tests.support.web_site import Site, add_run, add_spectrum

STAGE = "w=400&h=60"


def ask(site: Site, role: str, file_id: int, query: str = STAGE, **more: Any) -> Any:
    return site.sign_in(role).get(f"/show/{file_id}?{query}", **more)


def opened(answer: Any) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", answer.data[:8])
    assert length % 8 == 0
    return json.loads(answer.data[8 : 8 + length]), answer.data[8 + length :]


def pixels(answer: Any) -> np.ndarray:
    told, body = opened(answer)
    _, offset, scale, _ = told["view"]["codec"]
    rows, columns = told["view"]["shape"]
    numbers = np.frombuffer(body[: 2 * rows * columns], "<u2").reshape(rows, columns)
    return offset + scale * (numbers.astype(float) - 1)


def test_an_image_comes_with_what_it_is_drawn_by(site: Site) -> None:
    prepare_image(site.raw)
    answer = ask(site, "PI", site.raw.id)
    facts = opened(answer)[0]["facts"]
    assert (facts["kind"], facts["id"], facts["unit"]) == ("image", site.raw.id, "ADU")
    assert facts["checksum"] == site.raw.checksum[:16]
    assert facts["heading"][-1] == site.own.soar_id
    assert facts["figure"]["layout"]["uirevision"] == facts["uirevision"]
    assert np.array_equal(pixels(answer), np.arange(240).reshape(6, 40))


def test_a_zoom_is_kept_for_images_of_its_shape_only(site: Site) -> None:
    prepare_image(site.raw)
    File.update(n_x=40, n_y=6).where(File.id == site.raw.id).execute()
    zoom = STAGE + "&x0=10.4&x1=20.2&y0=-5&y1=3&like="
    for like, box in (("image 40x6", [10, 21, 0, 3]), ("image 9x9", [0, 40, 0, 6])):
        told, _ = opened(ask(site, "PI", site.raw.id, zoom + like))
        assert told["view"]["box"] == box
    whole = opened(ask(site, "PI", site.raw.id, STAGE + "&like=image 40x6&x0=3"))[0]
    assert whole["view"]["box"] == [0, 40, 0, 6]


def test_a_spectrum_comes_as_its_own_address_gives_it(site: Site) -> None:
    told, body = opened(ask(site, "PI", site.spectrum.id))
    alone = site.sign_in("PI").get(f"/spectrum/{site.spectrum.id}")
    assert body == alone.data
    assert told["spectrum"] == json.loads(alone.headers["X-Spectrum"])
    assert told["facts"]["kind"] == "spectrum"


def test_it_is_asked_for_each_time_and_sent_once(site: Site) -> None:
    first = ask(site, "PI", site.spectrum.id)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in first.headers["Vary"]
    known = {"If-None-Match": first.headers["ETag"]}
    again = ask(site, "PI", site.spectrum.id, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    File.update(object="another name").where(File.id == site.spectrum.id).execute()
    assert ask(site, "PI", site.spectrum.id, headers=known).status_code == 200
    # knowing what it was does not let anybody in
    assert ask(site, "user", site.spectrum.id, headers=known).status_code == 404


def test_a_foreign_file_does_not_exist(site: Site) -> None:
    prepare_image(site.secret)
    spectrum = add_spectrum(site.config, site.secret, add_run(site.secret))
    for theirs in (site.secret.id, spectrum.id):
        missing = ask(site, "PI", theirs + 100_000)
        for role in ("user", "collaborator", "PI"):
            answer = ask(site, role, theirs)
            assert (answer.status_code, answer.data) == (404, missing.data)
        assert ask(site, "staff", theirs).status_code == 200
        assert site.client().get(f"/show/{theirs}?{STAGE}").status_code == 401


@pytest.mark.parametrize("query", ["", "w=0&h=9", STAGE + "&x0=nan", STAGE + "&z=1", "w=9&w=9&h=9"])
def test_a_stage_without_sense_is_refused_by_name(site: Site, query: str) -> None:
    answer = ask(site, "PI", site.raw.id, query)
    assert answer.status_code in (400, 422)
    assert answer.get_json()["error"]["field"]
