"""How true the engine's products are, beside the goals and goodman-pipeline 3.1.0."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from reduction.errors import NoWavelengthSolution
from reduction.registry import BlockInputs
from reduction.simulation.sources import Source
from tests.support.bench.engine_night import run
from tests.support.bench.table import (
    WRONG_PX,
    peer_flux,
    peer_rms,
    peer_scale,
    peer_setups,
    published,
    row,
)
from tests.support.science import sharp_traces
from tests.support.truth import cosmic_rays
from tests.support.truth.accuracy import Accuracy, measure
from tests.support.truth.arcs import (
    LAMPS,
    MODES,
    Arc,
    CustomArc,
    accuracy,
    arc,
    custom_arcs,
    lamp_arc,
)
from tests.support.truth.library import left_out_one_by_one
from tests.support.truth.nights import Mode, science

pytestmark = pytest.mark.bench


def test_wavelengths() -> None:
    seen = []
    for seed, setup, lamp, binning, camera in MODES:
        one = arc(seed, setup, lamp, binning, camera=camera)
        seen.append(accuracy(one, one.solve()))
    median, worst = (float(np.max([getattr(one, k) for one in seen])) for k in ("median", "worst"))
    typical = float(np.median([one.median for one in seen]))
    ratio = [one.reported_over_true for one in seen]
    row(
        "wavelength error, median of arcs / largest median",
        f"{typical:.3f} / {median:.3f} px",
        "0.05 px",
        peer_scale("0.12–0.55 / 3.4 px"),
    )
    row("  worst of all columns", f"{worst:.3f} px", "0.3 px", "")
    row(
        "reported rms over the true one",
        f"{min(ratio):.2f}–{max(ratio):.2f}",
        "0.67–1.5",
        peer_rms("0.000 mostly"),
    )
    assert len(seen) == len(MODES)


def test_setups_without_a_solution() -> None:
    lamps = left_out_one_by_one()
    row(
        "library lamps, each without itself: none / wrong",
        _count(lamps.refused, lamps.wrong),
        f"0 / 0 of {lamps.n}",
        "–",
    )
    every = {" ".join(lamp): lamp_arc(number) for number, lamp in enumerate(LAMPS)}
    row(
        "every lamp of every setup: none / wrong",
        _failures(every.items(), "worst"),
        f"0 / 0 of {len(every)}",
        peer_setups("some (930_M2 HgArNe), custom all"),
    )
    custom = [(f"{one.setup.grating} {one.lamp}", one) for one in custom_arcs()]
    row(
        "custom angles between two modes: none / wrong",
        _failures(custom, "worst_between_lines"),
        f"few / 0 of {len(custom)}",
        "–",
    )
    assert lamps.n == 80


def _failures(arcs: Iterable[tuple[str, Arc | CustomArc]], miss: str) -> str:
    """Say how many named arcs find no solution, and how many one that is wrong by its `miss`."""
    none, wrong = [], []
    for name, one in arcs:
        try:
            seen = accuracy(one, one.solve())
        except NoWavelengthSolution:
            none.append(name)
            continue
        if getattr(seen, miss) > WRONG_PX:
            wrong.append(name)
    return _count(none, wrong)


def _count(none: list[str], wrong: list[str]) -> str:
    return f"{len(none)} / {len(wrong)}"


def test_cosmic_rays() -> None:
    mode = replace(Mode(), rows=800)
    seen = cosmic_rays.count(science(mode, seed, index) for seed in (1, 2, 3) for index in range(3))
    row(
        "cosmic rays > 5 sigma, 2x2: found",
        f"{seen.completeness:.3f}",
        "0.95",
        published("0.92 / 0.06–0.16"),
    )
    row("  of those marked, true", f"{seen.purity:.4f}", "0.995", published("0.996"))
    row(
        "  found on a source",
        f"{seen.completeness_on_source:.3f}",
        "0.85",
        published("0.60–0.78, dcr 0.06–0.16"),
    )
    row("  clean source pixels touched", f"{seen.eaten:.3%}", "0.1 %", "–")
    assert seen.marked > 1000
    for method in ("lacosmic", "dcr"):
        sharp = sharp_traces.Count()
        shapes = itertools.product((2.0, 2.3, 2.8, 3.5), (20.0, 60.0, 125.0, 300.0))
        for seed, (fwhm, snr) in enumerate(shapes):
            sharp.add(sharp_traces.Trace(fwhm, snr, 0.004, 1.0, 6, 4), method, seed)
        share = sharp.touched / sharp.clean
        row(f"  clean core of traces of 2.0–3.5 px, {method}", f"{share:.3%}", "0.1 %", "–")


def extracted(scene: tuple[Source, ...], kind: str) -> list[Accuracy]:
    """Expose, reduce and extract a scene with several seeds; compare with the truth."""
    seen: list[Accuracy] = []
    for seed in (1, 2, 3):
        reduced = science(Mode(), seed, 0, scene)
        inputs = BlockInputs(frame=reduced.frame, file_name=reduced.product.file_name)
        found = [
            measure(reduced, product) for product in run("extract", inputs, extraction_type=kind)
        ]
        seen += [one for one in found if one is not None]
    return seen


def test_extraction() -> None:
    bright, faint = Source("t", "star", 15.0, 20, 6.5), Source("t", "star", 19.3, 20, 6.5)
    second = Source("second", "star", 16.807, 55, 6.5)
    optimal = extracted((bright,), "optimal")
    plain = extracted((bright,), "fractional")
    dim = extracted((faint,), "optimal")
    pair = [
        one
        for one in extracted((Source("t", "star", 15.5, -15, 6.5), second), "optimal")
        if one.name == "second"
    ]

    def typical(values: list[float]) -> float:
        return float(np.mean(values))

    row(
        "flux of the source, optimal",
        f"{typical([o.flux for o in optimal]):.3f}",
        "1.00 ± 0.01",
        peer_flux("0.92"),
    )
    fractional = f"{typical([o.flux for o in plain]):.3f}"
    row("  fractional, over what its stated loss leaves", fractional, "1.00 ± 0.01", "–")
    row(
        "noise over the ideal extraction",
        f"{typical([o.noise for o in optimal]):.3f}",
        "1.03",
        published("1.04–1.10"),
    )
    row("  faint", f"{typical([o.noise for o in dim]):.3f}", "1.06", published("1.18–1.21"))
    row(
        "second source, 30 % flux, 70 px away",
        f"{typical([o.flux for o in pair]):.3f}",
        "0.97–1.03",
        published("0.63–0.80"),
    )
    row("pulls, standard deviation", f"{typical([o.pull for o in optimal]):.3f}", "0.9–1.1", "no σ")
    row("trace, worst", f"{max(o.trace for o in optimal):.3f} px", "0.2 px", published("1.0 px"))
    assert optimal
    assert plain
    assert dim
    assert pair
