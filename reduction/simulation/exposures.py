"""One exposure: the expected electrons of each kind of frame, and the simulated frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.simulation import optics
from reduction.simulation.arcs import arc_lines, quartz
from reduction.simulation.cards import header
from reduction.simulation.cosmicrays import cosmic_rays
from reduction.simulation.detector import ADC_MAX, Detector, Raw
from reduction.simulation.light import Exposure, Light, fill_slit, fringes, slit_width, with_lines
from reduction.simulation.modes import Setup
from reduction.simulation.optics import OVERSAMPLING
from reduction.simulation.science import science
from reduction.simulation.truth import Truth

Floats = NDArray[np.float64]

FLAT_PEAK = 32000.0
"""Maximum of a quartz flat above the bias, ADU."""

ARC_PEAK = 1.25 * ADC_MAX
"""Peak of the brightest line of an arc, ADU: as in real arcs, one or two lines saturate."""

SCATTERED = 0.006
"""Scattered light in a flat, as a fraction of its mean."""

READ_TIME = 4.0
"""Time to read a frame, during which cosmic rays are collected, seconds."""


class Frame(NamedTuple):
    """A simulated raw frame; unpacks as (file_name, header, data, truth)."""

    file_name: str
    header: fits.Header
    data: Raw
    truth: Truth


def expose(exposure: Exposure, setup: Setup, detector: Detector) -> Frame:
    """Simulate an exposure; the same arguments give the same bits.

    Parameters
    ----------
    exposure : Exposure
    setup : Setup
    detector : Detector

    Returns
    -------
    Frame
        The data are (ny, nx) uint16, ADU.
    """
    facts = exposure.facts
    rng = np.random.default_rng(exposure.seed)
    light = None
    if facts.kind != "bias":
        light = _LIGHT[facts.kind](exposure, setup, detector)
    rays = cosmic_rays(detector, facts.exptime + READ_TIME / 2, rng)
    data = detector.read_out(None if light is None else light.electrons, rays, exposure.level, rng)
    truth = Truth(
        file_name=facts.file_name,
        kind=facts.kind,
        shape=detector.shape,
        binning=detector.binning,
        first_row=detector.first_row,
        gain=detector.camera.gain,
        rdnoise=detector.camera.rdnoise,
        bias_level=exposure.level,
        cosmic_index=rays[0],
        cosmic_electrons=rays[1],
        n_saturated=int(np.count_nonzero(data == ADC_MAX)),
        **({} if light is None else light.truth),  # type: ignore[arg-type]
    )
    return Frame(facts.file_name, header(facts, setup, detector), data, truth)


def _flat(exposure: Exposure, setup: Setup, detector: Detector) -> Light:
    wavelength = setup.wavelength(optics.grid() - exposure.flexure)
    (bx, by), gain = detector.binning, detector.camera.gain
    spectrum = FLAT_PEAK * gain / (bx * by) / OVERSAMPLING * quartz(setup, wavelength)
    light = fill_slit(spectrum, exposure, setup, detector)
    light.electrons *= fringes(light, detector)
    scattered = SCATTERED * float(light.electrons.mean())
    light.electrons += np.float32(scattered)
    light.truth["scattered"] = scattered
    return light


def _arc(exposure: Exposure, setup: Setup, detector: Detector) -> Light:
    lines = arc_lines(setup)
    kernel = optics.line_spread(slit_width(exposure.facts.slit))
    (bx, by), gain = detector.binning, detector.camera.gain
    peak = np.convolve(kernel, np.ones(bx * OVERSAMPLING)).max() * by
    scale = ARC_PEAK * gain / peak / lines.flux.max()
    column = setup.column(lines.wavelength) + exposure.flexure
    spectrum = optics.unblurred_lines(column, scale * lines.flux)
    spectrum += scale * lines.continuum / OVERSAMPLING
    light = fill_slit(optics.blur(spectrum, kernel), exposure, setup, detector)
    return with_lines(light, lines.wavelength, column, scale * lines.flux)


_LIGHT = {"flat": _flat, "arc": _arc, "science": science}
