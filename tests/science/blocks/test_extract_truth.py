"""Extracted spectra against the truth of simulated frames: the accuracy that is promised."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from reduction.blocks.extract import ExtractSettings, extract
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.truth.accuracy import Accuracy, measure
from tests.support.truth.nights import Mode, quiet, science

MODES = (
    Mode("400_M2", (2, 2), "Red"),
    Mode("400_M1", (2, 2), "Blue"),
    Mode("930_M2", (1, 1), "Red", rows=260),
    Mode("1200_M5", (1, 2), "Blue", rows=200),
)
SEEING = 6.5


def star(magnitude: float, offset: float, name: str = "target", kind: str = "star") -> Source:
    return Source(name, kind, magnitude, offset, SEEING)


SCENES = {
    "bright": (star(15.0, 20),),
    "faint": (star(19.3, 20),),
    "very faint": (star(20.6, 20),),
    "second": (star(15.5, -15), star(15.5 + 1.307, 55, "second")),  # 30 % of the flux, 70 px away
    "overlapping": (star(15.5, -5), star(16.5, 13, "second", "white dwarf")),
    "galaxy": (Source("target", "galaxy", 16.5, 10, 1.5 * SEEING, 2.5, 0.02),),
}


@lru_cache(maxsize=64)
def measured(mode: Mode, scene: str, seed: int, kind: str) -> dict[str, Accuracy]:
    """Expose, reduce and extract a scene; return what each source came out as."""
    reduced = frame_of(mode, scene, seed)
    products = extract(
        BlockInputs(frame=reduced.frame, file_name=reduced.product.file_name),
        ExtractSettings(extraction_type=kind),  # type: ignore[arg-type]
        quiet,
    )
    found = [measure(reduced, product) for product in products]
    assert len(found) == len(SCENES[scene])
    assert all(one is not None for one in found), "a source that is not there"
    return {one.name: one for one in found if one is not None}


@lru_cache(maxsize=64)
def frame_of(mode: Mode, scene: str, seed: int):
    return science(mode, seed, 0, SCENES[scene])


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


@pytest.mark.parametrize("mode", MODES, ids=lambda m: f"{m.setup}-{m.camera}")
@pytest.mark.parametrize("scene", ["bright", "galaxy", "second"])
def test_optimal_flux_is_all_of_the_light_and_the_sum_what_it_states(
    mode: Mode, scene: str
) -> None:
    for kind in ("optimal", "fractional"):
        for one in measured(mode, scene, 21, kind).values():
            # The sum is compared with the truth less the loss that it states.
            assert one.flux == pytest.approx(1, abs=0.01)
            assert one.stated_loss == pytest.approx(
                one.true_loss if kind == "fractional" else 0, abs=0.012
            )
            assert 0.9 < one.pull < 1.1
            assert one.trace < 0.2
            assert abs(one.fwhm) < 0.1
            assert one.used > 0.97


@pytest.mark.parametrize("mode", MODES[:2], ids=lambda m: f"{m.setup}-{m.camera}")
def test_optimal_noise_is_near_what_no_extraction_can_beat(mode: Mode) -> None:
    bright = [measured(mode, "bright", seed, "optimal")["target"] for seed in (21, 22, 23)]
    faint = [measured(mode, "faint", seed, "optimal")["target"] for seed in (21, 22, 23)]
    assert rms([one.noise for one in bright]) < 1.03
    assert rms([one.noise for one in faint]) < 1.06
    assert 4 < np.mean([one.signal_to_noise for one in faint]) < 15
    for one in faint:
        assert one.flux == pytest.approx(1, abs=0.02)
        assert 0.9 < one.pull < 1.1
        assert one.trace < 0.2


def test_below_a_signal_to_noise_of_five_the_background_adds_little() -> None:
    seen = [
        measured(mode, "very faint", seed, "optimal")["target"]
        for mode in MODES[:2]
        for seed in (21, 22, 23)
    ]
    assert 3 < np.mean([one.signal_to_noise for one in seen]) < 5
    assert rms([one.noise for one in seen]) < 1.05


@pytest.mark.parametrize("mode", MODES, ids=lambda m: f"{m.setup}-{m.camera}")
@pytest.mark.parametrize("kind", ["optimal", "fractional"])
def test_a_second_source_keeps_its_flux(mode: Mode, kind: str) -> None:
    assert 0.97 < measured(mode, "second", 21, kind)["second"].flux < 1.03


@pytest.mark.parametrize("mode", MODES[:2], ids=lambda m: f"{m.setup}-{m.camera}")
@pytest.mark.parametrize("kind", ["optimal", "fractional"])
def test_overlapping_sources_are_told_apart(mode: Mode, kind: str) -> None:
    for one in measured(mode, "overlapping", 21, kind).values():
        assert one.flux == pytest.approx(1, abs=0.02)
        assert 0.9 < one.pull < 1.1
        assert one.trace < 0.2
        assert abs(one.fwhm) < 0.15


def test_the_profile_of_a_night_as_planned_is_found() -> None:
    mode = MODES[0]
    for index in range(3):
        reduced = science(mode, 31, index)
        products = extract(
            BlockInputs(frame=reduced.frame, file_name="x.fits"),
            ExtractSettings(extraction_type="optimal"),
            quiet,
        )
        assert len(products) == len(reduced.truth.sources)
        for product in products:
            one = measure(reduced, product)
            assert one is not None
            assert one.flux == pytest.approx(1, abs=0.01)
            assert abs(one.fwhm) < 0.05
