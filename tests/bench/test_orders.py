"""A simulated night with a useless arc in twenty orders of arrival: always the same products."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from db.models import Proposal, Run
from reduction.simulation import simulate_night
from services.monitoring import check
from tests.support.arrivals import shuffled_night
from tests.support.bench.table import row

pytestmark = [pytest.mark.bench, pytest.mark.usefixtures("site")]

ORDERS = 20
OWNER = "SOAR2026B-001"
SETTINGS = {"master_bias": {"minimum": 3}, "master_flat": {"minimum": 3}}
LATE = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The frames of a night; the lamp of the arc after the second target was off."""
    folder = tmp_path_factory.mktemp("night")
    frames = simulate_night(
        folder, seed=11, n_bias=3, n_flat=3, n_science=3, rows=200, proposal=OWNER
    )
    arcs = [path for path in frames if "COMP" in path.name]
    with fits.open(arcs[2]) as hdus:
        header, shape = hdus[0].header, hdus[0].data.shape
    dark = np.random.default_rng(5).normal(600, 3, shape).astype("uint16")
    fits.PrimaryHDU(dark, header).writeto(arcs[2], overwrite=True)
    return frames


@pytest.mark.timeout(1800)
def test_twenty_orders(night: list[Path], raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    replaced = 0
    for seed in range(ORDERS):
        shuffled_night.empty(raw)
        Proposal.create(soar_id=OWNER, settings=SETTINGS)
        frames = [Path(shutil.copy(path, raw / path.name)) for path in night]
        shuffled_night.arrive_in_any_order(frames, monkeypatch, seed, patience=LATE)
        replaced += Run.select().where(Run.replaces.is_null(False)).count()
        assert check.violations() == []
        found.append(shuffled_night.products())
    differing = [seed for seed, made in enumerate(found) if made != found[0]]
    spectra = [name for name in found[0] if "_ws_" in name]
    row(
        f"{ORDERS} orders of arrival, {len(found[0])} products",
        f"{len(differing)} differ ({replaced} replaced)",
        "0 differ",
        "–",
    )
    assert len(spectra) >= 3
    assert any("arc_not_used" in found[0][name][2] for name in spectra)
    assert not differing
