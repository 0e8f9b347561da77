"""A night of 2014 with a slit of 3.0 arcsec and arcs through 0.46 arcsec, through the archive."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.io import fits

from db.models import File, ZeroPoint
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.slits import Source
from services import context
from services.context import Context, Site
from services.files import ingest, ingredients
from services.files.ingredients import Role
from services.monitoring import check
from tests.support import builders
from tests.support.paths import SHARED_DATA

NIGHT = SHARED_DATA / "soar-blue-2014-12-18"
ARCS = ("0010.Fe_ZZCeti_930_blue_long", "0010.Fe_ZZCeti_930_red_long")
WHITE_DWARF = ("0202.WD0507p045A_930_blue", "0203.WD0507p045A_930_blue")
STANDARD = ("0219.LTT3218_930_blue", "0220.LTT3218_930_blue")
PROPOSAL = "SOAR2014B-020"
STANDARD_RED = ("0223.LTT3218_930_red", "0224.LTT3218_930_red")

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.skipif(
        not NIGHT.is_dir(), reason="the real night of 2014-12-18 is not on this machine"
    ),
]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder, home = tmp_path / "raw", tmp_path / "home"
    folder.mkdir()
    context.bind(Context(Site(home, home / "products", home / "previews", (folder,))))
    owner = builders.proposal(PROPOSAL)
    owner.settings = {"reduce": {"ignore_bias": True, "ignore_flats": True}}
    owner.save()
    return folder


def arrive(folder: Path, *names: str) -> None:
    """Index frames of the night, with the camera named as later headers do, and do what is due."""
    for name in names:
        path = folder / f"{name}.fits"
        with fits.open(NIGHT / f"{name}.fits.gz") as hdus:
            hdus[0].header["INSTCONF"] = "Blue"
            hdus[0].header["PROPID"] = PROPOSAL
            hdus.writeto(path, output_verify="silentfix")
        assert ingest.ingest(path).outcome == "indexed"
    builders.drain()


def calibrated(*names: str) -> list[File]:
    products = File.select().where(File.data_type == DataType.WAVELENGTH).order_by(File.id)
    return [one for one in products if any(name in one.file_name for name in names)]


def sources(files: list[File]) -> set[str]:
    return {str(file.quality["zero_point"]) for file in files}


def test_a_faint_sky_has_its_zero_point_from_the_others_of_the_night(raw: Path) -> None:
    # The newest are calibrated first: the standard before those that tell its zero point.
    arrive(raw, *ARCS, *WHITE_DWARF, *STANDARD_RED, *STANDARD)
    measured = calibrated(*WHITE_DWARF, *STANDARD_RED)
    assert len(measured) == 6  # two stars in each frame of the white dwarf
    assert sources(measured) == {Source.SKY}
    for name in STANDARD:
        newest = calibrated(name)[-1]
        assert newest.quality["zero_point"] == Source.SIBLING
        used = {one.input_id for one in ingredients.of(newest) if one.role == Role.ZERO_POINT}
        assert used == {one.id for one in measured}
        assert newest.quality["zero_point_error_angstrom"] < 0.8
        assert ZeroPoint.get(ZeroPoint.file == newest).offset is None
    assert check.violations() == []


def test_alone_it_is_uncertain_until_others_come(raw: Path) -> None:
    arrive(raw, ARCS[0], STANDARD[0])
    (alone,) = calibrated(STANDARD[0])
    assert alone.quality["zero_point"] == Source.UNCERTAIN
    assert NoticeCode.ZERO_POINT_UNCERTAIN.value in {one["code"] for one in alone.notices}
    arrive(raw, WHITE_DWARF[0])
    assert sources(calibrated(WHITE_DWARF[0])) == {Source.SKY}
    (newest,) = calibrated(STANDARD[0])
    assert newest.id == alone.id, "replaced in place"
    assert newest.quality["zero_point"] == Source.SIBLING
    assert builders.drain() == []


def test_whatever_the_order_of_arrival_the_result_is_the_same(raw: Path, tmp_path: Path) -> None:
    arrive(raw, ARCS[0])
    for name in (STANDARD[0], WHITE_DWARF[1], STANDARD[1], WHITE_DWARF[0]):
        arrive(raw, name)
    step_by_step = [calibrated(name)[-1] for name in STANDARD]
    offsets = [fits.getheader(file.full_path)["GSP_ZOFF"] for file in step_by_step]
    used = [
        {one.input_id for one in ingredients.of(file) if one.role == Role.ZERO_POINT}
        for file in step_by_step
    ]
    assert used[0] == used[1] == {one.id for one in calibrated(*WHITE_DWARF)}
    assert offsets[0] == pytest.approx(offsets[1], abs=0.02)
