"""Simulated frames with their truth, reduced: what the accuracy of the later steps is measured on.

Calibrations are made once per instrument mode and kept; science frames are exposed one by one, with
the sources a measurement asks for.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import geometry
from reduction.fits import frame_io, vocabulary
from reduction.frames import Product
from reduction.registry import BlockInputs, CalibrationRole
from reduction.simulation import NightPlan, Truth, frames, write_frame
from reduction.simulation.exposures import Frame, expose
from reduction.simulation.sources import Source

N_MEMBERS = 12
"""Biases and flats that the masters of a mode are made of."""


def quiet(_step: str, _fraction: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Mode:
    """A way the instrument is used; hashable, so that its masters can be kept."""

    setup: str = "400_M2"
    binning: tuple[int, int] = (2, 2)
    camera: str = "Red"
    rows: int | None = 400
    seed: int = 1

    def plan(self, seed: int, **choices: object) -> NightPlan:
        """Return the plan of a night in this mode."""
        chosen: dict[str, object] = {"n_bias": 0, "n_flat": 0, "n_science": 3, **choices}
        return NightPlan(
            seed,
            self.setup,
            self.binning,
            self.camera,
            rows=self.rows,
            **chosen,  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class Reduced:
    """A reduced science frame, and what is true of it.

    Parameters
    ----------
    product : Product
        Of the block `reduce`.
    truth : Truth
        Of the raw frame.
    origin : (int, int)
        Raw column and row (binned, 0-based) of the reduced frame's first pixel.
    """

    product: Product
    truth: Truth
    origin: tuple[int, int]

    @property
    def frame(self) -> CCDData:
        """The reduced frame itself."""
        assert isinstance(self.product.data, CCDData)
        return self.product.data

    @property
    def throughput(self) -> NDArray[np.float64]:
        """Share of the light that each row of the slit passes, against the typical row.

        A flat normalised by the median spectrum of its rows can't know more: its reference is the
        typical row of the slit, not the open sky.
        """
        first = self.origin[1]
        rows = self.truth.illumination[first : first + self.frame.shape[0]]
        return rows / float(np.median(rows))

    @property
    def typical_throughput(self) -> float:
        """Share of the light that the typical row of the slit passes."""
        first = self.origin[1]
        return float(np.median(self.truth.illumination[first : first + self.frame.shape[0]]))


@lru_cache(maxsize=8)
def masters_of(mode: Mode) -> tuple[Product, Product]:
    """Return master bias and master flat of a mode."""
    plan = mode.plan(mode.seed, n_bias=N_MEMBERS, n_flat=N_MEMBERS, n_science=0)
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, list[Path]] = {"bias": [], "flat": []}
        for frame in frames(plan):
            paths[frame.truth.kind].append(write_frame(frame, Path(folder)))
        [bias] = master_bias(
            BlockInputs(members=tuple(paths["bias"])), MasterBiasSettings(minimum=2), quiet
        )
        assert isinstance(bias.data, CCDData)
        [flat] = master_flat(
            BlockInputs(
                members=tuple(paths["flat"]),
                master_bias=bias.data,
                names={CalibrationRole.MASTER_BIAS: bias.file_name},
            ),
            MasterFlatSettings(minimum=2),
            quiet,
        )
    return bias, flat


def expose_science(
    mode: Mode, seed: int, index: int = 0, sources: tuple[Source, ...] | None = None
) -> Frame:
    """Expose a science frame; `sources` replace those that the plan points at."""
    plan = mode.plan(seed, n_science=index + 1)
    chosen = [one for one in plan.exposures if one.facts.kind == "science"][index]
    if sources is not None:
        chosen = replace(chosen, sources=sources)
    return expose(chosen, plan.optics, plan.detector("science"))


def reduce_frame(mode: Mode, raw: Frame) -> Reduced:
    """Reduce a simulated frame with the masters of its mode."""
    bias, flat = masters_of(mode)
    assert isinstance(bias.data, CCDData)
    assert isinstance(flat.data, CCDData)
    with tempfile.TemporaryDirectory() as folder:
        frame = frame_io.read_raw(write_frame(raw, Path(folder)))
    [product] = reduce(
        BlockInputs(
            frame=frame,
            file_name=raw.file_name,
            master_bias=bias.data,
            master_flat=flat.data,
            names={
                CalibrationRole.MASTER_BIAS: bias.file_name,
                CalibrationRole.MASTER_FLAT: flat.file_name,
            },
        ),
        ReduceSettings(),
        quiet,
    )
    assert isinstance(product.data, CCDData)
    origin = [0, 0]
    for keyword in (vocabulary.GSP_TRIM, vocabulary.GSP_SLIT):
        if product.data.meta[keyword] != "none":
            section = geometry.parse_section(product.data.meta[keyword])
            assert section is not None
            origin = [origin[0] + section.x0, origin[1] + section.y0]
    return Reduced(product, raw.truth, (origin[0], origin[1]))


def science(
    mode: Mode, seed: int, index: int = 0, sources: tuple[Source, ...] | None = None
) -> Reduced:
    """Expose and reduce a science frame of a mode."""
    return reduce_frame(mode, expose_science(mode, seed, index, sources))
