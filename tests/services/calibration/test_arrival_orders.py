"""The same frames give the same products, in whatever order they come and runs are executed."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from db.models import Proposal
from services.monitoring import check
from tests.support.arrivals import shuffled_night
from tests.support.builders import write_frame

pytestmark = pytest.mark.usefixtures("site", "blocks")

ORDERS = range(8)


def at(minute: float) -> str:
    return (dt.datetime(2024, 3, 11, 3) + dt.timedelta(minutes=minute)).isoformat()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Biases, arcs before, between and after, of which some are useless, and science frames."""
    folder = tmp_path_factory.mktemp("night")
    frames = [write_frame(folder / f"{i:04d}_bias.fits", "BIAS", DATE_OBS=at(i)) for i in (1, 2, 3)]
    for number, minute, level in (
        (10, 10, 3000),
        (13, 33, 100),  # dark
        (14, 36, 2000),
        (17, 60, 65000),  # cannot be reduced
        (18, 61, 100),
        (20, 90, 4000),
    ):
        name = f"{number:04d}_comp.fits"
        frames.append(write_frame(folder / name, "COMP", level=level, DATE_OBS=at(minute)))
    other = {"CAM_TARG": 11.6, "GRT_TARG": 5.8}
    frames.append(write_frame(folder / "0016_comp.fits", "COMP", DATE_OBS=at(47), **other))
    for number, minute, level in (
        (11, 20, 1000),
        (12, 30, 400),  # faint: needs the trace of another
        (15, 45, 1500),
        (19, 80, 1200),
        (21, 100, 450),
    ):
        name = f"{number:04d}_star.fits"
        frames.append(write_frame(folder / name, level=level, DATE_OBS=at(minute)))
    return frames


def outcome(
    night: list[Path], raw: Path, seed: int, monkeypatch: pytest.MonkeyPatch, *, patience: int = 60
) -> None:
    shuffled_night.empty(raw)
    frames = [Path(shutil.copy(path, raw / path.name)) for path in night]
    minutes = dt.timedelta(minutes=patience)
    shuffled_night.arrive_in_any_order(frames, monkeypatch, seed, patience=minutes)
    assert check.violations() == []


def test_every_order_gives_the_same_products(
    night: list[Path], raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome(night, raw, ORDERS[0], monkeypatch)
    expected = shuffled_night.products()
    spectra = {name: made for name, made in expected.items() if "_ws_" in name}
    assert len(spectra) == 5
    between = spectra["w_er0015_star_ws_1.fits"]
    assert between[1] == [
        ("arc", "r0014_comp.fits", False),
        ("second_arc", "0017_comp.fits", True),
        ("second_arc", "r0018_comp.fits", True),
        ("second_arc", "r0020_comp.fits", False),
    ]
    assert between[2] == ["arc_not_used", "arc_not_used"]
    borrowed = expected["er0012_star_target_1.fits"]
    assert ("trace", "er0011_star_target_1.fits", False) in borrowed[1]
    for seed in ORDERS[1:]:
        outcome(night, raw, seed, monkeypatch)
        assert shuffled_night.products() == expected, f"order {seed}"


def test_frames_that_do_not_wait_for_masters_have_the_same_newest_versions(
    night: list[Path], raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for seed in (3, 4):
        shuffled_night.empty(raw)
        Proposal.create(soar_id="SOAR2024A-001", settings={"general": {"redo_stale": True}})
        frames = [Path(shutil.copy(path, raw / path.name)) for path in night]
        shuffled_night.arrive_in_any_order(frames, monkeypatch, seed, patience=dt.timedelta(0))
        found.append(shuffled_night.products(versions=False))
    assert found[1] == found[0]
