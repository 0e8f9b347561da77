"""One exposure: the expected electrons of each kind of frame, and the simulated frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.simulation import optics
from reduction.simulation.arcs import arc_lines, quartz
from reduction.simulation.cards import Facts, header
from reduction.simulation.cosmicrays import cosmic_rays
from reduction.simulation.detector import ADC_MAX, FULL_ROWS, N_COLUMNS, Detector, Image, Raw
from reduction.simulation.modes import Setup
from reduction.simulation.optics import OVERSAMPLING
from reduction.simulation.sky import (
    COLLECTING_AREA,
    SKY_LINES,
    sky_continuum,
    sky_per_row,
    telluric,
    throughput,
)
from reduction.simulation.sources import Source
from reduction.simulation.truth import SourceTruth, Truth

Floats = NDArray[np.float64]

FLAT_PEAK = 32000.0
"""Maximum of a quartz flat above the bias, ADU."""

ARC_PEAK = 1.25 * ADC_MAX
"""Peak of the brightest line of an arc, ADU: as in real arcs, one or two lines saturate."""

SCATTERED = 0.006
"""Scattered light in a flat, as a fraction of its mean."""

READ_TIME = 4.0
"""Time to read a frame, during which cosmic rays are collected, seconds."""

SLIT_TRANSMISSION = 0.7
"""Fraction of a point source's light that passes a slit as wide as the seeing."""


class Frame(NamedTuple):
    """A simulated raw frame; unpacks as (file_name, header, data, truth)."""

    file_name: str
    header: fits.Header
    data: Raw
    truth: Truth


@dataclass(frozen=True, slots=True)
class Exposure:
    """One exposure of the night's plan.

    `level` is the bias level in ADU, `flexure` the displacement in unbinned columns by flexure and
    slit mask, `seed` that of the noise and the cosmic rays, `sky_magnitude` AB per arcsec² at
    5500 Å.
    """

    facts: Facts
    seed: tuple[int, ...]
    level: float
    flexure: float = 0.0
    sources: tuple[Source, ...] = ()
    sky_magnitude: float = 22.0


@dataclass(eq=False)
class _Light:
    """Expected electrons of a frame and the truth about them, while the frame is built."""

    electrons: Image
    truth: dict[str, object] = field(default_factory=dict)


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


def slit_width(slit: str) -> float:
    """Return the width of a slit, arcsec, from its name (``1.0_LONG_SLIT``).

    Raises
    ------
    ValueError
        The name does not begin with a number.
    """
    return float(slit.split("_", 1)[0])


def _fill_slit(spectrum: Floats, exposure: Exposure, setup: Setup, detector: Detector) -> _Light:
    """Return light that fills the slit evenly; `spectrum` is blurred, electron per step and row."""
    (ny, _), height = detector.shape, detector.binning[1]
    shift = optics.tilt(detector.row_centres)
    inside = detector.row_centres[:, None] + (np.arange(height) - (height - 1) / 2)[None, :]
    illumination = optics.slit_illumination(inside).mean(axis=1)
    image = optics.spread_rows(spectrum, shift, detector, slice(0, ny))
    image *= (height * illumination).astype(np.float32)[:, None]
    column = np.arange(N_COLUMNS, dtype=float)
    return _Light(
        image,
        {
            "flexure": exposure.flexure,
            "row_shift": shift,
            "wavelength": setup.wavelength(column - exposure.flexure),
            "illumination": illumination,
            "light": optics.per_column(spectrum),
        },
    )


def _flat(exposure: Exposure, setup: Setup, detector: Detector) -> _Light:
    wavelength = setup.wavelength(optics.grid() - exposure.flexure)
    (bx, by), gain = detector.binning, detector.camera.gain
    spectrum = FLAT_PEAK * gain / (bx * by) / OVERSAMPLING * quartz(setup, wavelength)
    light = _fill_slit(spectrum, exposure, setup, detector)
    light.electrons *= _fringes(light, detector)
    scattered = SCATTERED * float(light.electrons.mean())
    light.electrons += np.float32(scattered)
    light.truth["scattered"] = scattered
    return light


def _arc(exposure: Exposure, setup: Setup, detector: Detector) -> _Light:
    lines = arc_lines(setup)
    kernel = optics.line_spread(slit_width(exposure.facts.slit))
    (bx, by), gain = detector.binning, detector.camera.gain
    peak = np.convolve(kernel, np.ones(bx * OVERSAMPLING)).max() * by
    scale = ARC_PEAK * gain / peak / lines.flux.max()
    column = setup.column(lines.wavelength) + exposure.flexure
    spectrum = optics.unblurred_lines(column, scale * lines.flux)
    spectrum += scale * lines.continuum / OVERSAMPLING
    light = _fill_slit(optics.blur(spectrum, kernel), exposure, setup, detector)
    return _with_lines(light, lines.wavelength, column, scale * lines.flux)


def _with_lines(light: _Light, wavelength: Floats, column: Floats, electrons: Floats) -> _Light:
    seen = (column > 0) & (column < N_COLUMNS - 1)
    light.truth["line_wavelength"] = wavelength[seen]
    light.truth["line_column"] = column[seen]
    light.truth["line_electrons"] = electrons[seen]
    return light


def _science(exposure: Exposure, setup: Setup, detector: Detector) -> _Light:
    width = slit_width(exposure.facts.slit)
    kernel = optics.line_spread(width)
    seconds = exposure.facts.exptime
    wavelength = setup.wavelength(optics.grid() - exposure.flexure)
    step = np.gradient(wavelength)
    efficiency = throughput(setup, wavelength)
    lines, scale = sky_per_row(setup, width)
    low, high = wavelength[0], wavelength[-1]
    on_detector = (SKY_LINES[:, 0] > low) & (SKY_LINES[:, 0] < high)
    sky_wavelength = SKY_LINES[on_detector, 0]
    column = setup.column(sky_wavelength) + exposure.flexure
    spectrum = optics.unblurred_lines(column, seconds * lines[on_detector])
    spectrum += (
        seconds * scale * sky_continuum(wavelength, exposure.sky_magnitude) * efficiency * step
    )
    light = _fill_slit(optics.blur(spectrum, kernel), exposure, setup, detector)
    light = _with_lines(light, sky_wavelength, column, seconds * lines[on_detector])
    passed = (
        COLLECTING_AREA * SLIT_TRANSMISSION * seconds * telluric(wavelength) * efficiency * step
    )
    truths = []
    for source in exposure.sources:
        spectrum = optics.blur(passed * source.photons(wavelength), kernel)
        truths.append(_add_source(light, source, spectrum, detector))
    light.electrons *= _fringes(light, detector)
    light.truth["sources"] = tuple(truths)
    return light


def _add_source(light: _Light, source: Source, spectrum: Floats, detector: Detector) -> SourceTruth:
    """Add a source to the expected electrons, out to 14 FWHM; return its truth."""
    x = (detector.column_centres - N_COLUMNS / 2) / 1000
    # Slope and bow of a real 400_M1 frame of the Red camera, measured with the official pipeline.
    centre = FULL_ROWS / 2 + source.offset - 1.5 * x + 0.55 * x**2
    ny, height = detector.shape[0], detector.binning[1]
    trace = (centre - detector.row_centres[0]) / height
    reach = 14 * source.fwhm / height
    rows = slice(max(int(trace.min() - reach), 0), min(int(trace.max() + reach) + 1, ny))
    if rows.stop > rows.start:
        shift = np.asarray(light.truth["row_shift"])
        image = optics.spread_rows(spectrum, shift, detector, rows)
        image *= optics.moffat_rows(
            centre, _fwhm(source, light, detector), source.beta, detector.row_centres[rows], height
        )
        image *= np.asarray(light.truth["illumination"])[rows, None].astype(np.float32)
        light.electrons[rows] += image
    electrons = optics.per_column(spectrum)
    dispersion = np.gradient(np.asarray(light.truth["wavelength"]))
    return SourceTruth(
        source.name,
        source.kind,
        trace,
        source.fwhm,
        source.beta,
        electrons,
        electrons / dispersion,
    )


def _fwhm(source: Source, light: _Light, detector: Detector) -> float | Floats:
    """Return the FWHM of a source, unbinned rows; an array if it depends on the wavelength."""
    if source.seeing_power == 0:
        return source.fwhm
    along = np.asarray(light.truth["wavelength"])
    wavelength = np.interp(detector.column_centres, np.arange(N_COLUMNS), along)
    return np.asarray(source.fwhm * (wavelength / along[N_COLUMNS // 2]) ** source.seeing_power)


def _fringes(light: _Light, detector: Detector) -> Image:
    """Return the fringe pattern, mean 1: interference in the silicon, transparent in the red.

    The thickness varies over the chip, so that fringes run along and across the dispersion. The
    refractive index of silicon is 3.6. Flats and science frames have the same pattern.
    """
    wavelength = np.interp(
        detector.column_centres, np.arange(N_COLUMNS), np.asarray(light.truth["wavelength"])
    )
    amplitude = detector.camera.fringes * np.exp((np.minimum(wavelength, 9800) - 9000) / 450)
    red = np.flatnonzero(amplitude > 2e-4)
    pattern = np.ones(detector.shape, dtype=np.float32)
    if red.size == 0:
        return pattern
    x = detector.column_centres[red] / 1000
    y = detector.row_centres[:, None] / 1000
    bow = 0.12 * np.sin(2.1 * y + 0.7 * x) + 0.08 * np.cos(1.3 * x - 2.9 * y)  # micrometre
    phase = 2 * np.pi * 2 * 3.6 * (detector.camera.depth + bow) / (wavelength[red] * 1e-4)
    pattern[:, red] += (amplitude[red] * np.sin(phase)).astype(np.float32)
    return pattern


_LIGHT = {"flat": _flat, "arc": _arc, "science": _science}
