"""Positions as observers write them, and what lies within a cone."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from db.models import File
from services.errors import Unacceptable
from services.search import sky
from tests.support import builders


@pytest.mark.parametrize(
    "text", ["13:23:35.26", "13 23 35.26", "13h23m35.26s", "13H 23M 35.26S", " 200.8969166667 "]
)
def test_right_ascensions(text: str) -> None:
    assert sky.right_ascension(text) == pytest.approx(200.8969166667)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("-54:36:19.5", -54.60541666667),
        ("-54d36m19.5s", -54.60541666667),
        ("−54°36'19.5\"", -54.60541666667),
        ("-00:30:00", -0.5),
        ("+36:07", 36.11666666667),
        ("-54.5", -54.5),
    ],
)
def test_declinations(text: str, degrees: float) -> None:
    assert sky.declination(text) == pytest.approx(degrees)


@pytest.mark.parametrize(("text", "arcsec"), [("5", 300), ("5'", 300), ('30"', 30), ("1.5d", 5400)])
def test_radii(text: str, arcsec: float) -> None:
    assert sky.radius(text) * 3600 == pytest.approx(arcsec)


@given(st.text(max_size=20))
def test_what_is_no_position_is_a_sentence(text: str) -> None:
    for read, field in (
        (sky.right_ascension, "ra"),
        (sky.declination, "dec"),
        (sky.radius, "radius"),
    ):
        try:
            value = read(text)
        except Unacceptable as error:
            assert error.field == field
            assert repr(text) in str(error)
        else:
            assert -90 <= value < 360


@pytest.mark.parametrize("text", ["25:00:00", "361", "-1", "12:60:00x", "", "nan", "1e9"])
def test_no_right_ascension(text: str) -> None:
    with pytest.raises(Unacceptable):
        sky.right_ascension(text)


@pytest.mark.parametrize(
    ("ra", "dec", "reach"),
    [
        (200.0, -54.0, 0.5),
        (0.1, -10.0, 1.0),
        (359.9, 30.0, 1.0),
        (120.0, -89.5, 2.0),
        (80.0, 0.0, 40.0),
    ],
)
def test_a_cone_holds_what_astropy_puts_in_it(
    database: Database, ra: float, dec: float, reach: float
) -> None:
    rng = np.random.default_rng(7)
    around = 3 * reach
    decs = np.clip(dec + rng.uniform(-around, around, 80), -90, 90)
    wide = min(180.0, around / max(0.01, float(np.cos(np.radians(dec)))))
    ras = (ra + rng.uniform(-wide, wide, 80)) % 360
    with database.atomic():
        for i, (a, d) in enumerate(zip(ras, decs, strict=True)):
            builders.row(f"{i}.fits", ra_deg=float(a), dec_deg=float(d))
        builders.row("nowhere.fits", ra_deg=None, dec_deg=None)
    cone = sky.Cone(ra, dec, reach)
    asked = File.select(File.file_name).where(cone.condition())
    found = {name for (name,) in asked.tuples()}
    apart = SkyCoord(ra, dec, unit=u.deg).separation(SkyCoord(ras, decs, unit=u.deg)).deg
    assert found == {f"{i}.fits" for i in np.flatnonzero(apart <= reach)}
    assert found
    held = cone.holds(np.append(ras, np.nan), np.append(decs, np.nan))
    assert np.array_equal(held, np.append(apart <= reach, False))
