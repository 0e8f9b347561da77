"""Spectra whose arcs were taken through another slit, extracted, with their true scale."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy.nddata import CCDData

from reduction.blocks.extract import ExtractSettings, extract
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.blocks.wavelength import WavelengthSettings, wavelength
from reduction.detector import geometry
from reduction.fits import frame_io, vocabulary
from reduction.frames import FrameKind, Product, Spectrum
from reduction.registry import BlockInputs, CalibrationRole
from reduction.simulation import NightPlan, Truth, write_frame
from reduction.simulation.exposures import Frame, expose
from reduction.slits import ZeroPointEvidence


def quiet(_step: str, _fraction: float) -> None:
    """Report nothing."""


@dataclass(frozen=True, eq=False)
class Observation:
    """An extracted spectrum with its frames, and the truth."""

    spectrum: Spectrum
    file_name: str
    frame: CCDData
    arc: CCDData
    truth: Truth

    def calibrate(
        self, *evidence: ZeroPointEvidence, whole_slit: bool = True, **settings: Any
    ) -> Product:
        """Calibrate the spectrum with its arc."""
        inputs = BlockInputs(
            frame=self.spectrum,
            file_name=self.file_name,
            kind=FrameKind.SPECTRUM,
            arc=self.arc,
            names={CalibrationRole.ARC: "arc.fits"},
            slit_frames=(lambda _arc: (self.frame, self.arc)) if whole_slit else None,
            zero_points=evidence,
        )
        (product,) = wavelength(inputs, WavelengthSettings(**settings), quiet)
        return product

    def miss(self, product: Product) -> float:
        """Return the median error of the wavelengths of a product, Å."""
        header = product.data.header
        terms = [
            header[f"{vocabulary.GSP_C}{i:03d}"] for i in range(header[vocabulary.GSP_ORDR] + 1)
        ]
        pixel = np.arange(self.spectrum.flux.size, dtype=float)
        ours = np.polynomial.Chebyshev(terms, domain=[-1, 1])(pixel)
        column = np.asarray(geometry.to_physical(self.spectrum.header, 1, pixel), dtype=float)
        row = float(np.mean(self.truth.sources[0].trace))  # the brightest source of every plan
        tilt = np.interp(row, np.arange(self.truth.row_shift.size), self.truth.row_shift)
        true = np.interp(
            column - tilt, np.arange(self.truth.wavelength.size), self.truth.wavelength
        )
        return float(np.median(ours - true))


@lru_cache(maxsize=8)
def observe(setup: str, *, arc_slit: str, **choices: Any) -> Observation:
    """Simulate, reduce and extract the brightest target of a frame, and reduce the arc after it."""
    plan = NightPlan(
        choices.pop("seed", 5),
        setup,
        n_bias=0,
        n_flat=0,
        n_science=1,
        rows=choices.pop("rows", 240),
        arc_slit=arc_slit,
        **choices,
    )
    taken = {one.facts.kind: one for one in plan.exposures}
    raw = {kind: expose(one, plan.optics, plan.detector(kind)) for kind, one in taken.items()}
    frame, arc = (reduced(raw[kind], kind) for kind in ("science", "arc"))
    name = f"cfzst_{raw['science'].file_name}"
    spectra = extract(
        BlockInputs(frame=frame, file_name=name, kind=FrameKind.SPECTRUM), ExtractSettings(), quiet
    )
    best = max(spectra, key=lambda one: float(one.quality["median_snr"]))  # type: ignore[arg-type]
    assert isinstance(best.data, Spectrum)
    return Observation(best.data, best.file_name, frame, arc, raw["science"].truth)


def reduced(raw: Frame, kind: str) -> CCDData:
    """Reduce a simulated frame without masters."""
    with tempfile.TemporaryDirectory() as folder:
        frame = frame_io.read_raw(write_frame(raw, Path(folder)))
    wanted = FrameKind.ARC if kind == "arc" else FrameKind.SPECTRUM
    (product,) = reduce(
        BlockInputs(frame=frame, file_name=raw.file_name, kind=wanted),
        ReduceSettings(ignore_bias=True, ignore_flats=True),
        quiet,
    )
    assert isinstance(product.data, CCDData)
    return product.data
