"""The extraction rows of the accuracy table, measured: what `make bench` prints."""

from __future__ import annotations

import numpy as np

from reduction.blocks.extract import ExtractSettings, extract
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.truth.accuracy import Accuracy, measure
from tests.support.truth.nights import Mode, Reduced, quiet, science

MODES = (Mode("400_M2", (2, 2), "Red"), Mode("400_M1", (2, 2), "Blue"))
SEEING = 6.5
BRIGHT = (Source("target", "star", 15.0, 20, SEEING),)
FAINT = (Source("target", "star", 19.3, 20, SEEING),)
SECOND = (
    Source("target", "star", 15.5, -15, SEEING),
    Source("second", "star", 15.5 + 1.307, 55, SEEING),  # 30 % of the flux, 70 px away
)


def extracted(reduced: Reduced, kind: str) -> list[Accuracy]:
    """Extract a frame; return how far each source's spectrum is from the truth."""
    products = extract(
        BlockInputs(frame=reduced.frame, file_name=reduced.product.file_name),
        ExtractSettings(extraction_type=kind),  # type: ignore[arg-type]
        quiet,
    )
    found = (measure(reduced, product) for product in products)
    return [one for one in found if one is not None]


def rows(seeds: tuple[int, ...] = (21, 22)) -> dict[str, float]:
    """Measure every row on several nights of two modes.

    Returns
    -------
    dict
        ``flux, optimal`` and ``flux, sum over stated``: the ratio to truth farthest from 1;
        ``noise, bright`` and ``noise, faint``: over the ideal, rms of the nights;
        ``second source``: the ratio to truth farthest from 1; ``pulls``: the standard deviation
        farthest from 1; ``trace, worst``: rows.
    """
    scenes = {
        name: [science(mode, seed, 0, scene) for mode in MODES for seed in seeds]
        for name, scene in (("bright", BRIGHT), ("faint", FAINT), ("second", SECOND))
    }
    best = {n: [a for f in s for a in extracted(f, "optimal")] for n, s in scenes.items()}
    plain = [
        a for name in ("bright", "second") for f in scenes[name] for a in extracted(f, "fractional")
    ]
    every = [one for group in best.values() for one in group]
    clear = best["bright"] + best["second"]
    return {
        "flux, optimal": _farthest([one.flux for one in clear]),
        "flux, sum over stated": _farthest([one.flux for one in plain]),
        "noise, bright": _rms([one.noise for one in best["bright"]]),
        "noise, faint": _rms([one.noise for one in best["faint"]]),
        "second source": _farthest([a.flux for a in best["second"] if a.name == "second"]),
        "pulls": _farthest([one.pull for one in every + plain]),
        "trace, worst": max(one.trace for one in every),
    }


def _farthest(values: list[float]) -> float:
    return max(values, key=lambda value: abs(value - 1))


def _rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
