"""Frames of two nights with standard stars give the same fluxes in any order of arrival."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest

from services.monitoring import check
from tests.support import builders
from tests.support.arrivals import shuffled_night
from tests.support.builders import write_frame

pytestmark = pytest.mark.usefixtures("site", "blocks")

ORDERS = range(3)
WIDE = "3.2_LONG_SLIT"


def at(minute: float, day: int) -> str:
    return (dt.datetime(2024, 3, 11, 3) + dt.timedelta(minutes=minute, days=day)).isoformat()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two nights with arcs, standard stars behind two slits, and science frames."""
    folder = tmp_path_factory.mktemp("nights")
    frames = []

    def add(kind: str, day: int, minute: float, level: int, **cards: str) -> None:
        name = f"{day}{minute:03.0f}_{kind}.fits"
        obstype = "COMP" if kind == "comp" else "OBJECT"
        cards["DATE_OBS"] = at(minute, day)
        frames.append(write_frame(folder / name, obstype, level=level, **cards))

    for day, more in ((0, 0), (3, 10_000)):
        for minute in (0, 100):
            add("comp", day, minute, 300)
        add("standard", day, 10, 5000 + more, OBJECT=builders.STANDARD)
        add("standard", day, 60, 9000 + more, OBJECT=builders.STANDARD, SLIT=WIDE)
        add("standard", day, 90, 6000 + more, OBJECT=builders.STANDARD)
        add("star", day, 20, 1000)
        add("star", day, 58, 1500, SLIT=WIDE)
        add("star", day, 70, 2000)
    # Of a night without a standard star, between the others.
    add("comp", 1, 0, 300)
    add("star", 1, 10, 1200)
    return frames


def test_every_order_gives_the_same_fluxes(
    nights: list[Path], raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "YOUNG_S", 0.0)
    expected: dict[str, tuple[Any, ...]] = {}
    for seed in ORDERS:
        shuffled_night.empty(raw)
        frames = [Path(shutil.copy(path, raw / path.name)) for path in nights]
        hour = dt.timedelta(hours=1)
        shuffled_night.arrive_in_any_order(frames, monkeypatch, seed, patience=hour)
        assert check.violations() == []
        found = shuffled_night.products()
        expected = expected or found
        assert found == expected, f"order {seed}"
    used = {
        name[5:9]: [one[1] for one in made[1] if one[0] == "sensitivity"]
        for name, made in expected.items()
        if name.startswith("x") and "star_" in name
    }
    assert used == {
        "0020": ["sensitivity_5.fits"],
        "0058": ["sensitivity_9.fits"],
        "0070": ["sensitivity_6.fits"],
        "1010": ["sensitivity_6.fits"],  # the nearer night
        "3020": ["sensitivity_15.fits"],
        "3058": ["sensitivity_19.fits"],
        "3070": ["sensitivity_16.fits"],
    }
    assert [one[1] for one in expected["sensitivity_15.fits"][1] if one[0] == "site_library"] == [
        "sensitivity_5.fits",
        "sensitivity_6.fits",
    ]
