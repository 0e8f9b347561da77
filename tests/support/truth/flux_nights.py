"""Simulated standard stars and targets, from raw frames to wavelength-calibrated spectra."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.blocks.extract import ExtractSettings, extract
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.blocks.wavelength import WavelengthSettings, wavelength
from reduction.extraction.apertures import read_trace
from reduction.fits import frame_io
from reduction.frames import FrameKind, Product, Spectrum
from reduction.registry import BlockInputs, CalibrationRole
from reduction.simulation import NightPlan, SourceTruth, Truth, Weather, write_frame
from reduction.simulation.exposures import Frame, expose
from reduction.simulation.light import Exposure
from reduction.simulation.sources import STANDARD, Source
from tests.support.truth.nights import Mode, masters_of, quiet, reduce_frame

Floats = NDArray[np.float64]

START = dt.datetime(2026, 7, 6, 22, 0, tzinfo=dt.UTC)
"""Of the first exposure; at dark, four hours later, `STARS` are at airmasses of 1.1 and 1.6."""

STARS = ("EG 274", "LTT 7987")
NO_SLIT_LOSS = Weather(slit_loss=False)


@dataclass(frozen=True, eq=False)
class Observed:
    """A wavelength-calibrated spectrum, and what is true of it."""

    product: Product
    truth: Truth
    source: SourceTruth

    @property
    def spectrum(self) -> Spectrum:
        """The spectrum itself."""
        assert isinstance(self.product.data, Spectrum)
        return self.product.data

    @property
    def wavelength(self) -> Floats:
        """Its axis in air, Å."""
        assert self.spectrum.wavelength is not None
        return self.spectrum.wavelength

    def at(self, per_column: Floats) -> Floats:
        """Return a truth, given per column of the frame, at the wavelengths of the spectrum."""
        return np.interp(self.wavelength, self.truth.wavelength, per_column)

    @property
    def true_flux(self) -> Floats:
        """Flux above the atmosphere along the spectrum, erg/s/cm²/Å."""
        return self.at(self.source.flux)


def mode_of(setup: str, rows: int = 140) -> Mode:
    """Return a mode of few rows."""
    return Mode(setup, (2, 2), "Red", rows)


def night(
    mode: Mode,
    targets: Sequence[Source] = (),
    *,
    stars: tuple[str, ...] = STARS,
    weather: Weather = NO_SLIT_LOSS,
    start: dt.datetime = START,
    seed: int = 4,
    **choices: object,
) -> list[Observed]:
    """Observe and reduce standard stars, and targets between them.

    Parameters
    ----------
    mode : Mode
    targets : sequence of Source
        One per science frame.
    stars, weather, start, seed
        As in `NightPlan`; so are `choices`.

    Returns
    -------
    list of Observed
        In the order of exposure.
    """
    plan = mode.plan(
        seed, n_science=len(targets), standards=stars, weather=weather, start=start, **choices
    )
    wanted = list(targets)
    seen = []
    exposures = plan.exposures
    for number, exposure in enumerate(exposures):
        if exposure.facts.kind != "science":
            continue
        own = exposure.sources[0].kind == STANDARD
        taken = exposure if own else with_target(exposure, wanted.pop(0))
        seen.append(observe(mode, plan, taken, exposures[number + 1]))
    return seen


def with_target(exposure: Exposure, target: Source) -> Exposure:
    """Return an exposure of another target, blurred as its weather blurs."""
    assert exposure.weather is not None
    blurred = replace(target, seeing_power=exposure.weather.seeing_power)
    facts = replace(exposure.facts, object_name=target.name)
    return replace(exposure, facts=facts, sources=(blurred,))


def observe(mode: Mode, plan: NightPlan, exposure: Exposure, arc: Exposure) -> Observed:
    """Expose a science frame and its arc; reduce, extract and calibrate in wavelength."""
    raw, lamp = (expose(one, plan.optics, plan.detector(one.facts.kind)) for one in (exposure, arc))
    return calibrate(mode, raw, lamp)


def calibrate(mode: Mode, raw: Frame, lamp: Frame) -> Observed:
    """Reduce a science frame and its arc, extract its target and calibrate it in wavelength."""
    reduced = reduce_frame(mode, raw)
    spectra = extract(
        BlockInputs(
            frame=reduced.frame, file_name=reduced.product.file_name, kind=FrameKind.SPECTRUM
        ),
        ExtractSettings(),
        quiet,
    )
    source = raw.truth.sources[0]
    row = float(np.median(source.trace)) - reduced.origin[1]

    def distance(product: Product) -> float:
        assert isinstance(product.data, Spectrum)
        trace, _ = read_trace(product.data.header)
        return abs(float(trace(np.array([reduced.frame.shape[1] / 2]))[0]) - row)

    extracted = min(spectra, key=distance)
    assert isinstance(extracted.data, Spectrum)
    [product] = wavelength(
        BlockInputs(
            frame=extracted.data,
            file_name=extracted.file_name,
            kind=FrameKind.SPECTRUM,
            arc=_reduced_arc(mode, lamp),
            names={CalibrationRole.ARC: lamp.file_name},
        ),
        WavelengthSettings(),
        quiet,
    )
    return Observed(product, raw.truth, source)


def _reduced_arc(mode: Mode, raw: Frame) -> CCDData:
    bias, _ = masters_of(mode)
    assert isinstance(bias.data, CCDData)
    with tempfile.TemporaryDirectory() as folder:
        frame = frame_io.read_raw(write_frame(raw, Path(folder)))
    [product] = reduce(
        BlockInputs(
            frame=frame,
            file_name=raw.file_name,
            kind=FrameKind.ARC,
            master_bias=bias.data,
            names={CalibrationRole.MASTER_BIAS: bias.file_name},
        ),
        ReduceSettings(ignore_flats=True),
        quiet,
    )
    assert isinstance(product.data, CCDData)
    return product.data
